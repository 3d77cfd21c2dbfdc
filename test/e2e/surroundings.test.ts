// What is around the process: a user whom the system does not know, output that nothing takes, pipes in place of files.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { amelia, cleanEnvironment, installedBin, spawnAmelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

const files = { 'migrations/001_a.sql': 'CREATE TABLE a (id int CONSTRAINT a_pkey PRIMARY KEY);' };

describe('a user without a home and without an entry in the list of users', () => {
  /** As libuv answers there. */
  const unknownUser = () =>
    folderOf({
      'hooks.cjs': `const os = require('node:os');
        const fail = (name) => () => { throw Object.assign(new Error(name + ' returned ENOENT'), { code: 'ENOENT' }); };
        [os.userInfo, os.homedir] = [fail('uv_os_get_passwd'), fail('uv_os_homedir')];
        require('node:module').syncBuiltinESMExports();`,
    });

  it('migrates, and needs nothing but a name for the server', async () => {
    const [cwd, database] = [folderOf(files), await freshDatabase()];
    const options = { cwd, env: { HOME: '' }, nodeOptions: ['--require', join(unknownUser(), 'hooks.cjs')] };
    expect(await amelia(['migrate', '-d', `${database.url}?sslmode=prefer`], options)).toMatchObject({ status: 0 });
    expect(await amelia(['status', '--check', '-d', database.url], options)).toMatchObject({ status: 0, stderr: '' });
    expect(await amelia(['status', '-d', 'postgresql://localhost/x'], options)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/names no user[^]*PGUSER/) as string,
    });
  });
});

describe('stdout that takes nothing', () => {
  /** With stdout on a device that is full. */
  const full = (args: string, cwd: string) => {
    const device = openSync('/dev/full', 'w');
    const stdio = ['ignore', device, 'pipe'] as const;
    const command = [installedBin(), ...args.split(' ')];
    const { status, stderr } = spawnSync(process.execPath, command, {
      cwd,
      env: cleanEnvironment(),
      stdio: [...stdio],
      encoding: 'utf8',
    });
    closeSync(device);
    return { status, stderr };
  };
  const said = { status: 2, stderr: expect.stringMatching(/standard output cannot be written.*ENOSPC/) as string };

  it.each(['--version', '--help', 'completion bash', 'contract'])('%s exits 2 and says why', (args) => {
    expect(full(args, folderOf(files))).toMatchObject(said);
  });

  it('what a migration did is done, and is said', async () => {
    const [cwd, database] = [folderOf(files), await freshDatabase()];
    const migrated = full(`migrate --json -d ${database.url}`, cwd);
    expect(migrated).toMatchObject(said);
    expect(migrated.stderr).toMatch(/the database is at 001[^]*what was asked for is done/);
    expect(await database.query('SELECT version FROM schema_migrations')).toHaveLength(1);
    for (const args of ['status --json', 'status', 'verify --live --json', 'migrate'])
      expect(full(`${args} -d ${database.url}`, cwd)).toMatchObject(said);
  });

  it('a reader that goes away is no error of ours: silence, and 141 of those that only print', async () => {
    const [cwd, database] = [folderOf(files), await freshDatabase()];
    const unread = async (args: string) => {
      const running = spawnAmelia([...args.split(' '), '-d', database.url], { cwd });
      running.child.stdout.destroy();
      return await running.result;
    };
    expect(await unread('migrate --json --quiet')).toMatchObject({ status: 0, stderr: '' });
    expect(await unread('status --json')).toMatchObject({ status: 141, stderr: '' });
  });
});

describe('pipes', () => {
  it('a migration that is one is refused before anything runs', async () => {
    const [cwd, database] = [folderOf(files), await freshDatabase()];
    execFileSync('mkfifo', [join(cwd, 'migrations/002_b.sql')]);
    const refused = async () =>
      expect(await amelia(['migrate', '-d', database.url], { cwd })).toMatchObject({
        status: 3,
        stderr: expect.stringContaining('002_b.sql') as string,
      });
    await refused();
    renameSync(join(cwd, 'migrations/002_b.sql'), join(cwd, 'pipe'));
    symlinkSync('../pipe', join(cwd, 'migrations/002_b.sql'));
    await refused();
    expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
    expect(await amelia(['check'], { cwd })).toMatchObject({ status: expect.toBeOneOf([3, 7]) as number });
  });

  it('the URL may come from one', async () => {
    const [cwd, database] = [folderOf(files), await freshDatabase()];
    const text = `"$0" "$1" status --database-url-file <(printf '%s\\n' "$URL")`;
    const { status, stderr } = spawnSync('bash', ['-c', text, process.execPath, installedBin()], {
      cwd,
      env: cleanEnvironment({ URL: database.url }),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('a contract that is one is refused', async () => {
    const [cwd, database] = [folderOf(files), await freshDatabase()];
    execFileSync('mkfifo', [join(cwd, 'contract.yaml')]);
    expect(await amelia(['verify', '--live', '-d', database.url], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('it is a pipe, not a regular file') as string,
    });
  });
});
