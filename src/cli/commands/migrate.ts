// `migrate`: applies what is pending, in order; with --dry-run says what that would be.
import { AmeliaError, isAmeliaError } from '../../errors.ts';
import { readCount, readVersion } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import { readDuration } from '../config.ts';
import type { Task } from '../run.ts';
import { problemIn } from './verify.ts';

export const needs = 'database';

export function prepare({ options }: Invocation): Task {
  const { to, outOfOrder, ignoreForeignHistory, wait, lockWait, maxVictims, lockRetries, dryRun } = options;
  const wanted = {
    ...(to !== undefined && { to: readVersion('--to', to) }),
    ...(outOfOrder !== undefined && { outOfOrder }),
    ...(ignoreForeignHistory !== undefined && { ignoreForeignHistory }),
    ...(wait !== undefined && { waitMs: readDuration('--wait', wait) }),
    ...(lockWait !== undefined && { lockWaitMs: readDuration('--lock-wait', lockWait) }),
    ...(lockRetries !== undefined && { lockRetries: readCount('--lock-retries', lockRetries, 0) }),
    ...(maxVictims !== undefined && { maxVictims: readCount('--max-victims', maxVictims, 0) }),
  };
  return async ({ migrator }) => {
    const engine = await migrator();
    if (dryRun) return { answer: { kind: 'dry-run', result: await engine.dryRun(wanted) } };
    const result = await engine.migrate(wanted);
    if (!options.verify) return { answer: { kind: 'run', result } };
    const verified = await engine.verify().catch((error: unknown) => {
      // What was applied stays, and the error says it.
      throw isAmeliaError(error) ? error.withResult(result) : error;
    });
    const problem = problemIn(verified, false);
    const answer = { kind: 'run', result, verified } as const;
    return problem === undefined
      ? { answer }
      : { answer, failure: new AmeliaError('verify.failed', { problem }, { result }) };
  };
}
