// The README's commands, executed as they are printed, and what it shows, compared with what is shown.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { amelia, cleanEnvironment, installedBin } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { addFiles, folderOf } from '../support/folder.ts';

const readme = readFileSync('README.md', 'utf8');
const blocks = (kind: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${kind}\n([^]*?)\`\`\``, 'g'))].map(([, text]) => text ?? '');

/** Runs a block in bash, where each command must succeed; returns what it printed. */
function bash(text: string, cwd: string, env: Record<string, string> = {}): string {
  const run = spawnSync('bash', ['-euo', 'pipefail', '-c', text], {
    cwd,
    env: cleanEnvironment(env),
    encoding: 'utf8',
  });
  expect({ text, status: run.status, output: run.stdout + run.stderr }).toMatchObject({ text, status: 0 });
  return run.stdout + run.stderr;
}

/** A folder with `amelia-db` in it, for PATH. */
function binFolder(): string {
  const folder = folderOf();
  symlinkSync(installedBin(), join(folder, 'amelia-db'));
  chmodSync(installedBin(), 0o755);
  return folder;
}

describe('from a fresh clone', () => {
  it('the first command installs, builds and migrates, and does nothing the second time', () => {
    const clone = folderOf();
    const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
      encoding: 'utf8',
    });
    for (const file of files.split('\0').filter(Boolean)) {
      mkdirSync(dirname(join(clone, file)), { recursive: true });
      try {
        cpSync(file, join(clone, file));
      } catch {
        // deleted and not committed yet
      }
    }
    const [first = ''] = blocks('sh');
    expect(first).toBe('npm ci && npx amelia-db migrate --embedded\n');
    expect(bash(first, clone)).toMatch(/applied 1 migration .* at 001/);
    expect(bash('npx amelia-db migrate --embedded', clone)).toMatch(/nothing to do: .* at 001/);
  }, 300_000);

  it('the second is what the gate runs', () => {
    expect(blocks('sh')[1]).toBe('npm ci && npm test\n');
    const gate = readFileSync('.ci/run', 'utf8');
    expect(gate).toMatch(/npm ci/);
    expect(gate).toMatch(/npm test/);
  });
});

describe('ten minutes', () => {
  it('go from nothing to a migration applied, looked at and rolled back', async () => {
    const database = await freshDatabase();
    const block = /<!-- executed -->\n```sh\n([^]*?)```/.exec(readme)?.[1] ?? '';
    const env = { PATH: `${binFolder()}:${process.env.PATH ?? ''}`, DATABASE_URL: database.url };
    const output = bash(block, folderOf(), env);
    expect(output).toContain('CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL)');
    expect(output).toMatch(/applied 001 create_users/);
    expect(await database.query('SELECT version FROM schema_migrations')).toEqual([{ version: 1 }]);
    expect(
      await database.query(
        `SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped`,
      ),
    ).toEqual([{ attname: 'id' }, { attname: 'name' }]);
  });
});

describe('what the README shows', () => {
  it('is the error that people see', async () => {
    const database = await freshDatabase();
    const one = Object.fromEntries([1, 2, 3, 4].map((n) => [`migrations/00${n}_x.sql`, 'SELECT 1;']));
    const cwd = folderOf(one);
    await amelia(['migrate', '-d', database.url], { cwd });
    addFiles(cwd, {
      'migrations/005_x.sql': 'CREATE TABLE users (id int);',
      'migrations/006_x.sql': 'SELECT 1;',
      'migrations/007_add_email.sql': `${'-- why\n'.repeat(10)}ALTER TABLE users ADD email text;\nupdate users set emial = lower(email);\n`,
      'migrations/008_x.sql': 'SELECT 1;',
    });
    const { stderr, status } = await amelia(['migrate', '-d', database.url], { cwd });
    expect(status).toBe(1);
    expect(stderr).toContain(blocks('text')[0]);
  });

  it('names every command and every exit status', async () => {
    const { stdout } = await amelia(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: [A-Z]+)? {2,}\S/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) expect(readme).toContain(`\`amelia-db ${command}`);
    const catalogue = readFileSync('src/catalogue.ts', 'utf8');
    for (const [, status] of catalogue.matchAll(/entry\(\s*(\d+),/g))
      expect(readme).toMatch(new RegExp(`^\\| [^|]*\\b${status}\\b`, 'm'));
  });
});
