// What each event says, as one line of text; the same facts for a terminal and for a log.
// Makes text; never prints it.
import type { AmeliaError } from '../errors.ts';
import type { MigratorEvent, StepResult } from '../events.ts';
import type { Direction } from '../migration/types.ts';
import { formatFailures } from './frame.ts';
import type { Style } from './style.ts';
import type { VersionNames } from './versions.ts';
import { count, databaseName, duration, sessionName } from './words.ts';
import { onManyLines, onOneLine, wrap } from './width.ts';
import type { Writer } from './writer.ts';

/** What a teller of events needs. */
export interface Telling {
  readonly writer: Writer;
  readonly versions: VersionNames;
  readonly style: Style;
  readonly detail: 'quiet' | 'normal' | 'verbose';
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  readonly command: string;
}

/** The event of one type. */
export type EventOf<T extends MigratorEvent['type']> = Extract<MigratorEvent, { type: T }>;

export const connectedLine = ({ database, historyTable }: EventOf<'connected'>): string =>
  `connected to ${databaseName(database)} (PostgreSQL ${database.serverVersion}), history in ${onOneLine(historyTable)}`;

export const plannedLine = ({ direction, versions }: EventOf<'planned'>): string =>
  `${count(versions.length, 'migration')} to ${direction === 'up' ? 'apply' : 'roll back'}`;

export const widenedLine = ({ table }: EventOf<'history-widened'>): string =>
  `widened the version column of ${onOneLine(table)} to bigint`;

export const commentsText = (
  { versions: modified }: EventOf<'only-comments-modified'>,
  versions: VersionNames,
): string =>
  `${versions.list(modified)} ${modified.length === 1 ? 'was' : 'were'} modified after being applied, in comments or white space only; amelia-db repair --accept-modified ${modified.length > 5 ? 'VERSION…' : modified.join(' ')} records the ${modified.length === 1 ? 'file' : 'files'} as ${modified.length === 1 ? 'it is' : 'they are'}`;

/** `migrations/0007_add_email.down.sql:3:1: …, so that 0007 could not be rolled back`. */
export const rollbackText = (
  { path, location, reason, version }: EventOf<'unusable-rollback'>,
  versions: VersionNames,
): string => {
  const place = location === undefined ? path : `${path}:${location.line}:${location.column}`;
  const what = reason.startsWith(`${path}: `) ? reason.slice(path.length + 2) : reason;
  return `${place}: ${what}; ${versions.write(version)} could not be rolled back`;
};

export const lockLine = ({ holder }: Pick<EventOf<'lock-waiting'>, 'holder'>): string =>
  `waiting for another run to end${holder === null ? '' : ` · ${sessionName(holder)} holds the lock`}`;

export const retryLine = (
  { version, attempt, attempts, pauseMs, reason }: EventOf<'retrying'>,
  versions: VersionNames,
): string =>
  `${versions.write(version)} was rolled back and is tried again in ${duration(pauseMs)} (${attempt} of ${attempts}) · ${onOneLine(reason)}`;

export const poolerLine = 'a connection pooler stands between: the lock is held by a transaction of its own';

/** Who blocks the statement that runs, and how many wait behind it. */
export function blockedLine({ blockers, queued }: Pick<EventOf<'blocked'>, 'blockers' | 'queued'>): string {
  const who = blockers.map((blocker) => {
    const query = blocker.query ? `: ${onOneLine(blocker.query)}` : '';
    return `${sessionName(blocker)}${blocker.state === null ? '' : `, ${onOneLine(blocker.state)}`}${query}`;
  });
  const behind = queued === 0 ? '' : ` · ${count(queued, 'session')} behind`;
  return `waiting for ${who.join(' and ')}${behind}`;
}

/** `CREATE INDEX CONCURRENTLY: building index, 42 %`. */
export const progressText = ({ progress: { command, phase, percent } }: EventOf<'progress'>): string =>
  onOneLine(`${command}: ${phase}${percent === null ? '' : `, ${Math.floor(percent)} %`}`);

export const databaseLine = ({ reason }: EventOf<'database-waiting'>): string =>
  `waiting for the database · ${onOneLine(reason)}`;

/** What verify is at. */
export const verifyingText = {
  replay: 'replaying the migrations on the scratch server',
  catalog: 'reading both catalogs',
  compare: 'comparing what is there with what is expected',
  prove: 'proving the constraints on the scratch server',
  live: 'proving the constraints on the database itself',
} as const;

export const embeddedLine = ({ pid }: EventOf<'embedded-waiting'>): string =>
  `waiting for process ${pid} to leave the embedded database`;

/** `statement 3 of 12: CREATE TABLE, 4 ms`. */
export const statementLine = (event: EventOf<'statement-finished'>, versions: VersionNames): string =>
  `${versions.write(event.version)} statement ${event.index} of ${event.statements}: ${onOneLine(event.tag)}, ${duration(event.ms)}`;

/** `notice: relation "x" already exists, skipping (migrations/0001_a.sql:3)`; with the server's detail and hint where wanted. */
export function noticeLine({ notice, location }: EventOf<'notice'>, { style, writer, detail }: Telling): string {
  const severity = `${notice.severity.toLowerCase()}:`;
  const paint = severity === 'warning:' ? style.attention : style.detail;
  const place = location === undefined ? '' : `(${onOneLine(location.path)}:${location.line})`;
  // What a warning is about may stand in its detail: "The transaction has already committed locally, but …".
  const further =
    detail === 'verbose' || severity === 'warning:'
      ? [notice.detail, notice.hint].filter((text) => text !== undefined)
      : [];
  const [first = '', ...rest] = [`${notice.message} ${place}`.trimEnd(), ...further].map((text) =>
    onManyLines(writer.redact(text)),
  );
  const room = writer.columns === undefined ? undefined : writer.columns - 4;
  return [`${severity} ${first}`, ...rest]
    .flatMap((text) => wrap(text, room))
    .map((line, index) => (index === 0 ? `  ${paint(severity)}${line.slice(severity.length)}` : `    ${line}`))
    .map((line) => (place !== '' && line.endsWith(place) ? line.slice(0, -place.length) + style.detail(place) : line))
    .join('\n');
}

/** `0007 add_email`. */
export const migrationName = (
  of: { readonly version: string; readonly name: string },
  versions: VersionNames,
): string => `${versions.write(of.version)} ${onOneLine(of.name)}`;

/** True for a step that ended as it was meant to. */
export const isDone = (step: StepResult, direction: Direction): boolean =>
  step.state === (direction === 'up' ? 'applied' : 'rolled-back');

/** What is known of a migration from its beginning. */
export type Begun = Pick<EventOf<'migration-started'>, 'direction' | 'transaction'>;

/** What became of a step that did not end as it was meant to. */
export function failedState(
  { step, interrupted }: EventOf<'migration-finished'>,
  { direction, transaction }: Begun,
): string {
  const failed = interrupted ? 'interrupted' : 'failed';
  if (step.state === 'unknown') return `${failed}, ${transaction ? 'outcome unknown' : 'unfinished'}`;
  return direction === 'up' && step.state === 'rolled-back' ? `${failed}, rolled back` : failed;
}

/** The whole text of an error, with the stack where it is a bug of ours. `started` says that a migration had begun. */
export function failureText(error: AmeliaError, telling: Telling, started: boolean): string {
  const { writer, style, versions, command } = telling;
  const saysSo = error.code.endsWith('outcome-unknown') || 'unknown' in error.facts;
  const otherwise = saysSo
    ? undefined
    : started
      ? 'what the database holds now is not known: amelia-db status says it'
      : changesDatabase.has(command) && error.exitStatus !== 2 && !error.hint?.startsWith('nothing was run')
        ? 'nothing was run: the database is as it was'
        : undefined;
  const lines = formatFailures(error, { columns: writer.columns, style, versions, redact: writer.redact, otherwise });
  const stack = error.code === 'internal.bug' && error.cause instanceof Error ? (error.cause.stack ?? '') : '';
  return `${[...(stack === '' ? [] : [style.detail(onManyLines(stack)), '']), ...lines].join('\n')}\n`;
}

const changesDatabase = new Set(['migrate', 'rollback', 'baseline', 'repair']);

/** A note or a warning. */
export function messageLine(level: 'note' | 'warning', text: string, { style, writer }: Telling): string {
  const head = `${level}:`;
  const lines = wrap(`${head} ${onManyLines(writer.redact(text))}`, writer.columns && writer.columns - 2);
  const paint = level === 'warning' ? style.attention : style.detail;
  return lines.map((line, i) => (i === 0 ? paint(head) + line.slice(head.length) : `  ${line}`)).join('\n');
}
