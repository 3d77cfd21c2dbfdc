// The history table: which migrations the database says it has. `readX` only looks; only
// `ensureHistory` creates, extends or widens. Every name is schema-qualified: a migration may
// have changed the search path.
import { AmeliaError } from '../errors.ts';
import type { AppliedMigration, History, UnfinishedMigration } from '../migration/types.ts';
import { writeToLog } from './durability.ts';
import {
  columnsOf,
  firstColumns,
  journalColumns,
  ownColumns,
  type Columns,
  type FoundColumn,
} from './history-columns.ts';
import { displayTable, quoteIdentifier, quoteLiteral, quoteTable, type TableName } from './identifiers.ts';
import type { Answer } from './session.ts';

/** Where the history is and what it holds. */
export interface HistoryReading extends History, Columns {
  readonly table: TableName & { readonly schema: string };
  readonly exists: boolean;
  /** The version column is INTEGER (as documented) and must be widened before it can hold more. */
  readonly isInteger: boolean;
  readonly journalExists: boolean;
  /** What the journal lacks that a role which owns it adds; null where it lacks such and the role does not. */
  readonly missingJournalColumns: readonly string[] | null;
  readonly readOnly: boolean;
  readonly standby: boolean;
  readonly user: string;
  /** The backend's process id, as the backend itself says it. */
  readonly pid: number;
}

export const largestInteger = 2147483647n;

/** The journal of non-transactional migrations lies beside the history table. */
export function journalOf(table: TableName): TableName {
  return { schema: table.schema, table: `${table.table.slice(0, 55)}_journal` };
}

/**
 * One query that reads everything. With `rows` false it does not touch the table itself, which
 * may not exist: PostgreSQL resolves names before it runs anything.
 */
export function historyQuery(table: TableName, parts: { rows: boolean }): string {
  const name = quoteTable(table);
  const found = `pg_catalog.to_regclass(${quoteLiteral(name)})`;
  const journal = `pg_catalog.to_regclass(${quoteLiteral(quoteTable(journalOf(table)))})`;
  // to_jsonb reads whatever columns there are: a table that another program made lacks some. OFFSET 0
  // keeps it from being worked out again for each column (22 ms to 4 ms with 1,000 rows, PostgreSQL 15.18).
  const rows = `(SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      h.r ->> 'version', h.r ->> 'name', h.r ->> 'checksum',
      pg_catalog.date_part('epoch', (h.r ->> 'applied_at')::pg_catalog.timestamptz),
      h.r ->> 'duration_ms', h.r ->> 'applied_by', h.r ->> 'statements_checksum', h.r ->> 'tool_version'))
    FROM (SELECT pg_catalog.to_jsonb(t) AS r FROM ${name} t OFFSET 0) h)`;
  return `
  SELECT pg_catalog.current_schema()::text AS current_schema, current_user::text AS "user", pg_catalog.pg_backend_pid() AS pid,
    pg_catalog.current_setting('transaction_read_only') = 'on' AS read_only, pg_catalog.pg_is_in_recovery() AS standby,
    (SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid = ${found}) AS schema,
    (SELECT c.relkind::text FROM pg_catalog.pg_class c WHERE c.oid = ${found}) AS kind,
    (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.replace(pg_catalog.format_type(a.atttypid, NULL), '"', ''),
        a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',
        pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT')) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${found} AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = ${found} AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = 'version') AS is_unique,
    (SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM pg_catalog.pg_class c WHERE c.oid = ${found}) AS is_owner,
    (SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM pg_catalog.pg_class c WHERE c.oid = ${journal}) AS is_journal_owner,
    (SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ${journal} AND a.attnum > 0 AND NOT a.attisdropped) AS journal_columns,
    ${parts.rows ? settled(name) : 'NULL'} AS settled,
    ${parts.rows ? rows : 'NULL::pg_catalog.json'} AS rows`;
}

/**
 * Nothing is to be said of a row that a crash of the server could still take away: where its commit did not
 * wait (see durability.ts), the answer to this query waits. wal_writer_delay bounds for how long that can be.
 */
function settled(name: string): string {
  return `CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
      WHEN pg_catalog.pg_current_wal_insert_lsn() <= pg_catalog.pg_current_wal_flush_lsn() THEN NULL
      WHEN EXISTS (SELECT FROM (SELECT pg_catalog.to_jsonb(t) AS r FROM ${name} t OFFSET 0) h
        WHERE (h.r ->> 'applied_at')::pg_catalog.timestamptz + (h.r ->> 'duration_ms')::pg_catalog.int8 * '1 ms'::pg_catalog.interval
          > pg_catalog.clock_timestamp() - 3 * pg_catalog.current_setting('wal_writer_delay')::pg_catalog.interval - '1 s'::pg_catalog.interval)
      THEN ${writeToLog} END`;
}

interface Row {
  current_schema: string | null;
  user: string;
  pid: number;
  read_only: boolean;
  standby: boolean;
  schema: string | null;
  kind: string | null;
  columns: FoundColumn[] | null;
  is_unique: boolean;
  is_owner: boolean | null;
  is_journal_owner: boolean | null;
  journal_columns: string[] | null;
  rows:
    | [
        version: string | null,
        name: string | null,
        checksum: string | null,
        appliedAt: number | null,
        durationMs: string | null,
        appliedBy: string | null,
        statementsChecksum: string | null,
        toolVersion: string | null,
      ][]
    | null;
}

/**
 * Reads the history through `ask`, which sends one message and gives its answer. One is enough where the table
 * is as it was `known`.
 * Throws `history.foreign`, `session.privilege` or `config.invalid` (no schema to keep it in).
 */
export async function readHistory(
  wanted: TableName,
  ask: (query: string) => Promise<Answer>,
  known: { readonly exists: boolean } = { exists: true },
): Promise<HistoryReading> {
  let row: Row | undefined;
  let unreadable: unknown;
  try {
    row = (await ask(historyQuery(wanted, { rows: known.exists }))).rows[0] as Row | undefined;
    if (!known.exists && row?.kind) return await readHistory(wanted, ask);
  } catch (error) {
    // The table is not there, is not ours, or may not be read: ask again without touching it.
    if (error instanceof AmeliaError || !known.exists) throw error;
    unreadable = error;
    row = (await ask(historyQuery(wanted, { rows: false }))).rows[0] as Row | undefined;
    // Another run made it in between.
    if (isUndefinedTable(error) && row?.kind) return await readHistory(wanted, ask);
  }
  if (!row) throw new AmeliaError('session.lost', { reason: 'the server answered nothing' });
  const schema = wanted.schema ?? row.current_schema;
  if (schema === null) {
    throw new AmeliaError('config.invalid', {
      setting: '--history-table',
      value: displayTable(wanted),
      problem: 'the search path names no schema that exists, so there is nowhere to keep the history',
      hint: 'name one: --history-table SCHEMA.TABLE',
    });
  }
  const table = { schema, table: wanted.table };
  // A table of that name further down the search path is somebody else's.
  const exists = row.kind !== null && row.schema === schema;
  if (exists) refuseForeign(table, row);
  if (exists && unreadable !== undefined) throw unreadableHistory(table, row.user, unreadable);
  const found = exists ? (row.columns ?? []) : null;
  const journal = row.journal_columns;
  const lacks = journal === null ? [] : Object.keys(journalColumns).filter((name) => !journal.includes(name));
  return {
    table,
    exists,
    ...columnsOf(found, row.is_owner === true),
    isInteger: found?.some(([name, type]) => name === 'version' && type === 'bigint') !== true,
    journalExists: journal !== null,
    missingJournalColumns: lacks.length === 0 || row.is_journal_owner === true ? lacks : null,
    readOnly: row.read_only,
    standby: row.standby,
    user: row.user,
    pid: row.pid,
    applied: exists ? (row.rows ?? []).map(readApplied).sort((a, b) => (a.version < b.version ? -1 : 1)) : [],
    unfinished: exists && journal !== null ? await readJournal(table, row.user, ask) : [],
  };
}

function isUndefinedTable(error: unknown): boolean {
  return (error as { code?: string }).code === '42P01';
}

function unreadableHistory(table: TableName, role: string, cause: unknown): unknown {
  if ((cause as { code?: string }).code !== '42501') return cause;
  return new AmeliaError(
    'session.privilege',
    {
      role,
      problem: `may not read the history table ${displayTable(table)}`,
      hint: `GRANT SELECT ON ${quoteTable(table)} TO ${quoteIdentifier(role)}`,
    },
    { cause },
  );
}

function readApplied(row: NonNullable<Row['rows']>[number]): AppliedMigration {
  const [version, name, checksum, appliedAt, durationMs, appliedBy, statementsChecksum, toolVersion] = row;
  return {
    version: BigInt(version ?? 0),
    name,
    checksum,
    appliedAt: appliedAt === null ? null : new Date(appliedAt * 1000),
    durationMs: durationMs === null ? null : Number(durationMs),
    appliedBy,
    statementsChecksum,
    toolVersion,
  };
}

/** Migration tools whose table has the same name, by what is peculiar to its columns. */
function refuseForeign(table: TableName, row: Row): void {
  const columns = row.columns ?? [];
  const types = new Map(columns.map(([name, type]) => [name, type]));
  const version = types.get('version');
  const own = new Set(['version', 'applied_at', ...Object.keys(ownColumns)]);
  const fits =
    (row.kind === 'r' || row.kind === 'p') &&
    (version === 'integer' || version === 'bigint') &&
    /^timestamp/.test(types.get('applied_at') ?? '') &&
    row.is_unique &&
    columns.every(([name, , demanded]) => own.has(name) || !demanded) &&
    Object.entries(firstColumns).every(([name, type]) => (types.get(name) ?? type) === type);
  if (fits) return;
  const tool = types.has('dirty')
    ? 'golang-migrate'
    : types.has('inserted_at')
      ? 'Ecto'
      : version === 'character varying'
        ? columns.length === 1
          ? 'Rails or dbmate'
          : 'another tool'
        : null;
  const list = columns.map(([name, type]) => `${name} ${type}`).join(', ');
  const shape = row.kind === 'r' || row.kind === 'p' ? list : `${list}; and it is not a table`;
  const unique = version !== undefined && !row.is_unique ? '; and no unique key on version' : '';
  throw new AmeliaError('history.foreign', { table: displayTable(table), columns: shape + unique, tool });
}

async function readJournal(
  table: TableName,
  user: string,
  ask: (query: string) => Promise<Answer>,
): Promise<readonly UnfinishedMigration[]> {
  const { rows } = await ask(`
    SELECT j.version::text AS version, j.name, j.direction, j.completed, j.statements, j.started, j.prefix,
      j.started_at AS "startedAt", (j.r ->> 'updated_at')::pg_catalog.timestamptz AS "updatedAt", j.r ->> 'error' AS error
    FROM (SELECT t.*, pg_catalog.to_jsonb(t) AS r FROM ${quoteTable(journalOf(table))} t) j ORDER BY 1`).catch(
    (error: unknown) => {
      throw unreadableHistory(journalOf(table), user, error);
    },
  );
  type JournalRow = Omit<UnfinishedMigration, 'version'> & { readonly version: string };
  return (rows as unknown as JournalRow[]).map((row) => ({ ...row, version: BigInt(row.version) }));
}

/**
 * SQL that makes the history table, or takes over one that another program made without touching its
 * rows. Null when there is nothing to do. `largest` is the largest version that will be recorded,
 * `journal` whether a journal is needed.
 */
export function ensureHistory(
  reading: HistoryReading,
  needs: { largest: bigint; journal: boolean },
): { readonly sql: string; readonly widens: boolean } | null {
  const name = quoteTable(reading.table);
  const wide = needs.largest > largestInteger;
  const sql: string[] = [];
  if (!reading.exists) {
    sql.push(`CREATE TABLE ${name} (
      version ${wide ? 'bigint' : 'integer'} PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
      ${Object.entries(ownColumns)
        .map(([column, type]) => `${column} ${type}`)
        .join(', ')}
    )`);
  } else if (reading.missingColumns.length > 0) {
    sql.push(`ALTER TABLE ${name} ${added(reading.missingColumns, ownColumns)}`);
  }
  const widens = reading.exists && reading.isInteger && wide;
  if (widens) sql.push(`ALTER TABLE ${name} ALTER COLUMN version TYPE bigint`);
  if (needs.journal && !reading.journalExists) {
    sql.push(`CREATE TABLE ${quoteTable(journalOf(reading.table))} (
      version bigint PRIMARY KEY, name text, direction text NOT NULL, completed integer NOT NULL,
      statements integer NOT NULL, started integer, prefix text NOT NULL,
      started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
      ${Object.entries(journalColumns)
        .map(([column, type]) => `${column} ${type}`)
        .join(', ')}
    )`);
  } else if (needs.journal && reading.missingJournalColumns?.length) {
    sql.push(
      `ALTER TABLE ${quoteTable(journalOf(reading.table))} ${added(reading.missingJournalColumns, journalColumns)}`,
    );
  }
  return sql.length === 0 ? null : { sql: sql.join(';\n'), widens };
}

function added(columns: readonly string[], types: Readonly<Record<string, string>>): string {
  return columns.map((column) => `ADD COLUMN ${quoteIdentifier(column)} ${types[column]}`).join(', ');
}
