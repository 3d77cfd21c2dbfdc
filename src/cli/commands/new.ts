// `new`: creates the next migration's file, and its rollback's where wanted. Speaks to no database.
import type { Invocation } from '../commands.ts';
import { createMigration, slugOf } from '../create.ts';
import type { Task } from '../run.ts';

export const needs = 'folder';

export function prepare({ args, options }: Invocation): Task {
  const name = slugOf(args[0] ?? '');
  const { timestamp = false, withRollback = false, transaction = true } = options;
  return async ({ folder }) => ({
    answer: { kind: 'created', result: await createMigration({ folder, name, timestamp, withRollback, transaction }) },
  });
}
