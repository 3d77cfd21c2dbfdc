// `baseline`: records versions as applied without running them, on a database that has no history.
import { readVersion } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ args }: Invocation): Task {
  const version = readVersion('VERSION', args[0] ?? '');
  return async ({ migrator }) => ({ answer: { kind: 'history', result: await (await migrator()).baseline(version) } });
}
