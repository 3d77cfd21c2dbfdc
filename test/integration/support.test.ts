import postgres from 'postgres';
import { expect, test } from 'vitest';
import { freshDatabase, query } from '../support/database.ts';
import { startProxy } from '../support/proxy.ts';
import { serverMajor, startServer } from '../support/server.ts';

test('a fresh database is empty and on the version of the project', async () => {
  const database = await freshDatabase();
  const [row] = await database.query<{ name: string; major: number }>(
    "create table t (a int); select current_database() as name, current_setting('server_version_num')::int / 10000 as major",
  );
  expect(row).toEqual({ name: database.name, major: serverMajor() });
});

test('a role enters with its own password and owns nothing', async () => {
  const database = await freshDatabase();
  const role = await database.role();
  expect(await query(role.url, 'select current_user as name')).toEqual([{ name: role.name }]);
  await expect(query(role.url, 'create table public.t (a int)')).rejects.toMatchObject({ code: '42501' });
});

test('a durable private server keeps what was committed through a crash', async () => {
  const server = await startServer({ durable: true, settings: { statement_timeout: '9s' } });
  await query(server.url, 'create table t (a int); insert into t values (1)');
  const before = server.pid;
  await server.stop('immediate');
  expect(server.pid).toBeUndefined();
  await server.start();
  expect(server.pid).not.toBe(before);
  expect(await query(server.url, "select a, current_setting('fsync') as fsync from t")).toEqual([
    { a: 1, fsync: 'on' },
  ]);
  expect(await query(server.url, 'show statement_timeout')).toEqual([{ statement_timeout: '9s' }]);
  expect(server.logs()).toContain('automatic recovery in progress');
});

test('the proxy counts messages and round trips, and each round trip costs its latency', async () => {
  const database = await freshDatabase();
  const proxy = await startProxy(database.url, { rttMs: 60 });
  const sql = postgres(proxy.url, { max: 1, fetch_types: false });
  await sql.unsafe('select 1');
  expect(proxy.counts()).toMatchObject({ connections: 1, messageTypes: { startup: 1, p: 2, Q: 1 } });
  proxy.reset();

  const begin = performance.now();
  for (let n = 0; n < 3; n++) await sql.unsafe('select 1');
  expect(performance.now() - begin).toBeGreaterThan(3 * 60);
  expect(proxy.counts()).toMatchObject({ clientMessages: 3, roundTrips: 3, connections: 0 });
  proxy.reset();

  await Promise.all(Array.from({ length: 20 }, () => sql.unsafe('select 1')));
  expect(proxy.counts().clientMessages).toBe(20);
  expect(proxy.counts().roundTrips).toBeLessThan(4);
  await sql.end();
});

test.each([
  ['cut-before', 0],
  ['cut-after', 1],
] as const)('a connection that is %s the insert leaves %i rows', async (what, rows) => {
  const database = await freshDatabase();
  await database.query('create table t (a int)');
  const fault = { at: (message: { text: string }) => message.text.startsWith('insert'), what };
  const proxy = await startProxy(database.url, { rttMs: 10, fault });
  await expect(query(proxy.url, 'insert into t values (1)')).rejects.toThrow();
  expect(proxy.struck()).toBe(true);
  await expect.poll(() => database.query('select a from t')).toHaveLength(rows);
});

test('a frozen connection answers nothing, and others go on', async () => {
  const database = await freshDatabase();
  const proxy = await startProxy(database.url, {
    fault: { at: ({ text }) => text === 'select 1', what: 'freeze-after' },
  });
  const stuck = query(proxy.url, 'select 1').then(
    () => 'answered',
    () => 'broken',
  );
  await expect.poll(() => proxy.struck()).toBe(true);
  expect(await query(proxy.url, 'select 2 as a')).toEqual([{ a: 2 }]);
  proxy.cut();
  expect(await stuck).toBe('broken');
});
