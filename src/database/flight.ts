// Transactional migrations, several in flight. Nothing after a failure can take effect: the statements
// of an aborted transaction fail, the COMMIT of its record is not reached, and each record is only
// written where those before it were. Most commits do not wait for the disk; what they did is told
// when one that waited came after them.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAmeliaError, type AmeliaError } from '../errors.ts';
import type { MigratorEvent } from '../events.ts';
import { Durability, insist } from './durability.ts';
import { begin, finish, readOnlyOutside } from './envelope.ts';
import { isFatal, isServerError } from './server-error.ts';
import type { Script } from '../migration/types.ts';
import { Run } from './run.ts';
import type { ApplyContext, Outcome, Work } from './work.ts';

const mostInFlight = 256;
/** Of so many commits one waits for the disk, as does one that more statements than these come behind. */
const commitsAtOnce = 64;
const mostShortStatements = 20;
/** A longer text is not searched. */
const mostPlainBytes = 64 * 1024;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

/** What the failed transaction took nothing from: lock_not_available, deadlock_detected, serialization_failure. */
const passing = new Set(['55P03', '40P01', '40001']);

/**
 * Runs `works` in order and tells the outcome of each; stops at the first that does not complete, after
 * trying it again when all it lacked was a lock. Returns true when all are done.
 */
export async function fly(
  context: ApplyContext,
  works: readonly Work[],
  tell: (work: Work, outcome: Outcome) => void,
): Promise<boolean> {
  const { signal } = context;
  let at = 0;
  let tries = 0;
  while (at < works.length) {
    const { untold, lost } = await send(context, works.slice(at), (work, outcome) => {
      at++;
      tries = 0;
      tell(work, outcome);
    });
    const [failed] = untold;
    if (failed === undefined) return at === works.length; // or interrupted between two
    if (lost) {
      // The first may have committed: what went wrong, then, is another's, or that nobody can say so.
      const guilty = signal?.aborted ? failed : untold.find((run) => run.failure);
      const error = guilty?.error() ?? lost;
      const refused = untold.some(({ failure }) => isServerError(failure?.error) && !isFatal(failure.error));
      untold.forEach((run, i) => tell(run.work, run.end(lostState(run, refused), i === 0 ? error : undefined)));
      return false;
    }
    const { failure } = failed;
    const again = failure && !signal?.aborted && passes(context, failure.error);
    if (!again || tries >= context.retries) {
      await failed.explain();
      const error = failed.error();
      const known = isAmeliaError(error, 'apply.transaction-lost') ? 'unknown' : undone(failed.work);
      tell(failed.work, failed.end(failed.begun ? known : 'not-run', error));
      return false;
    }
    await pause(context, failed, ++tries);
  }
  return true;
}

/** Nothing is wrong with the migration: it could not get a lock, or gave way to those who waited behind it. */
export function passes({ watch }: ApplyContext, error: unknown): boolean {
  if (!isServerError(error)) return false;
  const gaveWay = watch?.gaveWay === true && error.code === '57014';
  if (watch) watch.gaveWay = false;
  return gaveWay || passing.has(error.code);
}

/** Before that attempt at what failed, from 1. */
export async function pause({ emit, retries, signal }: ApplyContext, failed: Run, attempt: number): Promise<void> {
  const pauseMs = Math.round(Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs) * (0.75 + Math.random() / 2));
  const reason = failed.error().message;
  emit({ type: 'retrying', version: String(failed.work.version), attempt, attempts: retries, pauseMs, reason });
  await sleep(pauseMs, undefined, signal && { signal }).catch(() => {});
}

/**
 * Sends them all, telling of each that is done, and for good. What is untold in the end failed, the first by
 * itself; or, where the session is `lost`, only the database knows.
 */
async function send(
  context: ApplyContext,
  works: readonly Work[],
  tell: (work: Work, outcome: Outcome) => void,
): Promise<{ untold: readonly Run[]; lost: AmeliaError | undefined }> {
  const { session, watch, pooled } = context;
  const durability = new Durability();
  const emit = (event: MigratorEvent) =>
    durability.tell(() => context.emit(event), { isClaim: event.type === 'migration-finished' });
  if (watch) watch.durability = durability;
  const untold = new Set<Run>();
  const flight = { failed: false };
  let flying: Run[] = [];
  let previous: Run | undefined;
  // Stands for the mark of the one before the first.
  const opened = randomUUID();
  for (const [i, work] of works.entries()) {
    // Behind a pooler nothing may be left in the session: there, each waits for its BEGIN, and counts the records.
    const after = pooled ? undefined : (previous?.mark ?? opened);
    const run: Run = new Run({ ...context, emit }, work, {
      flight,
      after,
      onDone: ({ rows: [row] }) => {
        durability.committed({ waited: row?.['synchronous_commit'] !== 'off' });
        const outcome = run.end(doneState(work));
        const told = () => {
          untold.delete(run);
          tell(work, outcome);
        };
        durability.tell(told, { isClaim: true });
      },
    });
    if (!run.goesOn) break;
    untold.add(run);
    flying.push(run);
    if (after === opened) run.send('journal', readOnlyOutside(opened));
    run.send('begin', begin(context, work.script, run.mark));
    if (pooled) await run.settled();
    await run.statements();
    // Without a watch, nobody could make what has committed durable while a later statement takes long.
    const followed =
      watch !== undefined &&
      isShort(works[i + 1]) &&
      (i + 1) % commitsAtOnce !== 0 &&
      !maySpeakOf(context.table.table, work.script);
    const leads = !pooled && i + 1 < works.length;
    if (run.goesOn) run.record(finish(context, work, { mark: run.mark, after, leads, followed }));
    previous = run;
    // Not one by one: each would cost a round trip again.
    if (flying.length >= mostInFlight) await flying[mostInFlight / 2]?.settled();
    flying = flying.filter(({ done }) => !done);
  }
  await flying.at(-1)?.settled(); // what is in flight behind a failure fails with it
  const allDone = !previous || (previous.work === works.at(-1) && flying.every(({ done }) => done));
  try {
    if (!allDone) await insist(session, pooled ? 'ROLLBACK' : 'ROLLBACK; RESET ALL');
    await durability.settle(session);
  } catch {
    // A server that does not do that much is not asked for more.
    await session.close(0);
  }
  if (session.lost) durability.forsake();
  return { untold: [...untold], lost: session.lost };
}

/** What is long is not what a commit before it waits to be told for. */
function isShort(work: Work | undefined): boolean {
  return work !== undefined && work.script.statements.length <= mostShortStatements;
}

/** A dump often ends with the rows of a history: whether they are in the way is to be known at once. */
function maySpeakOf(table: string, script: Script): boolean {
  const { statements } = script;
  const end = statements.at(statements.length - 1)?.end ?? 0;
  return end > mostPlainBytes || script.reader().read(0, end).toString().toLowerCase().includes(table.toLowerCase());
}

/** What a step is called that did what it was to do. */
export function doneState({ direction }: Work): 'applied' | 'rolled-back' {
  return direction === 'up' ? 'applied' : 'rolled-back';
}

/** A rollback that was undone leaves its migration as it was: not run. */
export function undone({ direction }: Work): 'rolled-back' | 'not-run' {
  return direction === 'up' ? 'rolled-back' : 'not-run';
}

/**
 * Without the COMMIT the server rolls back by itself, and once it has `refused` one of them, what had not
 * committed by then never will; otherwise only the database knows.
 */
function lostState(run: Run, refused: boolean): 'unknown' | 'rolled-back' | 'not-run' {
  if (run.done || (run.recordSent && !refused)) return 'unknown';
  return run.begun ? undone(run.work) : 'not-run';
}
