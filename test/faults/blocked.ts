// A table that one session holds and a run of `migrate` waits for.
import postgres from 'postgres';
import { expect, onTestFinished } from 'vitest';
import { type RunningAmelia, spawnAmelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

/** Shorter than the default, so that a test sees several attempts. */
export const lockTimeoutMs = 1500;

/** What holds a lock that ALTER TABLE waits for. */
export const holds = {
  'a row lock': 'SELECT * FROM accounts WHERE id = 1 FOR UPDATE',
  'ACCESS SHARE': 'LOCK TABLE accounts IN ACCESS SHARE MODE',
};

export interface Blocked {
  database: TestDatabase;
  blocker: { pid: number; end(): Promise<void> };
  run: RunningAmelia;
}

/** A database whose accounts are locked, and a run that is about to alter them. */
export async function blocked(lock: string, args: string[], timeout = `${lockTimeoutMs}ms`): Promise<Blocked> {
  const database = await freshDatabase();
  await database.query('CREATE TABLE accounts AS SELECT i AS id, 0 AS n FROM generate_series(1, 3) AS i');
  const blocker = await holder(database.url, lock);
  const folder = folderOf({
    '1_first.sql': 'CREATE TABLE first ();',
    '2_alter.sql': 'ALTER TABLE accounts ADD COLUMN total int DEFAULT 7;\nUPDATE accounts SET n = n + 1;',
  });
  const run = spawnAmelia(['migrate', '-m', folder, '-d', database.url, '--lock-timeout', timeout, ...args]);
  run.child.stdin.end();
  return { database, blocker, run };
}

async function holder(url: string, lock: string): Promise<Blocked['blocker']> {
  const sql = postgres(url, { max: 1, fetch_types: false, connection: { application_name: 'nightly report' } });
  onTestFinished(() => sql.end({ timeout: 0.2 }));
  await sql.unsafe('BEGIN').simple();
  await sql.unsafe(lock).simple();
  const [row] = await sql.unsafe<{ pid: number }[]>('SELECT pg_backend_pid() AS pid').simple();
  return { pid: row!.pid, end: async () => void (await sql.unsafe('COMMIT').simple()) };
}

/** Resolves when the ALTER TABLE waits; answers the moment. */
export async function waits(database: TestDatabase): Promise<number> {
  const waiting = () =>
    database.query(
      `SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
  await expect.poll(waiting, { interval: 10 }).toHaveLength(1);
  return performance.now();
}
