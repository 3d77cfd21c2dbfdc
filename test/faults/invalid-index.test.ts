// A CREATE INDEX CONCURRENTLY that is struck while it waits for an old snapshot: an invalid index is left for
// certain, and the same command again makes it good.
import { rmSync } from 'node:fs';
import postgres from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { freshDatabase, query, type TestDatabase } from '../support/database.ts';
import { type Proxy, startProxy } from '../support/proxy.ts';
import { adminUrl, startServer } from '../support/server.ts';
import { fiveMigrations, readLeftovers, readPicture } from './five.ts';
import { undisturbed } from './strike.ts';

interface Running {
  readonly database: TestDatabase;
  readonly proxy: Proxy;
  readonly kill: () => void;
}

const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND query ~ '^CREATE UNIQUE INDEX' AND pid <> pg_backend_pid()`;
const cancel = terminate.replace('terminate', 'cancel');

const strikes: Record<string, (running: Running) => unknown> = {
  'kill -9': ({ kill }) => kill(),
  'a broken connection': ({ proxy }) => proxy.cut(),
  pg_terminate_backend: ({ database }) => database.query(terminate),
  pg_cancel_backend: ({ database }) => database.query(cancel),
};

describe.each(Object.entries(strikes))('%s', (_, strike) => {
  it.each(['before', 'while'] as const)('with the old snapshot gone %s the command runs again', async (when) => {
    await expectMadeGood(adminUrl(), when, strike);
  });
});

describe.each(['fast', 'immediate'] as const)('a restart, %s', (mode) => {
  it('ends the old snapshot, and the command runs again', async () => {
    const server = await startServer({ durable: true });
    await expectMadeGood(server.url, 'before', () => server.restart(mode));
  });
});

async function expectMadeGood(admin: string, when: 'before' | 'while', strike: (running: Running) => unknown) {
  const folder = fiveMigrations();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { picture } = await undisturbed(admin, folder);
  const database = await freshDatabase({ admin });
  const proxy = await startProxy(database.url);
  const migrate = (url: string, ...more: string[]) => ['migrate', '-m', folder, '-d', url, '--json', ...more];
  expect(await amelia(migrate(database.url, '--to', '2'))).toMatchObject({ status: 0 });
  const release = await oldSnapshot(database.url);
  const run = spawnAmelia(migrate(proxy.url, '--lock-timeout', '20s'));
  run.child.stdin.end();
  const waiting = () =>
    database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND wait_event = 'virtualxid' AND query ~ '^CREATE UNIQUE INDEX'`);
  await expect.poll(waiting, { interval: 20 }).toHaveLength(1);
  await strike({ database, proxy, kill: () => run.child.kill('SIGKILL') });
  const invalid = `SELECT count(*)::int AS n FROM pg_index WHERE NOT indisvalid`;
  expect(await query(database.url, invalid)).toEqual([{ n: 1 }]);
  if (when === 'before') {
    await release();
    await run.result;
  }
  const again = amelia(migrate(database.url, '--lock-timeout', '20s'));
  if (when === 'while') {
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await release();
  }
  await run.result;
  expect(await again).toMatchObject({ status: 0 });
  expect(await readPicture(database.url)).toEqual(picture);
  await expect.poll(() => readLeftovers(database.url)).toEqual({ sessions: 0, locks: 0 });
}

/** A transaction that sees the accounts as they are now; answers how to end it. */
async function oldSnapshot(url: string): Promise<() => Promise<void>> {
  const sql = postgres(url, { max: 1, fetch_types: false, connection: { application_name: 'holder' } });
  const end = () => sql.end({ timeout: 0.2 });
  onTestFinished(end);
  await sql.unsafe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM accounts').simple();
  return end;
}
