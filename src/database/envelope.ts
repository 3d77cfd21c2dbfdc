// What is sent around a migration's own statements: its transaction with its settings, the session set
// back, the record. Every name is schema-qualified, and no setting outlives the transaction: behind a
// pooler the session belongs to somebody else next.
import type { Script } from '../migration/types.ts';
import { deleteRecord, insertRecord } from './record.ts';
import { quoteIdentifier, quoteLiteral } from './identifiers.ts';
import { lockKey, releaseOtherLocks } from './lock.ts';
import { ownSearchPath, theirSearchPath } from './search-path.ts';
import type { ApplyContext, Work } from './work.ts';

/** BEGIN of the transaction that has this mark, with what each statement runs under. */
export function begin(context: ApplyContext, script: Script, mark: string): string {
  return ['BEGIN READ WRITE', ownSettings(context, script, mark), ...asRole(context.role)].join('; ');
}

/**
 * What each statement runs under, and the transaction's mark, to the end of the transaction. SET takes no snapshot:
 * the file may still choose an isolation level. The splitter reads strings as standard_conforming_strings has them.
 */
export function ownSettings(context: ApplyContext, script: Script, mark: string): string {
  return [ownMark(mark), ...settings(context, script).map((setting) => `SET LOCAL ${setting}`)].join('; ');
}

/** The mark by itself. */
export function ownMark(mark: string): string {
  return `SET LOCAL ${markSetting} = ${quoteLiteral(mark)}`;
}

const markSetting = 'amelia_db.migration';
const committedSetting = 'amelia_db.committed';

/**
 * Fails with `lacksMark` in any other transaction than the one that was begun with this mark, and where the one with
 * the mark `after` is not what committed last. Says all names by itself.
 */
export function requireMark(mark: string, after?: string): string {
  const has = (setting: string, value: string): string =>
    `pg_catalog.current_setting('${setting}', true) OPERATOR(pg_catalog.=) ${quoteLiteral(value)}`;
  const found = [has(markSetting, mark), ...(after === undefined ? [] : [has(committedSetting, after)])];
  return `SELECT pg_catalog.ln(CASE WHEN ${found.join(' AND ')} THEN 1 ELSE 0 END)`;
}

/**
 * For the session, before the first BEGIN of a flight, and after each COMMIT in it. What comes behind a BEGIN that was
 * refused (a cancel may hit it) would commit statement by statement: it can write nothing now, each BEGIN of ours says
 * READ WRITE, and no record is kept but the one behind the transaction that `committed` last.
 */
export function readOnlyOutside(committed: string): string {
  return `SET default_transaction_read_only = on; SET ${committedSetting} = ${quoteLiteral(committed)}`;
}

/** The settings of a statement that cannot run in a transaction: they hold for the session until `setBack`. */
export function sessionSettings(context: ApplyContext, script: Script): string {
  const role = context.role === undefined ? [] : [`SET ROLE ${quoteIdentifier(context.role)}`];
  return [...settings(context, script).map((setting) => `SET ${setting}`), ...role].join('; ');
}

/**
 * Deferred constraints checked, the mark looked for, the session set back, the record, COMMIT: one message, which
 * fails as a whole. `followed` when more records are sent behind it at once; not where the script may write into
 * the history. `after` is the mark of the migration before it in flight, `leads` whether another one is behind it.
 */
export function finish(
  context: ApplyContext,
  work: Work,
  of: {
    readonly mark: string;
    readonly after: string | undefined;
    readonly leads: boolean;
    readonly followed: boolean;
  },
): string {
  const { mark, after, leads, followed } = of;
  return [
    'SET CONSTRAINTS ALL IMMEDIATE',
    requireMark(mark, after),
    setBack,
    ...(leads ? [readOnlyOutside(mark)] : []),
    ...givenBack(context, work.script),
    ...asRole(context.role),
    record(context, work, { durationMs: null, followed }),
    'COMMIT',
  ].join('; ');
}

/** The record by itself. */
export function record(
  { table, columns, session }: ApplyContext,
  work: Work,
  { durationMs, followed = false }: { readonly durationMs: number | null; readonly followed?: boolean },
): string {
  const { direction, version, name, checksum, statementsChecksum, expected } = work;
  return direction === 'up'
    ? insertRecord(
        table,
        { version, name, checksum, statementsChecksum, durationMs },
        { columns, expected, followedIn: followed ? session.pid : undefined },
      )
    : deleteRecord(table, version);
}

/** What a migration left in the session does not reach the next one, nor our own statements. */
export const setBack =
  'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD TEMP';

/** The session's advisory locks, where the script speaks of such: looking for them costs time. */
export function givenBack({ table }: ApplyContext, { advisory }: Script): string[] {
  return advisory ? [ownSearchPath, releaseOtherLocks(lockKey(table)), theirSearchPath] : [];
}

/** As whom our own statements run, to the end of the transaction. */
export function asRole(role: string | undefined): string[] {
  return role === undefined ? [] : [`SET LOCAL ROLE ${quoteIdentifier(role)}`];
}

function settings(context: ApplyContext, script: Script): string[] {
  const lockTimeoutMs = script.lockTimeoutMs ?? context.lockTimeoutMs;
  const statementTimeoutMs = script.statementTimeoutMs ?? context.statementTimeoutMs;
  return [
    `lock_timeout = ${Math.ceil(lockTimeoutMs)}`,
    // None, unless it was asked for: the role or the database may have set some for the application.
    `statement_timeout = ${Math.ceil(statementTimeoutMs ?? 0)}`,
    'idle_in_transaction_session_timeout = 0',
    ...(hasTransactionTimeout(context) ? ['transaction_timeout = 0'] : []),
    'standard_conforming_strings = on',
  ];
}

/** Since PostgreSQL 17. It ends the session, and can be lifted within the transaction that it is for. */
function hasTransactionTimeout({ session }: ApplyContext): boolean {
  return Number.parseInt(session.database.serverVersion, 10) >= 17;
}
