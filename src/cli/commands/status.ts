// `status`: how each migration stands; with --check a gate for scripts.
import { AmeliaError } from '../../errors.ts';
import type { StatusResult } from '../../events.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ options }: Invocation): Task {
  return async ({ migrator }) => {
    const result = await (await migrator()).status();
    const problem = options.check ? problemIn(result) : undefined;
    const answer = { kind: 'status', result } as const;
    return problem === undefined ? { answer } : { answer, failure: new AmeliaError('status.unhealthy', { problem }) };
  };
}

/**
 * What is not as it should be, in one sentence; undefined when everything is applied and healthy. A file of which
 * only comments or white space were changed is healthy.
 */
export function problemIn({ summary, migrations }: Pick<StatusResult, 'summary' | 'migrations'>): string | undefined {
  const harmless = migrations.filter(({ onlyComments }) => onlyComments).length;
  const states = [
    [summary.unfinished, 'unfinished'],
    [summary.modified - harmless, 'modified'],
    [summary.missing, 'missing'],
    [summary.outOfOrder, 'out of order'],
    [summary.pending, 'pending'],
  ] as const;
  const found = states.filter(([n]) => n > 0).map(([n, state]) => `${n} ${n === 1 ? 'is' : 'are'} ${state}`);
  if (found.length === 0) return undefined;
  const last = found.pop() ?? '';
  return `not every migration is applied and healthy: ${found.length === 0 ? last : `${found.join(', ')} and ${last}`}`;
}
