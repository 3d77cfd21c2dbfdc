// SIGTERM, whatever a command waits for: it ends soon, with 143, and what it says of the database is so.
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { expect, it, onTestFinished } from 'vitest';
import { spawnAmelia, type RunningAmelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { startServer } from '../support/server.ts';
import { soon } from '../support/soon.ts';

/** Two seconds are promised; a machine that is busy with other tests takes its part. */
const atMostMs = soon(3000);

const table = { '1_first.sql': 'CREATE TABLE first ();' };

it.each(['migrate', 'status', 'doctor', 'wait', 'verify'])(
  '%s, while a server takes the connection and says nothing',
  async (command) => {
    const port = await silentServer();
    const run = start([command, '-d', `postgresql://postgres@127.0.0.1:${port}/x`, '-m', folderOf(table)]);
    await connected;
    await endsSoon(run);
  },
);

it.each([
  ['migrate', []],
  ['status', []],
  ['wait', ['--for', 'head']],
  ['doctor', []],
  ['verify', []],
  ['baseline', ['1']],
])('%s, while the history table is locked', async (command, more) => {
  const database = await freshDatabase();
  await database.query(history);
  await hold(database, 'LOCK TABLE schema_migrations');
  const run = start([command, ...more, '-d', database.url, '-m', folderOf(table)]);
  await until(database, `wait_event_type = 'Lock'`);
  await endsSoon(run);
  await rests(database);
});

it.each([
  ['migrate', []],
  ['baseline', ['1']],
])('%s, while the history table is made', async (command, more) => {
  const database = await freshDatabase();
  await database.query(`CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(600); END $$; CREATE EVENT TRIGGER slow ON ddl_command_start EXECUTE FUNCTION slow()`);
  const run = start([command, ...more, '-d', database.url, '-m', folderOf(table)]);
  await until(database, `wait_event = 'PgSleep'`);
  const { stderr } = await endsSoon(run);
  expect(stderr).toMatch(/not run: 1|nothing was run/);
  expect(await database.query(`SELECT to_regclass('schema_migrations') AS history`)).toEqual([{ history: null }]);
  await rests(database);
});

it.each([
  ['migrate', [], ['1_first.sql', '2_second.sql']],
  ['rollback', [], ['1_first.sql']],
  ['baseline', ['1'], ['1_first.sql']],
])('%s, while a COMMIT waits for a standby that is not there', async (command, more, names) => {
  const server = await startServer({ durable: true });
  const database = { url: server.url };
  const folder = folderOf({ '1_first.sql': 'CREATE TABLE first ();', '1_first.down.sql': 'DROP TABLE first;' });
  if (command !== 'baseline') await start(['migrate', '-d', database.url, '-m', folder]).result;
  for (const name of names) {
    if (name === '2_second.sql') writeFileSync(join(folder, name), 'CREATE TABLE second ();');
  }
  await sql(server.url, `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
  await sql(server.url, `SELECT pg_reload_conf()`);
  const run = start([command, ...more, '-d', database.url, '-m', folder]);
  await expect
    .poll(() => sql(server.url, `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`), { interval: 20 })
    .toHaveLength(1);
  const begun = performance.now();
  run.child.kill('SIGTERM');
  const { status, stderr } = await run.result;
  expect(performance.now() - begun).toBeLessThan(atMostMs);
  // The server has committed, and says so with a warning that is passed on.
  expect(stderr).toContain('might not have been replicated');
  const [{ recorded }] = (await sql(server.url, recordedQuery)) as [{ recorded: number }];
  const done = { migrate: 2, rollback: 0, baseline: 1 }[command];
  expect({ status, recorded }).toEqual(status === 0 ? { status: 0, recorded: done } : { status: 143, recorded });
});

it('during a COPY that waits for a lock', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE locked (n int)');
  await hold(database, 'LOCK TABLE locked');
  const rows = Array.from({ length: 200_000 }, (_, i) => i).join('\n');
  const run = start([
    'migrate',
    '-d',
    database.url,
    '--lock-timeout',
    '1h',
    '-m',
    folderOf({ '1_copy.sql': `COPY locked FROM stdin;\n${rows}\n\\.\n` }),
  ]);
  await until(database, `wait_event_type = 'Lock'`);
  const { stderr } = await endsSoon(run);
  expect(stderr).toContain('rolled back: 1');
  await rests(database);
});

it.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
] as const)('%s is the same, with exit status %i', async (signal, status) => {
  const database = await freshDatabase();
  const run = start(['migrate', '-d', database.url, '-m', folderOf({ '1_long.sql': 'SELECT pg_sleep(600);' })]);
  await until(database, `wait_event = 'PgSleep'`);
  const { stderr } = await endsSoon(run, signal, status);
  expect(stderr).toContain(`interrupted by ${signal}`);
  expect(stderr).toContain('rolled back: 1');
  await rests(database);
});

const history = `CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now(),
  name text, checksum text, duration_ms bigint, applied_by text)`;
const recordedQuery = 'SELECT count(*)::int AS recorded FROM schema_migrations';

function start(args: string[]): RunningAmelia {
  const run = spawnAmelia(args);
  run.child.stdin.end();
  return run;
}

async function endsSoon(run: RunningAmelia, signal: NodeJS.Signals = 'SIGTERM', status = 143) {
  const begun = performance.now();
  run.child.kill(signal);
  const result = await run.result;
  const ms = Math.round(performance.now() - begun);
  expect({ status: result.status, stderr: result.stderr }).toMatchObject({ status });
  expect(result.stderr).toContain(`interrupted by ${signal}`);
  expect(ms).toBeLessThan(atMostMs);
  return result;
}

let connected: Promise<void> = Promise.resolve();

/** A server that takes connections and never says a word. */
async function silentServer(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer();
  connected = new Promise((resolve) => {
    server.on('connection', (socket) => {
      sockets.add(socket.on('error', () => {}));
      resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function hold(database: TestDatabase, what: string): Promise<void> {
  const holder = postgres(database.url, { max: 1, fetch_types: false, connection: { application_name: 'holder' } });
  onTestFinished(() => holder.end({ timeout: 0.2 }));
  await holder.unsafe(`BEGIN; ${what}`).simple();
}

async function sql(url: string, text: string): Promise<unknown[]> {
  const connection = postgres(url, { max: 1, fetch_types: false });
  try {
    return await connection.unsafe(text);
  } finally {
    await connection.end({ timeout: 1 });
  }
}

/** Resolves when a session of the run's is in that state. */
async function until(database: TestDatabase, state: string): Promise<void> {
  const found = () => database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND ${state}`);
  await expect.poll(found, { interval: 20 }).toHaveLength(1);
}

/** Nothing of the run is left on the server. */
async function rests(database: TestDatabase): Promise<void> {
  const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'amelia-db'`;
  await expect.poll(() => database.query(sessions)).toEqual([]);
}
