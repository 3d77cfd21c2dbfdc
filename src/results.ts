// Turns what was found and done into the results that the command line prints and the library
// returns. Pure.
import type { Connection } from './database/connection.ts';
import { displayTable } from './database/identifiers.ts';
import type {
  DatabaseInfo,
  DryRunResult,
  DryRunStep,
  HistoryChange,
  OtherSession,
  RunResult,
  StatusEntry,
  StatusResult,
  StepResult,
  UnfinishedStatement,
} from './events.ts';
import { AmeliaError } from './errors.ts';
import { locate, Locator, summarize } from './migration/location.ts';
import { gaps } from './migration/plan.ts';
import { currentVersion } from './migration/status.ts';
import type { AppliedMigration, MigrationStatus, Plan, Script, Step } from './migration/types.ts';

/** Where the database was before these steps, and where it is after them. */
export function runResult(
  database: DatabaseInfo,
  applied: readonly AppliedMigration[],
  direction: Plan['direction'],
  steps: readonly StepResult[],
): RunResult {
  const versions = new Set(applied.map(({ version }) => version));
  const from = highest(versions);
  for (const step of steps) {
    if (direction === 'up' && step.state === 'applied') versions.add(BigInt(step.version));
    if (direction === 'down' && step.state === 'rolled-back') versions.delete(BigInt(step.version));
  }
  return { database, direction, from, to: highest(versions), steps };
}

export function statusResult(
  { database, reading }: Connection,
  statuses: readonly MigrationStatus[],
  running: OtherSession | null,
  next: (status: MigrationStatus) => UnfinishedStatement | undefined,
): StatusResult {
  const count = (state: MigrationStatus['state']) => statuses.filter((status) => status.state === state).length;
  return {
    database,
    historyTable: displayTable(reading.table),
    current: currentVersion(statuses)?.toString() ?? null,
    migrations: statuses.map((status) => statusEntry(status, next(status))),
    summary: {
      applied: count('applied'),
      pending: count('pending'),
      modified: count('modified'),
      missing: count('missing'),
      outOfOrder: count('out-of-order'),
      unfinished: count('unfinished'),
    },
    running,
    ahead: ahead(statuses),
    gaps: gaps(statuses),
    ...(reading.journalRefusal && { unseen: `unfinished migrations (${reading.journalRefusal.message})` }),
  };
}

/** Where the folder has no file at all, it is the wrong one rather than an old one. */
function ahead(statuses: readonly MigrationStatus[]): string[] {
  const newest = statuses.findLastIndex(({ file }) => file !== undefined);
  const above = newest < 0 ? [] : statuses.slice(newest + 1);
  return above.filter(({ applied }) => applied !== undefined).map(({ version }) => String(version));
}

/** Where an unfinished migration goes on: undefined where its file cannot be read, or ends before. */
export function nextStatement(
  { file, unfinished }: MigrationStatus,
  script: (step: Step) => Script,
): UnfinishedStatement | undefined {
  if (!file || !unfinished) return undefined;
  try {
    const { path, text, statements } = script({ direction: unfinished.direction, file });
    const statement = statements.at(unfinished.completed);
    if (!statement) return undefined;
    const { line } = locate(path, text, statement.start);
    return { index: unfinished.completed + 1, path, line, summary: summarize(text, statement.start, statement.end) };
  } catch (error) {
    if (error instanceof AmeliaError) return undefined;
    throw error;
  }
}

function unfinishedNote(
  { completed, statements, error, updatedAt, startedAt }: NonNullable<MigrationStatus['unfinished']>,
  next: UnfinishedStatement | undefined,
): string {
  const at = updatedAt ?? startedAt;
  const when = at ? ` on ${at.toISOString().slice(0, 19).replace('T', ' ')} UTC` : '';
  const stopped = error === null ? `last heard of${when}` : `stopped${when}: ${error}`;
  const where = next ? `; next is statement ${next.index}, ${next.path}:${next.line}: ${next.summary}` : '';
  return `${completed} of ${statements} statements completed, ${stopped}${where}`;
}

function differenceNote({ onlyComments, text }: NonNullable<MigrationStatus['difference']>): string {
  if (onlyComments) return 'only comments or white space were changed';
  return text ?? 'its statements were changed';
}

function statusEntry(
  { version, name, state, file, applied, unfinished, difference }: MigrationStatus,
  next: UnfinishedStatement | undefined,
): StatusEntry {
  return {
    version: String(version),
    name,
    state,
    ...(file && { path: file.path }),
    ...(applied?.appliedAt && { appliedAt: applied.appliedAt.toISOString() }),
    ...(applied && applied.durationMs !== null && { durationMs: applied.durationMs }),
    ...(applied?.appliedBy && { appliedBy: applied.appliedBy }),
    ...(applied?.checksum && { checksum: applied.checksum }),
    ...(applied?.toolVersion && { toolVersion: applied.toolVersion }),
    ...(unfinished && { note: unfinishedNote(unfinished, next) }),
    ...(unfinished?.error && { error: unfinished.error }),
    ...(unfinished?.updatedAt && { stoppedAt: unfinished.updatedAt.toISOString() }),
    ...(next && { next }),
    ...(difference && { onlyComments: difference.onlyComments, note: differenceNote(difference) }),
    ...(applied && applied.checksum === null && { note: 'recorded by another program; its checksum is not known' }),
  };
}

/** What the history and its journal had of a migration. */
export function removedRows({ state, applied, unfinished }: MigrationStatus): NonNullable<HistoryChange['removed']> {
  return {
    state,
    ...(applied?.appliedAt && { appliedAt: applied.appliedAt.toISOString() }),
    ...(applied?.appliedBy && { appliedBy: applied.appliedBy }),
    ...(applied?.checksum && { checksum: applied.checksum }),
    ...(unfinished && { completed: unfinished.completed, statements: unfinished.statements }),
  };
}

export function dryRunResult(
  { database, reading }: Connection,
  plan: Plan,
  script: (step: Step) => Script,
): DryRunResult {
  const done = plan.steps.map(({ file: { version, name } }): StepResult => {
    return {
      version: String(version),
      name,
      state: plan.direction === 'up' ? 'applied' : 'rolled-back',
      statements: 0,
      ms: 0,
    };
  });
  const { from, to } = runResult(database, reading.applied, plan.direction, done);
  return {
    database,
    direction: plan.direction,
    from,
    to,
    steps: plan.steps.map((step) => dryRunStep(step, script(step))),
  };
}

function dryRunStep({ file }: Step, script: Script): DryRunStep {
  const locator = new Locator(script.path, script.text);
  const text = Buffer.from(script.text.buffer, script.text.byteOffset, script.text.byteLength);
  return {
    version: String(file.version),
    name: file.name,
    path: script.path,
    transaction: script.transaction,
    statements: Array.from(script.statements, ({ start, end, copyData }) => ({
      location: locator.at(start),
      sql: text.toString('utf8', start, end),
      ...(copyData && { copyBytes: copyData.end - copyData.start }),
    })),
  };
}

function highest(versions: Iterable<bigint>): string | null {
  let max: bigint | null = null;
  for (const version of versions) if (max === null || version > max) max = version;
  return max === null ? null : String(max);
}
