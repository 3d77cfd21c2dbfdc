// `migrate`: applies what is pending, in order; with --dry-run says what that would be.
import { readCount, readVersion } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import { readDuration } from '../config.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ options }: Invocation): Task {
  const { to, outOfOrder, wait, lockWait, maxVictims, dryRun } = options;
  const wanted = {
    ...(to !== undefined && { to: readVersion('--to', to) }),
    ...(outOfOrder !== undefined && { outOfOrder }),
    ...(wait !== undefined && { waitMs: readDuration('--wait', wait) }),
    ...(lockWait !== undefined && { lockWaitMs: readDuration('--lock-wait', lockWait) }),
    ...(maxVictims !== undefined && { maxVictims: readCount('--max-victims', maxVictims) }),
  };
  return async ({ migrator }) => {
    const engine = await migrator();
    if (dryRun) return { answer: { kind: 'dry-run', result: await engine.dryRun(wanted) } };
    return { answer: { kind: 'run', result: await engine.migrate(wanted) } };
  };
}
