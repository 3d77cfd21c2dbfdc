// `wait`: returns when the database is there, and at a version; exit 7 when it is not in time.
import { AmeliaError } from '../../errors.ts';
import { waitingHint, waitingText } from '../../report/wait.ts';
import { readVersion } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import { readDuration } from '../config.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ options }: Invocation): Task {
  const { for: target, timeout } = options;
  const wanted = {
    ...(target !== undefined && { target: target === 'head' ? ('head' as const) : readVersion('--for', target) }),
    ...(timeout !== undefined && { timeoutMs: readDuration('--timeout', timeout) }),
  };
  return async ({ migrator }) => {
    const result = await (await migrator()).wait(wanted);
    const answer = { kind: 'wait', result } as const;
    if (result.seen.state === 'reached') return { answer };
    const facts = { waitedMs: result.waitedMs, seen: waitingText(result), hint: waitingHint(result) };
    return { answer, failure: new AmeliaError('wait.timeout', facts) };
  };
}
