import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { createMigration, slugOf, type NewMigration } from '../../../src/cli/create.ts';
import { run } from './host.ts';

const home = mkdtempSync(join(tmpdir(), 'create-'));
afterAll(() => rmSync(home, { recursive: true }));

function folder(...files: string[]): string {
  const path = mkdtempSync(join(home, 'm-'));
  for (const file of files) writeFileSync(join(path, file), '');
  return path;
}

const wanted = { name: 'x', timestamp: false, withRollback: false, transaction: true };
const create = async (path: string, more: Partial<NewMigration> = {}): Promise<string[]> =>
  (await createMigration({ ...wanted, ...more, folder: path })).files.map((file) => file.slice(path.length + 1));

describe('the next migration', () => {
  it.each<[string[], string]>([
    [[], '001_x.sql'],
    [['0007_a.sql'], '0008_x.sql'],
    [['7_a.sql'], '8_x.sql'],
    [['099_a.sql'], '100_x.sql'],
    [['999_a.sql'], '1000_x.sql'],
    [['001_a.sql', '001_a.down.sql', '.hidden.sql', 'README.md'], '002_x.sql'],
  ])('after %o is %s', async (files, next) => {
    expect(await create(folder(...files))).toEqual([next]);
  });

  it('is a timestamp where asked for, and where the folder has them', async () => {
    expect(await create(folder('001_a.sql'), { timestamp: true })).toEqual([
      expect.stringMatching(/^20\d{12}_x\.sql$/),
    ]);
    const dated = folder('20200101000000_a.sql');
    expect(await create(dated)).toEqual([expect.stringMatching(/^20(2[1-9]|[3-9]\d)\d{10}_x\.sql$/)]);
    const future = folder('29990101000000_a.sql');
    expect(await create(future, { timestamp: true })).toEqual(['29990101000001_x.sql']);
  });

  it('comes with its rollback and its directive', async () => {
    const path = folder();
    expect(await create(path, { withRollback: true, transaction: false })).toEqual(['001_x.sql', '001_x.down.sql']);
    for (const file of ['001_x.sql', '001_x.down.sql']) {
      expect(readFileSync(join(path, file), 'utf8')).toMatch(/^-- amelia-db: no-transaction\n-- .*\n$/);
    }
    expect(readdirSync(path)).toHaveLength(2);
  });

  it('makes the folder', async () => {
    const path = join(home, 'new', 'deep');
    expect(await create(path)).toEqual(['001_x.sql']);
  });

  it('says what is wrong with the folder', async () => {
    const file = join(folder('a'), 'a');
    await expect(create(file)).rejects.toMatchObject({ code: 'discover.not-a-folder', exitStatus: 3 });
    await expect(create(folder('nonsense.sql'))).rejects.toMatchObject({ code: 'filename.invalid', exitStatus: 3 });
    await expect(create(folder('9223372036854775807_x.sql'))).rejects.toMatchObject({ code: 'filename.version-range' });
  });

  it('waits for a claim, and passes over one that was left behind', async () => {
    const path = folder('001_a.sql');
    const claim = join(path, '.claim-2');
    writeFileSync(claim, '');
    const waiting = create(path);
    setTimeout(() => rmSync(claim), 100);
    expect(await waiting).toEqual(['002_x.sql']);

    const left = join(path, '.claim-3');
    writeFileSync(left, '');
    utimesSync(left, new Date(0), new Date(0));
    expect(await create(path)).toEqual(['004_x.sql']);
    expect(await create(path)).toEqual(['005_x.sql']);
    expect(readdirSync(path).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  it('is another one for each of 20 processes at once', { timeout: 60_000 }, async () => {
    const path = folder('0041_a.sql');
    const program = join(home, 'race.mjs');
    await build({
      stdin: {
        contents: `import { createMigration } from './src/cli/create.ts';
          await createMigration({ folder: process.argv[2], name: 'x' + process.pid, timestamp: false, withRollback: true, transaction: true });`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
      logLevel: 'error',
    });
    const racers = Array.from({ length: 20 }, () => spawn(process.execPath, [program, path], { stdio: 'inherit' }));
    const statuses = await Promise.all(racers.map(async (racer) => (await once(racer, 'close'))[0] as number));
    expect(statuses).toEqual(Array(20).fill(0));
    const versions = readdirSync(path)
      .filter((file) => !file.endsWith('.down.sql'))
      .map((file) => file.slice(0, 4))
      .sort();
    expect(versions).toEqual(Array.from({ length: 21 }, (_, i) => `00${41 + i}`));
    expect(readdirSync(path).filter((file) => file.endsWith('.down.sql'))).toHaveLength(20);
  });
});

describe('a name', () => {
  it.each([
    ["Add users' email", 'add_users_email'],
    ['addUsersEmail', 'add_users_email'],
    ['add-users.email', 'add_users_email'],
    ['  __x__  ', 'x'],
    ['add_email.sql', 'add_email'],
    ['add email.down', 'add_email_down'],
    ['日本 Übung', '日本_übung'],
    ['../../etc/passwd', 'etc_passwd'],
    ['v2 tables', 'v2_tables'],
  ])('%s is %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it('is refused where nothing is left, or too much', () => {
    expect(() => slugOf('!?')).toThrow(/no letter or digit/);
    expect(() => slugOf('x'.repeat(201))).toThrow(/too long/);
  });
});

it('prints the paths, or a document', async () => {
  const path = folder();
  expect(await run(['new', 'First one', '--with-rollback', '-m', path])).toEqual({
    status: 0,
    stdout: `${path}/001_first_one.sql\n${path}/001_first_one.down.sql\n`,
    stderr: '',
  });
  const { stdout } = await run(['new', 'second', '--json', '-m', path], { DATABASE_URL: 'not one, and not needed' });
  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    command: 'new',
    ok: true,
    exitStatus: 0,
    version: '2',
    name: 'second',
    files: [`${path}/002_second.sql`],
  });
});
