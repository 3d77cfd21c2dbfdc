// Answers that were lost with their session: the history is asked, under the lock, so that no claim is a guess.
import type { Connection } from './database/connection.ts';
import { interruption } from './database/failure.ts';
import type { HistoryReading } from './database/history.ts';
import { displayTable } from './database/identifiers.ts';
import type { Work } from './database/work.ts';
import { AmeliaError } from './errors.ts';
import type { StepResult } from './events.ts';
import type { Workspace } from './workspace.ts';

/** What became of the `unknown` ones of the steps; answers what failed, if anything did. */
export async function settleLost(
  workspace: Workspace,
  lost: Connection,
  steps: Map<Work, StepResult>,
  failure: AmeliaError | undefined,
): Promise<AmeliaError | undefined> {
  const unknown = [...steps].filter(([, { state }]) => state === 'unknown');
  const [first] = unknown;
  if (first === undefined) return failure;
  try {
    await lost.close();
    const { applied, unfinished } = await workspace.lookUp();
    const recorded = versionsOf(applied);
    const journalled = versionsOf(unfinished);
    let begun = true;
    for (const [work, step] of unknown) {
      const up = work.direction === 'up';
      const took = recorded.has(work.version) === up;
      // A part of it is there: neither applied nor rolled back, and the next run goes on with it.
      if (!took && journalled.has(work.version)) continue;
      const undone = up && begun ? 'rolled-back' : 'not-run';
      steps.set(work, { ...step, state: took ? (up ? 'applied' : 'rolled-back') : undone });
      begun &&= took;
    }
    // All that was asked for is there: only its answer was lost.
    const done = [...steps].every(
      ([{ direction }, { state }]) => state === (direction === 'up' ? 'applied' : 'rolled-back'),
    );
    return done ? undefined : failure;
  } catch (cause) {
    const version = String(first[0].version);
    const { signal } = workspace.settings;
    if (signal?.aborted) {
      return interruption(signal, { unknown: `whether ${version} was committed is not known`, cause });
    }
    const facts = { version, reason: failure?.message ?? 'no answer' };
    return new AmeliaError('apply.outcome-unknown', facts, { cause });
  }
}

/** Whether a change of the history took place whose answer was lost. */
export async function isChanged(workspace: Workspace, lost: Connection, before: HistoryReading): Promise<boolean> {
  const { signal } = workspace.settings;
  try {
    await lost.close();
    return rowsOf(await workspace.lookUp()) !== rowsOf(before);
  } catch (cause) {
    const unknown = 'whether the history was changed is not known';
    if (signal?.aborted) throw interruption(signal, { unknown, cause });
    throw new AmeliaError('history.outcome-unknown', { table: displayTable(before.table) }, { cause });
  }
}

function versionsOf(rows: readonly { readonly version: bigint }[]): ReadonlySet<bigint> {
  return new Set(rows.map(({ version }) => version));
}

function rowsOf({ applied, unfinished }: HistoryReading): string {
  return JSON.stringify([applied, unfinished], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
