// The history table: which migrations the database says it has. `readX` only looks; only
// `ensureHistory` creates, extends or widens. Every name is schema-qualified: a migration may
// have changed the search path.
import { AmeliaError } from '../errors.ts';
import type { AppliedMigration, History, UnfinishedMigration } from '../migration/types.ts';
import {
  historyQuery,
  journalOf,
  type Attached,
  type HistoryAnswer,
  type Question,
  type Relation,
} from './history-query.ts';
import { columnsOf, journalColumns, ownColumns, type Columns } from './history-columns.ts';
import { displayTable, quoteIdentifier, quoteTable, type TableName } from './identifiers.ts';
import type { OtherHistory } from './other-tools.ts';
import { isServerError } from './server-error.ts';
import type { Answer } from './session.ts';
import { unwrap } from './wrapped-json.ts';

export { journalOf } from './history-query.ts';

/** Where the history is and what it holds. */
export interface HistoryReading extends History, Columns {
  readonly table: TableName & { readonly schema: string };
  readonly exists: boolean;
  /** The version column is INTEGER (as documented) and must be widened before it can hold more. */
  readonly isInteger: boolean;
  /** A crash of the server empties it. */
  readonly isUnlogged: boolean;
  readonly journalExists: boolean;
  /** What the journal lacks that a role which owns it adds; null where it lacks such and the role does not. */
  readonly missingJournalColumns: readonly string[] | null;
  /** Why `unfinished` says nothing: this role may not read the journal. */
  readonly journalRefusal: AmeliaError | undefined;
  /** Code of roles with less power that a row would run; known only where it was asked `forWriting`. */
  readonly attached: readonly (Attached & { readonly table: string })[];
  /** What other tools have here; not asked where the history has rows. */
  readonly otherHistories: readonly OtherHistory[];
  readonly readOnly: boolean;
  readonly standby: boolean;
  readonly user: string;
  /** The backend's process id, as the backend itself says it. */
  readonly pid: number;
}

export const largestInteger = 2147483647n;

/**
 * Reads the history through `ask`, which sends one message and gives its answer. Throws `history.foreign`,
 * `history.elsewhere`, `history.untrusted`, `session.privilege`, `session.row-security` or `config.invalid`
 * (no schema to keep it in).
 */
export async function readHistory(
  question: Question,
  ask: (query: string) => Promise<Answer>,
): Promise<HistoryReading> {
  const query = historyQuery(question);
  const { rows } = await ask(query).catch(async (error: unknown) => {
    // The table was dropped or altered while the answer was made: look at what there is now.
    if (!isServerError(error) || !['42P01', '42703'].includes(error.code)) throw error;
    return await ask(query);
  });
  const answer = rows[0] as HistoryAnswer | undefined;
  if (!answer) throw new AmeliaError('session.lost', { reason: 'the server answered nothing' });
  const table = { schema: schemaOf(question.table, answer), table: question.table.table };
  const of = ({ table: name }: TableName) => answer.relations?.find((relation) => relation.name === name);
  const history = of(table);
  if (!history) refuseElsewhere(table, unwrap<TableName[]>(answer.elsewhere) ?? []);
  else refuseForeign(table, history);
  const refused = history && refusal(table, history, answer.user);
  if (refused) throw refused;
  const journal = of(journalOf(table));
  if (journal) refuseForeignJournal(journalOf(table), journal);
  const journalRefusal = journal && refusal(journalOf(table), journal, answer.user);
  const lacks = journal
    ? Object.keys(journalColumns).filter((name) => journal.columns.every(([has]) => has !== name))
    : [];
  return {
    table,
    exists: history !== undefined,
    ...columnsOf(history?.columns ?? null, history?.isOwner === true),
    isInteger: history?.columns.some(([name, type]) => name === 'version' && type === 'bigint') !== true,
    isUnlogged: history?.persistence === 'u',
    journalExists: journal !== undefined,
    missingJournalColumns: lacks.length === 0 || journal?.isOwner === true ? lacks : null,
    journalRefusal,
    attached: (answer.relations ?? []).flatMap((relation) => attachedTo(table, relation)),
    otherHistories: unwrap<OtherHistory[]>(answer.tools) ?? [],
    readOnly: answer.read_only,
    standby: answer.standby,
    user: answer.user,
    pid: answer.pid,
    applied: rowsOf(answer.applied).map(readApplied).sort(byVersion),
    unfinished: rowsOf(answer.unfinished).map(readUnfinished).sort(byVersion),
  };
}

function schemaOf(wanted: TableName, { schema }: HistoryAnswer): string {
  if (schema !== null && !/^pg_temp(_\d+)?$/.test(schema)) return schema;
  throw new AmeliaError('config.invalid', {
    setting: '--history-table',
    value: displayTable(wanted),
    problem:
      schema === null
        ? 'the search path names no schema that exists and that this role may use, so the history cannot be kept'
        : 'a temporary table is gone with the session, so the history cannot be kept there',
    hint: 'name one: --history-table SCHEMA.TABLE',
  });
}

function refuseElsewhere(table: TableName, found: readonly TableName[]): void {
  if (found.length === 0) return;
  throw new AmeliaError('history.elsewhere', { table: displayTable(table), found: found.map(displayTable) });
}

/** Why this role does not get to see the rows of a table of ours. */
function refusal(name: TableName, relation: Relation, role: string): AmeliaError | undefined {
  const table = displayTable(name);
  if (!relation.isSchemaUsable || !relation.isReadable) {
    const { schema } = name;
    const grants = [
      ...(relation.isSchemaUsable || schema === null
        ? []
        : [`GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)}`]),
      ...(relation.isReadable ? [] : [`GRANT SELECT ON ${quoteTable(name)} TO ${quoteIdentifier(role)}`]),
    ];
    return new AmeliaError('session.privilege', {
      role,
      problem: `may not read the history table ${table}`,
      hint: grants.join('; '),
    });
  }
  if (relation.isHidden) {
    return new AmeliaError('session.row-security', { role, table, quoted: quoteTable(name), owner: relation.owner });
  }
  if (!relation.runsWhenRead) return undefined;
  const problems = [`what its indexes, statistics or constraints call runs when it is read (owner ${relation.owner})`];
  return new AmeliaError('history.untrusted', { table, role, owner: relation.owner, problems });
}

const kinds: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  p: 'a partitioned table',
};

/** What it is that cannot hold a history; undefined for a plain table. */
const oddity = ({ kind, kin }: Relation): string | undefined =>
  kind === 'r' ? (kin ?? undefined) : (kinds[kind] ?? 'no table');

/** Migration tools whose table has the same name, by what is peculiar to its columns. */
function refuseForeign(table: TableName, relation: Relation): void {
  const { columns, isUnique } = relation;
  const types = new Map(columns.map(([name, type]) => [name, type]));
  const version = types.get('version');
  const own = new Set(['version', 'applied_at', ...Object.keys(ownColumns)]);
  const odd = oddity(relation);
  const fits =
    odd === undefined &&
    relation.fits &&
    version !== undefined &&
    types.has('applied_at') &&
    isUnique &&
    columns.every(([name, , demanded]) => own.has(name) || !demanded);
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
  const shape = odd === undefined ? list : `${list}; and it is ${odd}`;
  const unique = version !== undefined && !isUnique && odd === undefined ? '; and no unique key on version' : '';
  throw new AmeliaError('history.foreign', { table: displayTable(table), columns: shape + unique, tool });
}

function refuseForeignJournal(table: TableName, relation: Relation): void {
  const odd = oddity(relation);
  if (odd === undefined && relation.fits && relation.columns.some(([name]) => name === 'version')) return;
  const list = relation.columns.map(([name, type]) => `${name} ${type}`).join(', ');
  const columns = odd === undefined ? list : `${list}; and it is ${odd}`;
  throw new AmeliaError('history.foreign', { table: displayTable(table), columns, tool: null, isJournal: true });
}

function attachedTo({ schema }: TableName, relation: Relation): (Attached & { readonly table: string })[] {
  const table = displayTable({ schema, table: relation.name });
  const itself = relation.isTrusted ? [] : [{ what: 'the table', owner: relation.owner, table }];
  const attached = unwrap<Attached[]>(relation.attached) ?? [];
  return [...itself, ...attached.map(({ what, owner }) => ({ what: `${what} on`, owner, table }))];
}

type Lists = Readonly<Record<string, readonly (string | number | null)[] | null>>;
type Value = (column: string) => string | number | null;

/** Lists of columns as rows: what gives each value. */
function rowsOf(wrapped: string | null): Value[] {
  const lists = unwrap<Lists>(wrapped) ?? {};
  const versions = lists['version'] ?? [];
  return versions.map((_, i) => (column) => lists[column]?.[i] ?? null);
}

const text = (value: string | number | null): string | null => (value === null ? null : String(value));

/** PostgreSQL has times, infinity among them, that a Date cannot hold. */
function date(seconds: string | number | null): Date | null {
  const read = new Date(seconds === null ? NaN : Number(seconds) * 1000);
  return Number.isNaN(read.getTime()) ? null : read;
}

function readApplied(value: Value): AppliedMigration {
  const durationMs = value('duration_ms');
  return {
    version: BigInt(value('version') ?? 0),
    name: text(value('name')),
    checksum: text(value('checksum')),
    appliedAt: date(value('applied_at')),
    durationMs: durationMs === null ? null : Number(durationMs),
    appliedBy: text(value('applied_by')),
    statementsChecksum: text(value('statements_checksum')),
    toolVersion: text(value('tool_version')),
  };
}

function readUnfinished(value: Value): UnfinishedMigration {
  const started = value('started');
  return {
    version: BigInt(value('version') ?? 0),
    name: text(value('name')),
    direction: value('direction') === 'down' ? 'down' : 'up',
    completed: Number(value('completed')),
    statements: Number(value('statements')),
    started: started === null ? null : Number(started),
    prefix: text(value('prefix')) ?? '',
    startedAt: date(value('started_at')),
    updatedAt: date(value('updated_at')),
    error: text(value('error')),
  };
}

function byVersion(a: { readonly version: bigint }, b: { readonly version: bigint }): number {
  return a.version < b.version ? -1 : 1;
}

/**
 * SQL that makes the history table, or takes over one that another program made without touching its
 * rows. Null when there is nothing to do. `largest` is the largest version that will be recorded,
 * `journal` whether a journal is needed. Types are those of pg_catalog whatever the search path says.
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
      applied_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
      ${Object.entries(ownColumns)
        .map(([column, type]) => `${column} ${sqlType(type)}`)
        .join(', ')}
    )`);
  } else if (reading.missingColumns.length > 0) {
    sql.push(`ALTER TABLE ${name} ${added(reading.missingColumns, ownColumns)}`);
  }
  const widens = reading.exists && reading.isInteger && wide;
  if (widens) sql.push(`ALTER TABLE ${name} ALTER COLUMN version TYPE bigint`);
  if (needs.journal && !reading.journalExists) {
    sql.push(`CREATE TABLE ${quoteTable(journalOf(reading.table))} (
      version bigint PRIMARY KEY, name pg_catalog.text, direction pg_catalog.text NOT NULL, completed integer NOT NULL,
      statements integer NOT NULL, started integer, prefix pg_catalog.text NOT NULL,
      started_at pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now(),
      ${Object.entries(journalColumns)
        .map(([column, type]) => `${column} ${sqlType(type)}`)
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
  return columns.map((column) => `ADD COLUMN ${quoteIdentifier(column)} ${sqlType(types[column] ?? '')}`).join(', ');
}

/** BIGINT and INTEGER are words of the grammar; other types are looked up. */
function sqlType(type: string): string {
  return type === 'bigint' || type === 'integer' ? type : `pg_catalog.${type}`;
}
