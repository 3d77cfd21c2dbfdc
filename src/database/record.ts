// SQL that writes one row of the history: what a migration leaves beside its own effects, in the same
// transaction. Every name is schema-qualified: a migration may have changed the search path.
import about from '../../package.json' with { type: 'json' };
import { quoteLiteral, quoteTable, type TableName } from './identifiers.ts';

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
 * commit does not wait.
 */
export function insertRecord(
  table: TableName,
  record: Record,
  { columns, expected, followedIn }: RecordOptions,
): string {
  const duration =
    record.durationMs === null
      ? `(pg_catalog.date_part('epoch', ${elapsed}) OPERATOR(pg_catalog.*) 1000)::bigint`
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
      ? ` RETURNING pg_catalog.set_config('synchronous_commit', CASE WHEN ${elapsed} OPERATOR(pg_catalog.<) '${quickMs} ms'::pg_catalog.interval THEN 'off' ELSE pg_catalog.current_setting('synchronous_commit') END, true) AS synchronous_commit`
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
  return `INSERT INTO ${name} (${names.join(', ')}) VALUES (${values.join(', ')})${waits}`;
}

/** SQL that forgets a migration that was rolled back. */
export function deleteRecord(table: TableName, version: bigint): string {
  return `DELETE FROM ${quoteTable(table)} WHERE version OPERATOR(pg_catalog.=) ${version}`;
}
