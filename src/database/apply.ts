// Runs migrations in order and says what became of each: several transactional ones in flight, a
// non-transactional one by itself. Stops at the first that does not complete; never decides what runs.
import { fly } from './flight.ts';
import type { ApplyContext, Outcome, Work } from './work.ts';
import { walk } from './stepwise.ts';

/** Runs `works` until one does not complete or the signal is raised, telling the outcome of each. */
export async function apply(
  context: ApplyContext,
  works: readonly Work[],
  tell: (work: Work, outcome: Outcome) => void,
): Promise<void> {
  for (const group of groups(works)) {
    if (context.signal?.aborted) return;
    const [first] = group;
    if (first?.script.transaction === false) {
      const outcome = await walk(context, first);
      tell(first, outcome);
      if (outcome.error) return;
    } else if (!(await fly(context, group, tell))) return;
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
