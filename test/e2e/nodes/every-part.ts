// The packed package, installed with the npm of one Node.js and run by it: each command, each way to a server, and
// each part that is loaded only when it is needed. Nothing but our own words may be on stderr.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giveTo, selfSigned } from '../../support/certificates.ts';
import { amelia, type AmeliaResult, spawnAmelia } from '../../support/cli.ts';
import { query } from '../../support/database.ts';
import { addFiles } from '../../support/folder.ts';
import { type Installation, installWith, type NodeVersion } from '../../support/nodes.ts';
import { git } from '../../support/repository.ts';
import { type PrivateServer, startServer } from '../../support/server.ts';
import { openTerminal } from '../../support/terminal.ts';

const files = {
  'migrations/001_people.sql': `CREATE TABLE people (
  id int CONSTRAINT people_pkey PRIMARY KEY,
  name text NOT NULL CONSTRAINT people_name_check CHECK (name <> '')
);
COPY people FROM stdin;
1\tÅsa
2\t日本
\\.
DO $$ BEGIN RAISE NOTICE 'two people'; END $$;
`,
  'migrations/001_people.down.sql': 'DROP TABLE people;\n',
  'migrations/002_index.sql': `-- amelia-db: no-transaction
CREATE INDEX CONCURRENTLY people_name ON people (name);
VACUUM people;
`,
  'migrations/002_index.down.sql': 'DROP INDEX people_name;\n',
  'wrong/001_people.sql': `CREATE TABLE wrong (id int);\nSELECT '日本', nix FROM wrong;\n`,
  'slow/001_slow.sql': 'CREATE TABLE slow (id int);\nSELECT pg_sleep(600);\n',
  'blocked/001_blocked.sql': 'ALTER TABLE busy ADD COLUMN n int;\n',
  'extension/001_guests.sql': `CREATE EXTENSION citext;
CREATE TABLE guests (id int CONSTRAINT guests_pkey PRIMARY KEY, email citext);
`,
  'app.mjs': `import { createMigrator } from 'amelia-db';
const { summary } = await createMigrator({ databaseUrl: process.env.DATABASE_URL, migrations: 'migrations' }).status();
console.log(summary.applied);
`,
};

/** Four of these at once can take their time. */
const patience = 300_000;

/** The suite for one Node.js; with `showsThat` also the proof that it leaves no part out, which is the same on each. */
export function runsEveryPart(version: NodeVersion, { showsThat = false } = {}): void {
  const folder = mkdtempSync(join(tmpdir(), 'amelia-db-node-'));
  const covered = join(folder, 'covered');
  const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
  let installed: Installation;
  let server: PrivateServer;
  let addresses: Record<string, string> = {};
  let url = '';

  /** In the folder with the files above. */
  const options = (env: Record<string, string> = {}) => ({
    cwd: folder,
    node: installed.node,
    bin: installed.bin,
    timeoutMs: patience,
    env: { ...(showsThat && { NODE_V8_COVERAGE: covered }), ...env },
  });
  /** Without our own word of a server that is slow to answer, as one is on a loaded machine. */
  const run = async (args: string): Promise<AmeliaResult> => {
    const result = await amelia(args.split(' '), options());
    return { ...result, stderr: result.stderr.replace(/^waiting for the database · .*\n/gm, '') };
  };
  const on = (folderName = 'migrations', database = url): string => `-m ${folderName} -d ${database}`;
  const databaseFor = async (name: string, setUp = 'SELECT 1'): Promise<string> => {
    await query(server.url, `CREATE DATABASE ${name}`);
    const made = new URL(url);
    made.pathname = `/${name}`;
    await query(made.href, setUp);
    return made.href;
  };

  beforeAll(async () => {
    chmodSync(folder, 0o755); // the server's user has to enter it
    const certificate = selfSigned(folder, 'server', 'DNS:localhost');
    [installed, server] = await Promise.all([
      installWith(version, join(folder, 'prefix')),
      startServer({
        settings: { listen_addresses: '127.0.0.1,::1' },
        onTestFinished: (close) => closers.unshift(close),
      }),
    ]);
    giveTo(server.socketFolder, certificate.key);
    for (const sql of [
      `ALTER SYSTEM SET ssl_cert_file = '${certificate.crt}'`,
      `ALTER SYSTEM SET ssl_key_file = '${certificate.key}'`,
      'ALTER SYSTEM SET ssl = on',
      'SELECT pg_reload_conf()',
      `CREATE ROLE app SUPERUSER LOGIN PASSWORD 'secret'`,
      'CREATE DATABASE app',
    ])
      await query(server.url, sql);
    const { port } = new URL(server.url);
    url = `postgresql://app:secret@localhost:${port}/app`;
    addresses = {
      'a host name': url,
      IPv4: `postgresql://app:secret@127.0.0.1:${port}/app`,
      IPv6: `postgresql://app:secret@[::1]:${port}/app`,
      'a Unix socket': `postgresql://app:secret@/app?host=${server.socketFolder}&port=${port}`,
      'several hosts': `postgresql://app:secret@localhost:1,localhost:${port}/app?target_session_attrs=primary`,
      TLS: `${url}?sslmode=require`,
    };
    addFiles(folder, files);
  }, patience);

  afterAll(async () => {
    for (const close of closers) await close();
  });

  describe(`on Node.js ${version.node}`, { timeout: patience }, () => {
    it('is installed without a word but the result', () => {
      expect(installed.said.trim()).toMatch(/^added \d+ packages? in \d+m?s$/);
      expect(execFileSync(installed.node, ['--version'], { encoding: 'utf8' })).toMatch(
        new RegExp(`^v${version.node.replaceAll('.', '\\.')}[.\n]`),
      );
    });

    it('says what it is and what it can do', async () => {
      for (const args of [
        '--version',
        '--help',
        'help migrate',
        'completion bash',
        'completion zsh',
        'completion fish',
        'explain usage.invalid',
      ])
        expect(await run(args)).toMatchObject({ status: 0, stderr: '' });
      expect(await run('migrat')).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/^error\[usage/) as string,
      });
    });

    it('migrates: COPY, a NOTICE, a file that is no transaction, and back', async () => {
      const planned = await run(`migrate --dry-run ${on()}`);
      expect(planned).toMatchObject({ status: 0, stderr: '' });
      const { status, stderr } = await run(`migrate --verify --log json ${on()}`);
      expect({ status, stderr }).toMatchObject({ status: 0 });
      const lines = stderr.trim().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toContain('notice');
      expect(await run(`rollback --steps 1 -q ${on()}`)).toMatchObject({ status: 0, stderr: '', stdout: '' });
      expect(await run(`migrate -q ${on()}`)).toMatchObject({ status: 0, stderr: '', stdout: '' });
    });

    it.each(['a host name', 'IPv4', 'IPv6', 'a Unix socket', 'several hosts', 'TLS'])('by %s', async (way) => {
      const result = await run(`status --check --json ${on('migrations', addresses[way])}`);
      expect(result).toMatchObject({ status: 0, stderr: '' });
      expect(result.json()).toMatchObject({ current: '2', summary: { applied: 2 } });
    });

    it('waits, examines, proves', async () => {
      expect(await run(`wait --for head ${on()}`)).toMatchObject({ status: 0, stderr: '' });
      expect(await run(`doctor ${on('migrations', addresses['TLS'])}`)).toMatchObject({ status: 0, stderr: '' });
      expect(await run(`verify --live --data ${on()}`)).toMatchObject({ status: 0, stderr: '' });
    });

    it('makes files, and mends the history', async () => {
      expect(await run('new next --with-rollback -m made')).toMatchObject({ status: 0, stderr: '' });
      expect(await run('contract --write -m migrations')).toMatchObject({ status: 0, stderr: '' });
      const other = await databaseFor('other');
      expect(await run(`baseline 1 ${on('migrations', other)}`)).toMatchObject({ status: 0, stderr: '' });
      addFiles(folder, { 'migrations/001_people.sql': `${files['migrations/001_people.sql']}SELECT 1;\n` });
      expect(await run(`status ${on('migrations', other)}`)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('modified') as string,
      });
      expect(await run(`repair --accept-modified 1 ${on('migrations', other)}`)).toMatchObject({
        status: 0,
        stderr: '',
        stdout: expect.stringContaining('changed 1 row') as string,
      });
      addFiles(folder, files);
    });

    it('is a gate for pull requests, in each of its forms', async () => {
      const repository = join(folder, 'repository');
      addFiles(repository, { 'migrations/001_people.sql': files['migrations/001_people.sql'] });
      git(repository, 'init', '--quiet', '--initial-branch', 'main');
      git(repository, 'add', '--all');
      git(repository, 'commit', '--quiet', '--message', 'all');
      const forms = ['junit', 'sarif', 'json'].map((form) => `--format ${form}=report.${form}`).join(' ');
      const checked = await amelia(`check --base main --format github ${forms}`.split(' '), {
        ...options(),
        cwd: repository,
      });
      expect(checked).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(readFileSync(join(repository, 'report.sarif'), 'utf8'))).toMatchObject({ version: '2.1.0' });
    });

    it('opens an embedded database, new and again, with an extension', async () => {
      for (const command of ['migrate -q', 'status --check --json'])
        expect(await run(`${command} -m extension --embedded database`)).toMatchObject({ status: 0, stderr: '' });
    });

    it('shows where a migration failed', async () => {
      const { status, stderr } = await run(`migrate ${on('wrong', await databaseFor('wrong'))}`);
      expect({ status, stderr: stderr.slice(stderr.indexOf('error[')) }).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^error\[apply\.statement-failed\]: [^]*001_people\.sql:2:14\n/) as string,
      });
    });

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('is interrupted by %s', async (signal, status) => {
      const database = await databaseFor(signal.toLowerCase());
      const running = spawnAmelia(
        `migrate --log json ${on('slow', `${database}?sslmode=require`)}`.split(' '),
        options(),
      );
      await running.shows(/"statement-started".*"index":2/);
      running.child.kill(signal);
      const { stderr, ...ended } = await running.result;
      expect({ ...ended, stderr }).toMatchObject({ status });
      expect(() =>
        stderr
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown),
      ).not.toThrow();
      expect(await query(database, `SELECT to_regclass('slow') AS slow`)).toEqual([{ slow: null }]);
    });

    it('names who blocks a statement', async () => {
      const database = await databaseFor('blocked', 'CREATE TABLE busy ()');
      const blocker = postgres(database, { max: 1, onnotice: () => {} });
      try {
        await blocker.unsafe('BEGIN; LOCK TABLE busy').simple();
        const running = spawnAmelia(`migrate ${on('blocked', database)}`.split(' '), options());
        await running.shows(/LOCK TABLE busy/);
        await blocker.unsafe('COMMIT').simple();
        const { status, stderr } = await running.result;
        expect({ status, foreign: foreignLines(stderr) }).toEqual({ status: 0, foreign: [] });
      } finally {
        await blocker.end();
      }
    });

    it('has colours and a moving line in a terminal', async () => {
      const { node, bin, cwd, env } = { ...options() };
      const terminal = openTerminal([], {
        cwd,
        env,
        command: [node, bin, ...`migrate ${on('migrations', await databaseFor('terminal'))}`.split(' ')],
      });
      expect(await terminal.ended).toBe(0);
      const screen = await terminal.lines();
      expect(screen.join('\n')).toMatch(/✔ 001 people/);
      expect(terminal.raw()).toMatch(/\x1b\[32m/);
      expect(foreignLines(screen.join('\n'))).toEqual([]);
    });

    it('is a library', async () => {
      const modules = join(folder, 'node_modules');
      symlinkSync(join(installed.modules, 'node_modules'), modules);
      const result = await amelia([], { ...options({ DATABASE_URL: url }), bin: join(folder, 'app.mjs') });
      expect(result).toMatchObject({ status: 0, stdout: '2\n', stderr: '' });
    });

    if (!showsThat) return;
    it('and so has entered every part that is loaded only when it is needed', () => {
      const lazy = lazyParts(
        covered,
        pathToFileURL(join(realpathSync(installed.bin), '../../dist/chunks/cli.cjs')).href,
      );
      expect(lazy.size).toBeGreaterThan(20);
      expect([...lazy].flatMap(([part, calls]) => (calls === 0 ? [part] : []))).toEqual([]);
    });
  });
}

/** Lines that Node.js wrote, or that are a stack. */
const foreignLines = (text: string): string[] =>
  text.split('\n').filter((line) => /^\(node:|^\(Use `node|Warning: |^\s+at /.test(line));

/** How often each part was loaded: in the bundle it is a function that is named after its file. */
function lazyParts(folder: string, url: string): Map<string, number> {
  interface Coverage {
    result: { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[];
  }
  const parts = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Coverage;
    for (const { functionName, ranges } of result.find((script) => script.url === url)?.functions ?? []) {
      if (!/^(src|node_modules)\/|^[\w-]+:/.test(functionName)) continue;
      parts.set(functionName, (parts.get(functionName) ?? 0) + (ranges[0]?.count ?? 0));
    }
  }
  return parts;
}
