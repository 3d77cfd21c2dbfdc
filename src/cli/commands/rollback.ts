// `rollback`: runs the rollbacks of the newest applied migrations, newest first.
import { AmeliaError } from '../../errors.ts';
import { readCount, readVersion } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ options }: Invocation): Task {
  const { steps, to } = options;
  if (steps !== undefined && to !== undefined) {
    throw new AmeliaError('usage.invalid', {
      problem: '--steps and --to exclude each other',
      hint: '--steps says how many to roll back, --to the version that stays',
    });
  }
  const wanted = {
    ...(steps !== undefined && { steps: readCount('--steps', steps) }),
    ...(to !== undefined && { to: readVersion('--to', to) }),
  };
  return async ({ migrator }) => ({ answer: { kind: 'run', result: await (await migrator()).rollback(wanted) } });
}
