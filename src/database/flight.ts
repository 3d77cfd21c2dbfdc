// Transactional migrations, several in flight. Nothing after a failure can take effect: the statements
// of an aborted transaction fail, the COMMIT of its record is not reached, and each record is only
// written when those before it are there.
import { setTimeout as sleep } from 'node:timers/promises';
import { begin, finish } from './envelope.ts';
import { isServerError } from './driver.ts';
import { Run, type ApplyContext, type Outcome, type Work } from './run.ts';

const mostInFlight = 256;
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
  const { session, signal } = context;
  let at = 0;
  let tries = 0;
  while (at < works.length) {
    const { landed, flying } = await send(context, works.slice(at), tell);
    const [failed] = flying;
    at += landed;
    if (landed > 0) tries = 0;
    if (failed === undefined) return at === works.length; // or interrupted between two
    if (session.lost) {
      flying.forEach((run, i) => tell(run.work, run.end(lostState(run), i === 0 ? run.error() : undefined)));
      return false;
    }
    await session.query('ROLLBACK').catch(() => {});
    const { failure } = failed;
    const again = failure && !signal?.aborted && passes(context, failure.error);
    if (!again || tries >= context.retries) {
      tell(failed.work, failed.end(failed.begun ? undone(failed.work) : 'not-run', failed.error()));
      return false;
    }
    const pauseMs = Math.round(Math.min(firstPauseMs * 2 ** tries++, longestPauseMs) * (0.75 + Math.random() / 2));
    const reason = failed.error().message;
    const version = String(failed.work.version);
    context.emit({ type: 'retrying', version, attempt: tries, attempts: context.retries, pauseMs, reason });
    await sleep(pauseMs, undefined, signal && { signal }).catch(() => {});
  }
  return true;
}

/** Nothing is wrong with the migration: it could not get a lock, or gave way to those who waited behind it. */
function passes({ watch }: ApplyContext, error: unknown): boolean {
  if (!isServerError(error)) return false;
  const gaveWay = watch?.gaveWay === true && error.code === '57014';
  if (watch) watch.gaveWay = false;
  return gaveWay || passing.has(error.code);
}

/** Sends as many as fit, telling of each that is done. What is still flying at the end failed, the first by itself. */
async function send(
  context: ApplyContext,
  works: readonly Work[],
  tell: (work: Work, outcome: Outcome) => void,
): Promise<{ landed: number; flying: Run[] }> {
  let flying: Run[] = [];
  let landed = 0;
  let before: Run | undefined;
  for (const work of works) {
    const run = new Run(context, work, { before, onDone: () => tell(work, run.end(doneState(work))) });
    if (!run.goesOn) break;
    flying.push(run);
    before = run;
    run.send('begin', begin(context, work.script));
    await run.statements();
    if (run.goesOn) run.record(finish(context, work, null));
    // Not one by one: each would cost a round trip again.
    if (flying.length >= mostInFlight) await flying[mostInFlight / 2]?.settled();
    const still = flying.filter(({ done }) => !done);
    landed += flying.length - still.length;
    flying = still;
  }
  await before?.settled(); // what is in flight behind a failure fails with it
  const still = flying.filter(({ done }) => !done);
  return { landed: landed + flying.length - still.length, flying: still };
}

/** What a step is called that did what it was to do. */
export function doneState({ direction }: Work): 'applied' | 'rolled-back' {
  return direction === 'up' ? 'applied' : 'rolled-back';
}

/** A rollback that was undone leaves its migration as it was: not run. */
export function undone({ direction }: Work): 'rolled-back' | 'not-run' {
  return direction === 'up' ? 'rolled-back' : 'not-run';
}

/** Without the COMMIT the server rolls back by itself; with it, only the database knows. */
function lostState(run: Run): 'unknown' | 'rolled-back' | 'not-run' {
  if (run.recordSent) return 'unknown';
  return run.begun ? undone(run.work) : 'not-run';
}
