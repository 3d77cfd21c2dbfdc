// SIGTERM, whatever a run is doing: it ends soon, with 143, and what it says of the database is so.
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { expect, it, onTestFinished } from 'vitest';
import { spawnAmelia, type RunningAmelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { startProxy } from '../support/proxy.ts';
import { readHolds, readLeftovers } from './five.ts';
import { type Report, untruths } from './truth.ts';
import { soon } from '../support/soon.ts';

/** Two seconds are promised; a machine that is busy with other tests takes its part. */
const atMostMs = soon(3000);

const first = `
CREATE TABLE accounts (n int);
INSERT INTO accounts VALUES (0);
CREATE TABLE ledger (entry text);
INSERT INTO ledger VALUES ('1');`;
const entry = (version: number, before = '') => `${before}\nINSERT INTO ledger VALUES ('${version}');`;
const files = (second: string) => ({ '1_first.sql': first, '2_second.sql': second, '4_last.sql': entry(4) });

it('during a statement that takes long', async () => {
  const database = await freshDatabase();
  const run = migrate(database.url, files(entry(2, 'UPDATE accounts SET n = 1;\nSELECT pg_sleep(600);')));
  await until(database, `wait_event = 'PgSleep'`);
  await endsSoon(run, database, ['1']);
});

it('during a statement that takes long, outside of a transaction', async () => {
  const database = await freshDatabase();
  const run = migrate(database.url, files(`-- amelia-db: no-transaction\n${entry(2)}\nSELECT pg_sleep(600);`));
  await until(database, `wait_event = 'PgSleep'`);
  run.child.kill('SIGTERM');
  const result = await run.result;
  expect(result.status).toBe(143);
  expect(result.json<Report>().steps?.map(({ state }) => state)).not.toContain('rolled-back');
});

it.each(['1h', '300ms'])('during the wait for a lock, with a lock_timeout of %s', async (timeout) => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE locked ()');
  await lockTable(database);
  const folder = files(entry(2, 'ALTER TABLE locked ADD COLUMN a int;'));
  const run = migrate(database.url, folder, '--lock-timeout', timeout);
  await until(database, `wait_event_type = 'Lock'`);
  await endsSoon(run, database, ['1']);
});

it('during the pause before a retry', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE locked ()');
  await lockTable(database);
  const folder = files(entry(2, 'ALTER TABLE locked ADD COLUMN a int;'));
  const run = migrate(database.url, folder, '--lock-timeout', '50ms', '--log', 'json');
  await run.shows(/"type":"retrying"/);
  // By now the pauses are longer than an attempt.
  await run.shows(/"type":"retrying".*"attempt":3/);
  await endsSoon(run, database, ['1']);
});

it('while another run holds the lock', async () => {
  const database = await freshDatabase();
  const other = migrate(database.url, files(entry(2, 'SELECT pg_sleep(600);')));
  await until(database, `wait_event = 'PgSleep'`);
  const run = migrate(database.url, files(entry(2)), '--log', 'json');
  await run.shows(/"type":"lock-waiting"/);
  const begun = performance.now();
  run.child.kill('SIGTERM');
  expect((await run.result).status).toBe(143);
  expect(performance.now() - begun).toBeLessThan(atMostMs);
  await endsSoon(other, database, ['1']);
});

it('between two migrations', async () => {
  const database = await freshDatabase();
  const proxy = await startProxy(database.url);
  const folder = { ...files(entry(2)), '3_steps.sql': '-- amelia-db: no-transaction\nSELECT pg_sleep(600);' };
  const run = migrate(proxy.url, folder);
  let commits = 0;
  proxy.fail({
    at: ({ text }) =>
      /\bCOMMIT\b/.test(text) && /INSERT INTO "public"."schema_migrations"/.test(text) && ++commits === 2,
    what: 'call-before',
    call: async () => {
      run.child.kill('SIGTERM');
      // Time to hear it: the second migration's COMMIT is sent, its answer is not there.
      await sleep(200);
      return 'go-on';
    },
  });
  await endsTruly(run, database, performance.now());
  expect(proxy.struck()).toBe(true);
});

it('with ten migrations in flight', async () => {
  const database = await freshDatabase();
  const proxy = await startProxy(database.url, { rttMs: 100 });
  const many = Array.from(
    { length: 30 },
    (_, i) => [`${i + 10}_m.sql`, entry(i + 10, 'SELECT pg_sleep(0.1);')] as const,
  );
  const run = migrate(proxy.url, { '1_first.sql': first, ...Object.fromEntries(many) });
  await expect.poll(async () => (await readHolds(database.url)).recorded, { interval: 20 }).toContain('14');
  const { recorded } = await endsSoon(run, database);
  expect(recorded.length).toBeLessThan(20);
});

/** Starts `migrate --json`. */
function migrate(url: string, folder: Record<string, string>, ...more: string[]): RunningAmelia {
  const args = ['migrate', '-m', folderOf(folder), '-d', url, '--json', ...more];
  const run = spawnAmelia(args);
  run.child.stdin.end();
  return run;
}

/** Sends SIGTERM; holds the end to its time and the report to the database. Answers what that holds. */
async function endsSoon(run: RunningAmelia, database: TestDatabase, recorded?: string[], ended = () => {}) {
  const begun = performance.now();
  run.child.kill('SIGTERM');
  const holds = await endsTruly(run, database, begun, ended);
  if (recorded) expect(holds.recorded).toEqual(recorded);
  return holds;
}

async function endsTruly(run: RunningAmelia, database: TestDatabase, begun: number, ended = () => {}) {
  const result = await run.result;
  const ms = Math.round(performance.now() - begun);
  ended();
  await expect.poll(() => readLeftovers(database.url)).toEqual({ sessions: 0, locks: 0 });
  const holds = await readHolds(database.url);
  expect({
    status: result.status,
    untruths: untruths(result.json<Report>(), result.status, holds, { askable: true }),
  }).toEqual({ status: 143, untruths: [] });
  expect(holds.entries.sort()).toEqual(holds.recorded.toSorted());
  expect(ms).toBeLessThan(atMostMs);
  return holds;
}

/** A lock that no ALTER TABLE gets past, until the test ends. */
async function lockTable(database: TestDatabase): Promise<void> {
  const admin = new URL(database.url);
  const sql = postgres(admin.href, { max: 1, fetch_types: false, connection: { application_name: 'holder' } });
  onTestFinished(() => sql.end({ timeout: 0.2 }));
  await sql.unsafe('BEGIN; LOCK TABLE locked IN ACCESS SHARE MODE').simple();
}

/** Resolves when a session of the run's is in that state. */
async function until(database: TestDatabase, state: string): Promise<void> {
  const found = () => database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND ${state}`);
  await expect.poll(found, { interval: 20 }).toHaveLength(1);
}
