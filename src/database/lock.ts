// One migration run at a time on one history table: a session-level advisory lock, polled with
// try-lock so that a waiter never holds a snapshot that CREATE INDEX CONCURRENTLY would wait for.
import { createHash } from 'node:crypto';
import { AmeliaError } from '../errors.ts';
import type { OtherSession } from '../events.ts';
import { maskLiterals } from '../migration/secrets.ts';
import { interruption } from './failure.ts';
import type { TableName } from './identifiers.ts';
import { ownSearchPath } from './search-path.ts';
import type { Session } from './session.ts';

/** The lock's key: 64 bits out of the history table's full name (advisory locks are per database). */
export function lockKey({ schema, table }: TableName): bigint {
  return createHash('sha256').update(`amelia-db\0${schema}.${table}`).digest().readBigInt64BE(0);
}

export interface LockOptions {
  readonly waitMs: number;
  readonly onWaiting: (holder: OtherSession | null, waitedMs: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** Hold it by an open transaction instead of by the session: what a pooler leaves to one client. */
  readonly inTransaction?: boolean;
}

/** Whose session asks for the lock. */
export interface LockSeeker {
  /** The session as it is now. */
  readonly session: Session;
  /** Between two tries. */
  pause(ms: number): Promise<void>;
}

const firstPollMs = 20;
const longestPollMs = 1000;
/** A holder that leaves within this time is not worth a word. */
const quietMs = 500;

/** SQL that takes the lock if it is free; answers one row `{locked}`. */
export function tryLock(key: bigint): string {
  return `SELECT pg_catalog.pg_try_advisory_lock(${key}) AS locked`;
}

/**
 * The same, held by a transaction that stays open. It reads nothing, so it has no snapshot that CREATE
 * INDEX CONCURRENTLY would wait for.
 */
function tryTransactionLock(key: bigint): string {
  return `BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_catalog.pg_try_advisory_xact_lock(${key}) AS locked`;
}

/**
 * Takes the lock for the seeker's session and keeps it until that ends. What `behind` does comes behind the
 * first try, before its answer: it counts only where that one took the lock; its failure counts either way.
 * Throws `lock.timeout` after `waitMs`, naming the holder.
 */
export async function acquireLock<T>(
  seeker: LockSeeker,
  key: bigint,
  options: LockOptions,
  behind: () => Promise<T>,
): Promise<T | undefined> {
  const begun = performance.now();
  let pollMs = firstPollMs;
  let first: Promise<T> | undefined;
  for (;;) {
    const { session } = seeker;
    const { answer } = session.send(options.inTransaction ? tryTransactionLock(key) : tryLock(key));
    const tried = first === undefined ? (first = behind()) : undefined;
    tried?.catch(() => {}); // it is awaited, unless the answer is a failure
    const isLocked = (await answer).rows[0]?.['locked'] === true;
    if (isLocked) return await tried;
    await tried;
    if (options.inTransaction) await session.query('ROLLBACK');
    const waitedMs = performance.now() - begun;
    if (waitedMs >= options.waitMs) {
      throw new AmeliaError('lock.timeout', { waitedMs, holder: describeHolder(await readHolder(session, key)) });
    }
    if (waitedMs >= quietMs) options.onWaiting(await readHolder(session, key), waitedMs);
    await seeker.pause(Math.min(pollMs * (0.5 + Math.random()), Math.max(1, options.waitMs - waitedMs)));
    pollMs = Math.min(pollMs * 2, longestPollMs);
    if (options.signal?.aborted) throw interruption(options.signal);
  }
}

/**
 * SQL, behind `ownSearchPath`, that gives back every other advisory lock that the session holds, however often it took it
 * (manual, section 9.28.10). A lock of the transaction is its own: PostgreSQL would warn that it is not ours to give back.
 */
export function releaseOtherLocks(key: bigint): string {
  const bits = BigInt.asUintN(64, key);
  const signed = (oid: string) =>
    `(${oid}::bigint - CASE WHEN ${oid}::bigint >> 31 = 1 THEN 4294967296 ELSE 0 END)::int`;
  const release = (unlock: string) => `
      WHEN held.objsubid = 1 THEN pg_catalog.${unlock}(held.classid::bigint << 32 | held.objid::bigint)
      ELSE pg_catalog.${unlock}(${signed('held.classid')}, ${signed('held.objid')})`;
  return `DO $release$
DECLARE held record; ours boolean; said text := pg_catalog.current_setting('client_min_messages');
BEGIN
  PERFORM pg_catalog.set_config('client_min_messages', 'error', true);
  FOR held IN SELECT classid, objid, objsubid, mode FROM pg_catalog.pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = pg_catalog.pg_backend_pid()
      AND NOT (objsubid = 1 AND classid = ${bits >> 32n}::pg_catalog.oid AND objid = ${bits & 0xffffffffn}::pg_catalog.oid)
  LOOP
    LOOP
      IF held.mode = 'ShareLock' THEN
        ours := CASE ${release('pg_advisory_unlock_shared')} END;
      ELSE
        ours := CASE ${release('pg_advisory_unlock')} END;
      END IF;
      EXIT WHEN NOT ours;
    END LOOP;
  END LOOP;
  PERFORM pg_catalog.set_config('client_min_messages', said, true);
END $release$`;
}

/** SQL that gives ours back, and any other that the session holds, however often it took it. */
export const releaseAllLocks = 'SELECT pg_catalog.pg_advisory_unlock_all()';

/** Who holds the lock; null when nobody does by now. */
export async function readHolder(session: Session, key: bigint): Promise<OtherSession | null> {
  const bits = BigInt.asUintN(64, key);
  const [row] = await session.query<{
    pid: number;
    application_name: string | null;
    usename: string | null;
    state: string | null;
    backend_start: Date | null;
    query: string | null;
  }>(`${ownSearchPath};
    SELECT a.pid, a.application_name, a.usename::text, a.state, a.backend_start, pg_catalog.left(a.query, 200) AS query
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.classid = ${bits >> 32n}::pg_catalog.oid AND l.objid = ${bits & 0xffffffffn}::pg_catalog.oid
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`);
  if (!row) return null;
  return {
    pid: row.pid,
    applicationName: row.application_name,
    user: row.usename,
    state: row.state,
    since: row.backend_start,
    query: row.query && maskLiterals(row.query),
  };
}

function describeHolder(holder: OtherSession | null): string | null {
  if (holder === null) return null;
  const since = holder.since === null ? '' : `, since ${holder.since.toISOString()}`;
  return `pid ${holder.pid}, ${holder.applicationName || 'no application name'}, user ${holder.user ?? 'unknown'}${since}`;
}
