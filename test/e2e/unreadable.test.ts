// A migration that is applied and whose file cannot be read any more, and SQL in sub-folders: every command that
// needs the file says so in one error, exit status 3, and nothing else; none waits for ever.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { amelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

const files = { '001_a.sql': 'CREATE TABLE a (id int);', '001_a.down.sql': 'DROP TABLE a;' };

const commands = [
  'status',
  'check',
  'migrate',
  'verify',
  'rollback',
  'baseline 1',
  'repair --resolve 1=pending',
  'wait --for head --timeout 0s',
];

const unreadable: Record<string, (path: string, beside: string) => void> = {
  'a link to none': (path) => symlinkSync('/nonexistent', path),
  'a link to a folder': (path) => symlinkSync('/', path),
  'a link to a pipe': (path, beside) => {
    execFileSync('mkfifo', [beside]);
    symlinkSync(beside, path);
  },
  'a link to a device': (path) => symlinkSync('/dev/zero', path),
};

/** A folder, and the URL of a database in which all of it is applied. */
async function applied() {
  const [folder, { url }] = [folderOf(files), await freshDatabase()];
  expect(await amelia(['migrate', '-d', url, '-m', folder])).toMatchObject({ status: 0 });
  return { folder, url };
}

describe('an applied file that cannot be read', () => {
  it.each(Object.entries(unreadable))('%s', async (_, make) => {
    const { folder, url } = await applied();
    rmSync(join(folder, '001_a.sql'));
    make(join(folder, '001_a.sql'), join(folder, 'beside'));
    for (const command of commands) expect(await run(command, url, folder)).toEqual(refused(command, 'unreadable'));
  });

  it("another user's", async () => {
    const { folder, url } = await applied();
    chmodSync(folder, 0o755);
    chmodSync(join(folder, '001_a.sql'), 0);
    const user = process.getuid?.() === 0 ? { uid: 65534 } : {};
    for (const command of commands)
      expect(await run(command, url, folder, user)).toEqual(refused(command, 'unreadable'));
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path)],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ])('%s of that name, which is a finding of check', async (_, make) => {
    const { folder, url } = await applied();
    rmSync(join(folder, '001_a.sql'));
    make(join(folder, '001_a.sql'));
    for (const command of commands.filter((each) => each !== 'check')) {
      expect(await run(command, url, folder)).toEqual(refused(command, 'not-a-file'));
    }
  });
});

it('SQL in a sub-folder is no folder without migrations', async () => {
  const { url } = await applied();
  const folder = folderOf({ '20240101000000_init/migration.sql': 'CREATE TABLE p (id int);' });
  for (const command of [...commands, 'status --check', 'contract']) {
    expect(await run(command, url, folder)).toEqual(refused(command, 'nested'));
  }
});

/** What it ended with; of stderr all but the error itself, its place and its hint. */
async function run(command: string, url: string, folder: string, user: { readonly uid?: number } = {}) {
  const database = command === 'check' || command === 'contract' ? [] : ['-d', url];
  const { status, stdout, stderr } = await amelia([...command.split(' '), ...database, '-m', folder], user);
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const code = /^error\[([\w.-]+)\]/.exec(lines[0] ?? '')?.[1];
  return { command, status, stdout, code, besides: lines.slice(1).filter((line) => !/^ {2}\S/.test(line)) };
}

const refused = (command: string, code: string) => ({
  command,
  status: 3,
  stdout: '',
  code: `discover.${code}`,
  besides: [],
});
