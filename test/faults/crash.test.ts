// The server crashes (an immediate stop) the moment a migration was told as applied: whatever was told is there.
// What is only in its memory is lost: nothing writes the log by itself in the time that this takes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StepResult } from '../../src/events.ts';
import type { AmeliaError } from '../../src/errors.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { freshDatabase, query } from '../support/database.ts';
import { engineFor } from '../support/engine.ts';
import { folderOf } from '../support/folder.ts';
import { serverMajor } from '../support/server.ts';

let server: Cluster;
beforeAll(async () => {
  const settings = {
    wal_writer_delay: '10s',
    wal_writer_flush_after: '1GB',
    autovacuum: 'off',
    checkpoint_timeout: '1h',
  };
  server = await startCluster({ major: serverMajor(), durable: true, settings });
});
afterAll(() => server.close());

const migrations = 150;
const folderWith = (change: Record<number, string> = {}) =>
  folderOf(
    Object.fromEntries(
      Array.from({ length: migrations }, (_, i) => [
        `${String(i + 1).padStart(3, '0')}_m.sql`,
        change[i + 1] ?? `CREATE TABLE t${i + 1} (id int);\n`,
      ]),
    ),
  );

const applied = (steps: readonly StepResult[] = []) =>
  steps.filter(({ state }) => state === 'applied').map(({ version }) => Number(version));

async function holds(url: string) {
  const [row] = await query<{ recorded: number[] | null; made: number[] | null }>(
    url,
    `SELECT (SELECT json_agg(version ORDER BY version) FROM schema_migrations) AS recorded,
       (SELECT json_agg(substr(relname, 2)::int ORDER BY substr(relname, 2)::int) FROM pg_class WHERE relname ~ '^t[0-9]+$') AS made`,
  );
  return { recorded: row?.recorded ?? [], made: row?.made ?? [] };
}

/** The server loses what it has not written, and comes back. */
async function crash(): Promise<void> {
  await server.restart('immediate');
}

async function expectsTheSameCommandToComplete(url: string, folder: string) {
  expect(await engineFor(url, folder).migrate()).toMatchObject({ to: String(migrations) });
  const all = Array.from({ length: migrations }, (_, i) => i + 1);
  expect(await holds(url)).toEqual({ recorded: all, made: all });
}

it('what would be lost without waiting is lost: the test could fail', async () => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  await database.query('CREATE TABLE lost (id int); CHECKPOINT');
  await database.query('SET synchronous_commit = off; INSERT INTO lost VALUES (1)');
  await crash();
  expect(await database.query('SELECT * FROM lost')).toEqual([]);
});

it.each([1, 2, 63, 64, 65, 100, 149])('while it goes on, when %i are told', async (at) => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  const folder = folderWith();
  const told: number[] = [];
  let crashed: Promise<void> | undefined;
  const engine = engineFor(database.url, folder, {
    onEvent: (event) => {
      if (event.type !== 'migration-finished' || event.step.state !== 'applied') return;
      told.push(Number(event.step.version));
      if (told.length >= at) crashed ??= crash();
    },
  });
  const end = await engine.migrate().then(
    ({ steps }) => steps,
    (error: AmeliaError) => error.result?.steps,
  );
  await crashed;
  expect(told.length).toBeGreaterThanOrEqual(at);
  const { recorded, made } = await holds(database.url);
  expect(recorded).toEqual(expect.arrayContaining(told));
  expect(recorded).toEqual(applied(end));
  expect(made).toEqual(recorded);
  await expectsTheSameCommandToComplete(database.url, folder);
});

it('when all is done', async () => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  const folder = folderWith();
  const { steps } = await engineFor(database.url, folder).migrate();
  await crash();
  expect((await holds(database.url)).recorded).toEqual(applied(steps));
  expect(applied(steps)).toHaveLength(migrations);
});

it('when one failed in the middle', async () => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  const folder = folderWith({ 40: 'CREATE TABLE half ();\nSELECT 1 / 0;' });
  const { result } = await engineFor(database.url, folder)
    .migrate()
    .then(
      () => expect.unreachable(),
      (error: AmeliaError) => error,
    );
  await crash();
  expect(applied(result?.steps)).toEqual(Array.from({ length: 39 }, (_, i) => i + 1));
  expect(await holds(database.url)).toEqual({ recorded: applied(result?.steps), made: applied(result?.steps) });
});

it('when it was interrupted in the middle', async () => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  const folder = folderWith({ 40: 'SELECT pg_sleep(600);' });
  const interrupt = new AbortController();
  const run = engineFor(database.url, folder, { signal: interrupt.signal })
    .migrate()
    .then(
      () => expect.unreachable(),
      (error: AmeliaError) => error,
    );
  await expect
    .poll(() => query(server.url, `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`))
    .toHaveLength(1);
  interrupt.abort('SIGTERM');
  const { result } = await run;
  await crash();
  expect(applied(result?.steps)).toEqual(Array.from({ length: 39 }, (_, i) => i + 1));
  expect((await holds(database.url)).recorded).toEqual(applied(result?.steps));
});

it('while one takes long: those before it are told, and are there', async () => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  const folder = folderWith({ 40: 'SELECT pg_sleep(600);' });
  const told: string[] = [];
  const run = engineFor(database.url, folder, {
    onEvent: (event) => event.type === 'migration-finished' && told.push(event.step.version),
  })
    .migrate()
    .catch((error: AmeliaError) => error);
  await expect.poll(() => told.length, { timeout: 20_000 }).toBe(39);
  await crash();
  await run;
  expect((await holds(database.url)).recorded).toHaveLength(39);
});

it('when another run has read it', async () => {
  const database = await freshDatabase({ admin: server.url, onTestFinished: () => {} });
  const folder = folderWith({ 40: 'SELECT pg_sleep(600);' });
  const interrupt = new AbortController();
  const run = engineFor(database.url, folder, { signal: interrupt.signal })
    .migrate()
    .catch((error: AmeliaError) => error);
  await expect
    .poll(() => query(server.url, `SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`), { interval: 5 })
    .toHaveLength(1);
  const { current } = await engineFor(database.url, folder).status();
  await crash();
  await run;
  expect(current).toBe('39');
  expect((await holds(database.url)).recorded).toHaveLength(39);
});
