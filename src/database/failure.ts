// What went wrong, as an AmeliaError: the server's SQLSTATEs and the network's codes become one
// catalogue entry each, with the place in the file. Never talks to a server.
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { Notice, OtherSession, RunResult } from '../events.ts';
import { locate, offsetOfPosition } from '../migration/location.ts';
import { hideValues, maskLiterals, maskSql, secretsInFile } from '../migration/secrets.ts';
import type { Location, Script, Statement } from '../migration/types.ts';
import { isServerError, lacksMark, notKept, type ServerError } from './server-error.ts';
import { displayTable, type TableName } from './identifiers.ts';

const interruptions = {
  SIGHUP: 'apply.hangup',
  SIGINT: 'apply.interrupted',
  SIGTERM: 'apply.terminated',
} as const;

/** The error for what was aborted; `signal.reason` is the name of the process signal, if one did it. */
export function interruption(
  signal: AbortSignal | undefined,
  { result, unknown, cause }: { result?: RunResult | undefined; unknown?: string; cause?: unknown } = {},
): AmeliaError {
  const reason: unknown = signal?.reason;
  const code = typeof reason === 'string' ? interruptions[reason as keyof typeof interruptions] : undefined;
  const facts = { signal: code ? String(reason) : 'the caller', ...(unknown !== undefined && { unknown }) };
  return new AmeliaError(code ?? 'apply.interrupted', facts, { result, cause });
}

/** True for what `interruption` makes. */
export const isInterruption = (error: unknown): boolean =>
  isAmeliaError(error) && Object.values<string>(interruptions).includes(error.code);

/** query_canceled, or the end of the session: what an interruption looks like from inside. */
function isStop(error: unknown): boolean {
  if (isAmeliaError(error, 'session.lost') || isAmeliaError(error, 'session.unreachable')) return true;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return code === '57014' || (cause as { code?: unknown } | undefined)?.code === '57014';
}

/** An error of the server's that nothing more is known about; what a raised signal led to is that interruption. */
export function unexpectedFailure(cause: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted && isStop(cause)) {
    return interruption(signal, { cause, result: isAmeliaError(cause) ? cause.result : undefined });
  }
  if (!isServerError(cause)) return cause;
  return new AmeliaError('session.query-failed', { reason: cause.message, sqlstate: cause.code }, { cause });
}

/** Why the history table could not be made or written. */
export function writeFailure(cause: unknown, role: string, table: string): unknown {
  if (!isServerError(cause)) return cause;
  switch (cause.code) {
    case '42501':
      return new AmeliaError(
        'session.privilege',
        {
          role,
          problem: `may not keep the history in ${table}: ${cause.message}`,
          hint: 'let it create tables in that schema (GRANT CREATE, USAGE ON SCHEMA …) and own the table, or run as another role: --role',
        },
        { cause },
      );
    case '25006':
      return new AmeliaError('session.read-only', { database: table, standby: false }, { cause });
    default:
      return new AmeliaError('history.not-written', { table, reason: cause.message, sqlstate: cause.code }, { cause });
  }
}

/** A statement that the server refused, and what is known about it. */
export interface Refused {
  readonly version: bigint;
  readonly script: Script;
  readonly statement: Statement;
  readonly table: TableName;
  /** For a non-transactional file: how many of its statements had completed. */
  readonly completed?: number | undefined;
  /** The server is the one inside this process, with these extensions. */
  readonly embedded?: readonly string[] | undefined;
  /** Who blocked it, when it waited for a lock. */
  readonly blockers: readonly OtherSession[];
}

/** The error for a statement that the server refused, at its place in the file. */
export function statementFailure(cause: ServerError, refused: Refused): AmeliaError {
  const { version, script, statement, table, completed, blockers, embedded } = refused;
  const position = Number(cause.position);
  const lacking = embedded && /^extension "(.*)" is not available$/.exec(cause.message)?.[1];
  const { path, text } = script;
  const offset = position > 0 ? offsetOfPosition(text, statement.start, position) : statement.start;
  const hide = hiderOf(text);
  return new AmeliaError(
    'apply.statement-failed',
    {
      version: String(version),
      reason: lacking === undefined ? hide(cause.message) : `PGlite, the embedded server, has no extension ${lacking}`,
      sqlstate: cause.code,
      notes: [
        ...(lacking === undefined
          ? notesOf(cause).map(({ label, text: said }) => ({ label, text: hide(said) }))
          : [{ label: 'PGlite has', text: embedded?.join(', ') ?? '' }]),
        ...(cause.code === '55P03' ? blockers.map(blockerNote) : []),
        ...progressNote(script, completed),
      ],
      ...(lacking === undefined ? hintFor(cause, script.transaction, table.table) : { hint: elsewhere }),
    },
    { cause, location: locate(path, text, offset) },
  );
}

/** The error for what the server refused of our own: the BEGIN, with its settings, or the record. */
export function ownFailure(
  error: ServerError,
  of: {
    readonly version: bigint;
    readonly table: TableName;
    readonly script: Script;
    readonly isBegin: boolean;
    /** Triggers and rules of the history. */
    readonly obstacles: readonly string[];
  },
): AmeliaError {
  const { version, table, script, isBegin, obstacles } = of;
  const facts = { version: String(version), reason: error.message, sqlstate: error.code };
  const context = { cause: error };
  const history = displayTable(table);
  if (isBegin) return new AmeliaError('apply.not-begun', facts, context);
  if (error.code === notKept) return new AmeliaError('history.not-kept', { table: history, obstacles }, context);
  if (error.code === lacksMark) return new AmeliaError('apply.transaction-lost', facts, context);
  const ours = error.table_name === table.table;
  if (error.code === '22012' || (ours && error.code === '23505')) {
    return new AmeliaError('apply.history-changed', { version: facts.version, table: history }, context);
  }
  // A constraint that was deferred to the end is the migration's own.
  if (error.code.startsWith('23') && !ours) {
    const hide = hiderOf(script.text);
    const notes = notesOf(error).map(({ label, text }) => ({ label, text: hide(text) }));
    return new AmeliaError('apply.commit-failed', { ...facts, reason: hide(error.message), notes }, context);
  }
  return new AmeliaError('apply.record-failed', { ...facts, table: history }, context);
}

/** What to do where the embedded server lacks something. */
const elsewhere =
  'migrate a server that has it, --database-url URL; check and verify replay on an empty database there: --scratch-url URL';

/** Hides the secrets of a file in what the server says while it runs. */
export function hiderOf(text: Uint8Array): (said: string) => string {
  const secrets = secretsInFile(text);
  return (said) => hideValues(said, secrets);
}

/** A notice with what `hide` makes of its texts. */
export function withoutSecrets(notice: Notice, hide: (said: string) => string): Notice {
  const { message, detail, hint } = notice;
  return {
    ...notice,
    message: hide(message),
    ...(detail !== undefined && { detail: hide(detail) }),
    ...(hint !== undefined && { hint: hide(hint) }),
  };
}

/** The statement's first token, for events and errors that have no position. */
export function placeOf(script: Script, statement: Statement): Location {
  return locate(script.path, script.text, statement.start);
}

/** A statement as it stands in the file. */
export function textOf(script: Script, statement: Statement): string {
  return script.reader().read(statement.start, statement.end).toString();
}

function blockerNote({ pid, applicationName, user, state, since, query }: OtherSession): {
  label: string;
  text: string;
} {
  const when = since === null ? '' : ` since ${since.toISOString()}`;
  const what = query ? `: ${maskLiterals(query).replace(/\s+/g, ' ').trim()}` : '';
  return {
    label: 'blocked by',
    text: `pid ${pid}, ${applicationName || 'no application name'}, user ${user ?? 'unknown'}, ${state ?? 'state unknown'}${when}${what}`,
  };
}

function progressNote(script: Script, completed: number | undefined): { label: string; text: string }[] {
  if (completed === undefined) return [];
  const text = `${completed} of ${script.statements.length} statements of this non-transactional file completed and stay; the next migrate goes on from there`;
  return [{ label: 'unfinished', text }];
}

/** What PostgreSQL says beside the message, each with its name. */
export function notesOf(error: ServerError): { label: string; text: string }[] {
  const notes: { label: string; text: string | undefined }[] = [
    { label: 'detail', text: error.detail },
    { label: 'server hint', text: error.hint },
    { label: 'constraint', text: error.constraint_name },
    { label: 'context', text: error.where },
    { label: 'inner query', text: error.internal_query && maskSql(error.internal_query) },
  ];
  return notes.filter((note): note is { label: string; text: string } => Boolean(note.text));
}

function hintFor(error: ServerError, inTransaction: boolean, history: string): { hint?: string } {
  switch (error.code) {
    case '42P07':
      return error.message.includes(`"${history}"`)
        ? {
            hint: `this file makes the history table itself; if it is a dump, make it with pg_dump --exclude-table=${history}, or keep our history elsewhere with --history-table`,
          }
        : {};
    case '25001':
      return inTransaction
        ? {
            hint: 'this statement cannot run in a transaction: put `-- amelia-db: no-transaction` at the head of the file',
          }
        : {};
    case '2D000':
      return inTransaction
        ? {
            hint: 'the routine that is called commits or rolls back by itself, which it cannot in a transaction: put `-- amelia-db: no-transaction` at the head of the file',
          }
        : {};
    case '55006':
      return {
        hint: 'something still uses the object: a session in that database (pg_stat_activity shows it), a replication slot, a cursor, or trigger events of an earlier statement of this file; end it, or put this statement into a file of its own',
      };
    case '55P04':
      return {
        hint: 'a new enum value can only be used after the transaction that adds it: add it in a migration of its own, use it in the next',
      };
    case '55P03':
      return {
        hint: 'another session holds a lock that this statement needs: find it in pg_stat_activity, or wait longer with --lock-timeout DURATION',
      };
    case '57014':
      return /statement timeout/.test(error.message)
        ? {
            hint: 'allow it more time: --statement-timeout, or `-- amelia-db: statement-timeout DURATION` at the head of the file',
          }
        : {
            hint: 'something else cancelled it, such as pg_cancel_backend(): nothing is wrong with the file, so run the same command again',
          };
    case '42501':
      return { hint: 'run the migrations as a role that owns the object, or grant this one what it needs' };
    case '25P02':
      return { hint: 'an earlier statement had failed already' };
    default:
      return inTransaction ? { hint: 'nothing of it took effect: mend the file and run the same command again' } : {};
  }
}
