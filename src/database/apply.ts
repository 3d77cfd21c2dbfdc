// Runs migrations in order and says what became of each: several transactional ones in flight, a
// non-transactional one by itself. Stops at the first that does not complete; never decides what runs.
import { fly } from './flight.ts';
import type { ApplyContext, Outcome, Work } from './work.ts';
import { walk } from './stepwise.ts';

/** A second try when the server did not hear the first, and the moment to give up on the session. */
const cancelAgainMs = 300;
const giveUpMs = 1500;

/** Runs `works` until one does not complete or the signal is raised, telling the outcome of each. */
export async function apply(
  context: ApplyContext,
  works: readonly Work[],
  tell: (work: Work, outcome: Outcome) => void,
): Promise<void> {
  const stop = cancelOnAbort(context);
  try {
    for (const group of groups(works)) {
      if (context.signal?.aborted) return;
      const [first] = group;
      if (first?.script.transaction === false) {
        const outcome = await walk(context, first);
        tell(first, outcome);
        if (outcome.error) return;
      } else if (!(await fly(context, group, tell))) return;
    }
  } finally {
    stop();
  }
}

/** What may be in flight together: new migrations, whose records can check that those before them are there. */
function groups(works: readonly Work[]): Work[][] {
  const together = ({ direction, version, expected, script }: Work) =>
    direction === 'up' && script.transaction && version > expected.above;
  const grouped: Work[][] = [];
  for (const [i, work] of works.entries()) {
    const before = works[i - 1];
    if (before && together(before) && together(work)) grouped.at(-1)?.push(work);
    else grouped.push([work]);
  }
  return grouped;
}

/** Cancels what runs when the signal is raised, again if need be, and at last gives the session up. */
function cancelOnAbort({ session, signal }: ApplyContext): () => void {
  const timers: NodeJS.Timeout[] = [];
  const cancel = () => {
    void session.cancel();
    timers.push(setInterval(() => void session.cancel(), cancelAgainMs));
    timers.push(setTimeout(() => void session.close(0), giveUpMs));
  };
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return () => {
    signal?.removeEventListener('abort', cancel);
    for (const timer of timers) clearTimeout(timer);
  };
}
