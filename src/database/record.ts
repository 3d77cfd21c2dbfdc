// SQL that writes one row of the history: what a migration leaves beside its own effects, in the same
// transaction, and that makes sure that it stays. Every name and operator is schema-qualified: the triggers that
// others have on the table run under their own search path.
import about from '../../package.json' with { type: 'json' };
import { quoteLiteral, quoteTable, type TableName } from './identifiers.ts';
import { ownSearchPath } from './search-path.ts';
import type { Session } from './session.ts';

/** What a history row is made of; `durationMs` null lets the server take the time since the transaction began. */
export interface Record {
  readonly version: bigint;
  readonly name: string;
  readonly checksum: string | null;
  readonly statementsChecksum: string | null;
  readonly durationMs: number | null;
}

/** What the history must hold for a record to be believed. */
export interface Expected {
  /** The newest version before the run, 0 where there is none, and how many rows there are above it by now. */
  readonly above: bigint;
  readonly rows: number;
}

export interface RecordOptions {
  /** The columns that not every history has, and this one has. */
  readonly columns: ReadonlySet<string>;
  readonly expected?: Expected;
  /** Others follow at once, in the session of this backend, by its process id. */
  readonly followedIn?: number | undefined;
}

/** Since the transaction began. Operators are pg_catalog's by name: the search path is the migration's, for triggers on the table. */
const elapsed = '(pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.now())';

/** What took longer than this waits for its commit: next to it, that costs little. */
const quickMs = 20;

/**
 * SQL that records a migration as applied. Where the history is not as `expected`, it fails with
 * 22012 (division by zero): somebody else wrote into it, and what that means nobody here knows.
 * One that is followed leaves the counting to the last of them: a subquery costs more than the row (10 of 79 ms
 * with 100 migrations, PostgreSQL 15.18). It only makes sure that it runs where those before it ran: behind a
 * failure of theirs, nothing there commits. A quick one answers one row `{synchronous_commit: 'off'}`: its
 * commit does not wait. Fails with `notKept` where the row is not there in the end.
 */
export function insertRecord(
  table: TableName,
  record: Record,
  { columns, expected, followedIn }: RecordOptions,
): string {
  const duration =
    record.durationMs === null
      ? `(pg_catalog.date_part('epoch', ${elapsed}) OPERATOR(pg_catalog.*) 1000)::pg_catalog.int8`
      : String(Math.round(record.durationMs));
  const name = quoteTable(table);
  const holds = ({ above, rows }: Expected): string =>
    followedIn === undefined
      ? `(SELECT pg_catalog.count(*) FROM ${name} WHERE version OPERATOR(pg_catalog.>) ${above}) OPERATOR(pg_catalog.=) ${rows}`
      : `pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ${followedIn}`;
  const version = expected
    ? `${record.version} OPERATOR(pg_catalog./) CASE WHEN ${holds(expected)} THEN 1 ELSE 0 END`
    : record.version;
  const waits =
    followedIn !== undefined
      ? `, pg_catalog.set_config('synchronous_commit', CASE WHEN ${elapsed} OPERATOR(pg_catalog.<) '${quickMs} ms'::pg_catalog.interval THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true) AS synchronous_commit`
      : '';
  const later = Object.entries({ statements_checksum: record.statementsChecksum, tool_version: about.version }).filter(
    ([column]) => columns.has(column),
  );
  const names = ['version', 'name', 'checksum', 'duration_ms', 'applied_by', ...later.map(([column]) => column)];
  const values = [
    version,
    quoteLiteral(record.name),
    quoteLiteral(record.checksum),
    duration,
    'session_user',
    ...later.map(([, value]) => quoteLiteral(value)),
  ];
  const kept = requireRows(table, 1, { version: record.version, name: record.name, checksum: record.checksum });
  return `INSERT INTO ${name} (${names.join(', ')}) VALUES (${values.join(', ')}); ${kept}${waits}`;
}

/** SQL that forgets a migration that was rolled back, or its journal. Fails with `notKept` where the row is still there. */
export function deleteRecord(table: TableName, version: bigint): string {
  return `DELETE FROM ${quoteTable(table)} WHERE version OPERATOR(pg_catalog.=) ${version}; ${requireRows(table, 0, { version })}`;
}

/** SQL that changes a row, and fails with `notKept` where it is not as it was `set`; `setToo` is SQL that sets more. */
export function updateRecord(table: TableName, version: bigint, set: Values, setToo = ''): string {
  const assignments = Object.entries(set).map(([column, value]) => `${column} = ${literal(value)}`);
  const also = setToo === '' ? '' : `, ${setToo}`;
  return `UPDATE ${quoteTable(table)} SET ${assignments.join(', ')}${also} WHERE version OPERATOR(pg_catalog.=) ${version}; ${requireRows(table, 1, { version, ...set })}`;
}

type Values = Readonly<globalThis.Record<string, string | number | bigint | null>>;

/**
 * Fails with `notKept` unless so many rows have these values: a trigger or a rule on the table may have had its own
 * way with ours. Triggers that were deferred run before it. Says all names by itself: what the triggers of others
 * find is not changed.
 */
export function requireRows(table: TableName, count: 0 | 1, values: Values): string {
  const has = Object.entries(values).map(([column, value]) =>
    value === null ? `${column} IS NULL` : `${column} OPERATOR(pg_catalog.=) ${literal(value)}`,
  );
  const rows = `(SELECT pg_catalog.count(*) FROM ${quoteTable(table)} WHERE ${has.join(' AND ')})`;
  return `SET CONSTRAINTS ALL IMMEDIATE; SELECT pg_catalog.sqrt(CASE WHEN ${rows} OPERATOR(pg_catalog.=) ${count} THEN 1 ELSE -1 END)`;
}

function literal(value: string | number | bigint | null): string {
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : quoteLiteral(value);
}

/** The triggers and rules of these tables, by name; empty where there is none, or they were rolled back. */
export async function readObstacles(session: Session, tables: readonly TableName[]): Promise<readonly string[]> {
  const names = tables.map((table) => `to_regclass(${quoteLiteral(quoteTable(table))})`).join(', ');
  const rows = await session.query<{ obstacle: string }>(`${ownSearchPath};
    SELECT 'trigger ' || quote_ident(tgname) AS obstacle FROM pg_trigger
    WHERE tgrelid IN (${names}) AND NOT tgisinternal AND tgenabled <> 'D'
    UNION ALL SELECT 'rule ' || quote_ident(rulename) FROM pg_rewrite WHERE ev_class IN (${names}) ORDER BY 1`);
  return rows.map(({ obstacle }) => obstacle);
}
