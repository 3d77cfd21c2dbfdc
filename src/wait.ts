// Waits until the database is there, and at a version: looks, leaves, and looks again after a pause, so that
// many can wait for one server. Never writes, never keeps a session between two looks, prints nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './database/connection.ts';
import { interruption, unexpectedFailure } from './database/failure.ts';
import { Session } from './database/session.ts';
import type { ConnectionTarget } from './database/target.ts';
import { AmeliaError, isAmeliaError } from './errors.ts';
import type { WaitResult, WaitSeen } from './events.ts';
import type { HistoryReading } from './database/history.ts';
import { readPiece } from './migration/discover.ts';
import { Folder } from './migration/folder.ts';
import { highest, withoutFilled } from './migration/status.ts';
import { isOfEmptyFile } from './migration/template.ts';
import type { AppliedMigration } from './migration/types.ts';
import type { MigratorSettings, WaitForOptions } from './options.ts';
import type { Workspace } from './workspace.ts';

const defaultTimeoutMs = 300_000;
const firstPauseMs = 250;
const longestPauseMs = 5000;
/** What did not change is told again after so long. */
const tellAgainMs = 30_000;
/** Each look is given so long at least, however little time is left. */
const shortestLookMs = 1000;

/**
 * Looks until the wanted versions are applied, or the time is over: `state` says which. A database that is ahead
 * is as good as one that is there. Waits for what another can mend (a server that does not answer, a database or a
 * grant that is missing); throws at once for what only this configuration can: `session.authentication`,
 * `session.tls`, `session.row-security`, `config.*`, `history.*`, `discover.*`, `wait.*`; when aborted, `apply.interrupted`.
 */
export async function waitFor(
  workspace: Workspace,
  { target, timeoutMs = defaultTimeoutMs }: WaitForOptions,
): Promise<WaitResult> {
  const { database, signal } = workspace.settings;
  if (!('target' in database))
    throw new AmeliaError('wait.embedded', { dir: 'embedded' in database ? database.embedded : 'memory' });
  const server = database.target;
  const folder = target === 'head' ? folderOf(workspace.settings) : undefined;
  const named = target === undefined || target === 'head' ? [] : [target];
  const wanted = folder ? folder.files.map(({ version }) => version) : named;
  const wantedText = highest(wanted)?.toString() ?? null;
  const begun = performance.now();
  let pauseMs = firstPauseMs;
  let told = { key: '', at: 0 };
  for (;;) {
    const left = () => timeoutMs - (performance.now() - begun);
    const found = await look(workspace, server, { wanted, folder }, Math.max(left(), shortestLookMs));
    const waitedMs = Math.round(performance.now() - begun);
    const result = { target: wantedText, waitedMs, ...found };
    if (found.seen.state === 'reached' || left() <= 0) return result;
    const key = JSON.stringify(found.seen);
    if (key !== told.key || waitedMs - told.at >= tellAgainMs) {
      workspace.emit({ type: 'waiting', seen: found.seen, target: wantedText, waitedMs });
      told = { key, at: waitedMs };
    }
    // Half of it by chance: those who began together shall not come back together.
    await sleep(Math.min(pauseMs * (0.5 + Math.random() / 2), Math.max(left(), 0)), undefined, {
      signal,
    }).catch(() => {});
    if (signal?.aborted) throw interruption(signal);
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
  }
}

function folderOf(settings: MigratorSettings): Folder {
  const { migrations } = settings;
  const folder = Folder.open(migrations, settings);
  if (folder.files.length === 0) throw new AmeliaError('wait.no-head', { path: migrations });
  // A folder that is not whole is not the one that was meant.
  for (const { path } of folder.files) readPiece(path, 0, 1);
  return folder;
}

/** The versions that are waited for, and the folder that they were taken from. */
interface Wanted {
  readonly wanted: readonly bigint[];
  readonly folder: Folder | undefined;
}

type Look = Pick<WaitResult, 'seen' | 'database'>;

/** One session, one look. What keeps us waiting is an answer, not an error. */
async function look(workspace: Workspace, server: ConnectionTarget, versions: Wanted, withinMs: number): Promise<Look> {
  const { signal } = workspace.settings;
  const deadline = AbortSignal.timeout(Math.ceil(withinMs));
  const until = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  try {
    if (versions.wanted.length === 0) return await knock(server, until);
    const connection = await workspace.open({ signal: until });
    try {
      return { seen: await judge(workspace, connection, versions), database: connection.database };
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (signal?.aborted) throw interruption(signal);
    const failure = unexpectedFailure(error);
    const reason = deadline.aborted ? `no answer within ${Math.round(withinMs / 100) / 10} s` : undefined;
    if (reason === undefined && !isPassing(failure)) throw failure;
    // What to do about a server that is not there, the report knows.
    const hint = reason === undefined && isAmeliaError(failure, 'session.privilege') ? failure.hint : undefined;
    return {
      seen: { state: 'unreachable', reason: reason ?? (failure as AmeliaError).message, ...(hint && { hint }) },
    };
  }
}

/** Whether it lets us in and answers. */
async function knock(target: ConnectionTarget, signal: AbortSignal): Promise<Look> {
  const { session, answer } = await Session.open(target, 'SELECT 1', { signal });
  try {
    await answer;
    return { seen: { state: 'reached', current: null }, database: session.database };
  } finally {
    await session.close();
  }
}

async function judge(workspace: Workspace, connection: Connection, { wanted, folder }: Wanted): Promise<WaitSeen> {
  const { unfinished } = connection.reading;
  const applied = appliedOf(connection.reading, () => folder ?? readableFolder(workspace.settings));
  const versions = new Set(applied.map(({ version }) => version));
  const target = highest(wanted) ?? 0n;
  const current = highest(versions)?.toString() ?? null;
  const open = unfinished.filter(({ version }) => version <= target).map(({ version }) => String(version));
  const missing = wanted.filter((version) => !versions.has(version)).map(String);
  if (missing.length === 0 && open.length === 0) return { state: 'reached', current };
  const running = await workspace.lockHolder(connection);
  return { state: 'behind', current, missing, unfinished: open, running };
}

/** The rows that count, as in `status`; the folder is only looked at where there may be one that does not. */
function appliedOf(reading: HistoryReading, open: () => Folder | undefined): readonly AppliedMigration[] {
  const ofEmpty = reading.applied.filter(
    ({ checksum, name }) => checksum !== null && isOfEmptyFile(checksum, name ?? ''),
  );
  const folder = ofEmpty.length === 0 ? undefined : open();
  if (folder === undefined) return reading.applied;
  const sums = folder.checksums({ applied: ofEmpty, unfinished: [] });
  return withoutFilled(folder.files, sums, reading);
}

/** Undefined where there is none: who waits for one version needs no folder. */
function readableFolder(settings: MigratorSettings): Folder | undefined {
  try {
    return Folder.open(settings.migrations, settings);
  } catch {
    return undefined;
  }
}

/** What may be over the next time, without anybody changing how this command was called. */
function isPassing(error: unknown): error is AmeliaError {
  if (!isAmeliaError(error) || isAmeliaError(error, 'session.authentication')) return false;
  return (
    error.code.startsWith('session.') &&
    !['session.tls', 'session.channel-binding', 'session.row-security'].includes(error.code)
  );
}
