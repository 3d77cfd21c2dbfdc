// What a migration does to its session does not reach others by way of a pooler, whose sessions are everybody's.
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { startCluster } from '../support/cluster.ts';
import { freshDatabase, query } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { adminUrl, serverMajor } from '../support/server.ts';
import { readLeftovers } from './five.ts';
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts';

let bouncer: PgBouncer | undefined;
beforeAll(async () => {
  bouncer = await startPgBouncer(adminUrl(), 'transaction');
});
afterAll(() => bouncer?.close());

const migrate = (name: string, files: Record<string, string>) => [
  ...['migrate', '-m', folderOf(files), '-d', bouncer!.urlOf(name), '--json'],
];

it('a setting of a transaction is over with it', async () => {
  const database = await freshDatabase();
  const run = await amelia(
    migrate(database.name, {
      '1_a.sql': `SET search_path = 'app'; SET work_mem = '99MB'; SELECT pg_advisory_lock(7);`,
    }),
  );
  expect(run.status).toBe(0);
  const pooled = bouncer!.urlOf(database.name);
  expect(await query(pooled, `SELECT current_setting('search_path') AS path, current_setting('work_mem') AS memory`)) //
    .toEqual([{ path: '"$user", public', memory: '4MB' }]);
  expect(await readLeftovers(database.url)).toMatchObject({ locks: 0 });
});

it('a setting of a file without a transaction is refused at its place, before anything of the file runs', async () => {
  const database = await freshDatabase();
  const run = await amelia(
    migrate(database.name, {
      '1_a.sql': 'CREATE TABLE a ();',
      '2_b.sql': `-- amelia-db: no-transaction\nCREATE TABLE b ();\nSET search_path = 'app';\nCREATE TABLE c ();`,
    }),
  );
  expect(run.status).toBe(1);
  expect(run.json()).toMatchObject({
    error: { code: 'apply.setting-behind-pooler', line: 3, column: 1 },
    steps: [
      { version: '1', state: 'applied' },
      { version: '2', state: 'not-run' },
    ],
  });
  expect(await database.query(`SELECT to_regclass('a')::text AS a, to_regclass('b') AS b`)).toEqual([
    { a: 'a', b: null },
  ]);
  const direct = await amelia(['migrate', '-m', folderOf({ '1_a.sql': 'CREATE TABLE a ();' }), '-d', database.url]);
  expect(direct.status).toBe(0);
});

it.each([1, 2, 3])('SIGTERM cancels what runs behind it, and rolls it back (%i)', async () => {
  const database = await freshDatabase();
  const run = spawnAmelia(
    migrate(database.name, { '1_a.sql': 'CREATE TABLE a ();', '2_b.sql': 'CREATE TABLE b (); SELECT pg_sleep(600);' }),
  );
  run.child.stdin.end();
  const asleep = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
  await expect.poll(() => database.query(asleep)).toHaveLength(1);
  run.child.kill('SIGTERM');
  const result = await run.result;
  expect(result.status).toBe(143);
  expect(result.json()).toMatchObject({
    steps: [
      { version: '1', state: 'applied' },
      { version: '2', state: 'rolled-back' },
    ],
  });
  await expect.poll(() => database.query(asleep)).toEqual([]);
  expect(await database.query(`SELECT to_regclass('b') AS b`)).toEqual([{ b: null }]);
  // The pooler has others to serve.
  expect(await query(bouncer!.urlOf(database.name), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('says so when the pool has no connection to give, and in the end what the pooler said', async () => {
  const database = await freshDatabase();
  const small = await startPgBouncer(adminUrl(), 'session', { default_pool_size: 1, query_wait_timeout: 4 });
  onTestFinished(() => small.close());
  const run = await amelia([
    'migrate',
    '-m',
    folderOf({ '1_a.sql': 'CREATE TABLE a ();' }),
    '-d',
    small.urlOf(database.name),
  ]);
  expect(run.status).toBe(5);
  expect(run.stderr).toContain('waiting for the database · no answer yet: ');
  expect(run.stderr).toContain(
    'refused the connection: query_wait_timeout\n  = nothing was run: the database is as it was\n',
  );
  expect(run.stderr).toContain('hint: the pooler had no connection to the server to give');
  expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
});

it('a pooler that gives a connection for one statement only is refused, with what to do', async () => {
  const database = await freshDatabase();
  const statements = await startPgBouncer(adminUrl(), 'statement');
  onTestFinished(() => statements.close());
  const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();' });
  const run = await amelia(['migrate', '-m', folder, '-d', statements.urlOf(database.name)]);
  expect(run.status).toBe(5);
  expect(run.stderr).toContain('hint: a migration needs a connection for as long as its transaction');
  expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
});

it('--wait waits for the server behind the pooler, too', async () => {
  const server = await startCluster({ major: serverMajor() });
  onTestFinished(() => server.close());
  const settings = { server_login_retry: 1, query_wait_timeout: 2 };
  const small = await startPgBouncer(server.url, 'transaction', settings);
  onTestFinished(() => small.close());
  await server.stop();
  const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();' });
  const run = spawnAmelia(['migrate', '--wait', '60s', '-m', folder, '-d', small.urlOf('postgres')]);
  run.child.stdin.end();
  let heard = '';
  run.child.stderr.on('data', (text: Buffer) => (heard += text.toString()));
  await expect.poll(() => heard).toMatch(/waiting for the database · .* refused the connection: /);
  await server.start();
  expect(await run.result).toMatchObject({ status: 0 });
  expect(await query(server.url, `SELECT to_regclass('a')::text AS a`)).toEqual([{ a: 'a' }]);
});
