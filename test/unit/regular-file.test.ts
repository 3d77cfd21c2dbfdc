// What is read must be a regular file: anything else could keep us waiting for ever, or never end.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parseTarget } from '../../src/database/target.ts';
import { readPiece, readSmall, readText } from '../../src/migration/discover.ts';
import { NotRegular, readRegular } from '../../src/regular-file.ts';
import { folderOf } from '../support/folder.ts';

const kinds: Record<string, (path: string) => unknown> = {
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlinkSync('/dev/zero', path),
  'a folder': (path) => mkdirSync(path),
  'a socket': async (path) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
  },
};
const made = async (kind: string, name = 'x'): Promise<string> => {
  const path = join(folderOf(), name);
  await kinds[kind]?.(path);
  return path;
};

it.each(Object.keys(kinds))('%s is refused at once, and so is a link to it', async (kind) => {
  const path = await made(kind);
  const link = join(folderOf(), 'link');
  symlinkSync(path, link);
  for (const named of [path, link]) expect(() => readRegular(named)).toThrow(new NotRegular(kind));
});

it.each(Object.keys(kinds))('a migration that is %s is not read', async (kind) => {
  const path = await made(kind, '001_x.sql');
  for (const read of [readSmall, readText, (file: string) => readPiece(file, 0, 10)]) {
    expect(() => read(path)).toThrow(
      expect.objectContaining({
        code: 'discover.unreadable',
        exitStatus: 3,
        message: `cannot read ${path}: it is ${kind}, not a regular file`,
      }),
    );
  }
});

it('a link to a regular file is that file', () => {
  const folder = folderOf({ file: 'text' });
  symlinkSync(join(folder, 'file'), join(folder, 'link'));
  expect(readRegular(join(folder, 'link')).toString()).toBe('text');
});

it('a password file or service file that is a pipe keeps nobody waiting', async () => {
  const pipe = await made('a pipe');
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  parseTarget({ url: 'postgresql://u@h/d', env: { HOME: '/nonexistent', PGPASSFILE: pipe }, warn });
  expect(warnings).toEqual([`the password file ${pipe} is passed over: it is not a plain file`]);
  const service = { HOME: '/nonexistent', PGSERVICEFILE: pipe, PGSERVICE: 'x' };
  expect(() => parseTarget({ url: 'postgresql://u@h/d', env: service })).toThrow(/it is a pipe, not a regular file/);
});

it('without HOME the home is that of the list of users, and an empty HOME is none', () => {
  const here = folderOf();
  writeFileSync(join(here, '.pgpass'), '*:*:*:*:found\n', { mode: 0o600 });
  const before = process.cwd();
  process.chdir(here);
  onTestFinished(() => process.chdir(before));
  expect(parseTarget({ url: 'postgresql://u@h/d', env: { HOME: '' } }).password).not.toBe('found');
  expect(parseTarget({ url: 'postgresql://u@h/d', env: { HOME: here } }).password).toBe('found');
});
