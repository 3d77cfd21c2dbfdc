// `repair`: the only command that rewrites history, row by row as it is told.
import { AmeliaError } from '../../errors.ts';
import type { RepairOptions } from '../../options.ts';
import { readVersion } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ options }: Invocation): Task {
  const acceptModified = (options.acceptModified ?? []).map((value) => readVersion('--accept-modified', value));
  const resolve = (options.resolve ?? []).map(readResolution);
  if (acceptModified.length + resolve.length === 0) {
    throw new AmeliaError('usage.invalid', {
      problem: 'nothing is named that is to be repaired',
      hint: 'see amelia-db status, then --accept-modified VERSION or --resolve VERSION=applied (or =pending)',
    });
  }
  refuseTwice([...acceptModified, ...resolve.map(({ version }) => version)]);
  const wanted = { acceptModified, resolve };
  return async ({ migrator }) => ({ answer: { kind: 'history', result: await (await migrator()).repair(wanted) } });
}

function readResolution(value: string): NonNullable<RepairOptions['resolve']>[number] {
  const equals = value.indexOf('=');
  const as = value.slice(equals + 1);
  if (equals < 0 || (as !== 'applied' && as !== 'pending')) {
    throw new AmeliaError('usage.invalid', {
      problem: `--resolve: ${JSON.stringify(value)} is not VERSION=applied or VERSION=pending`,
      hint: 'applied: what the migration does is in the database; pending: it is not, and migrate is to run it again',
    });
  }
  return { version: readVersion('--resolve', value.slice(0, equals)), as };
}

function refuseTwice(versions: readonly bigint[]): void {
  const twice = versions.find((version, index) => versions.indexOf(version) !== index);
  if (twice === undefined) return;
  throw new AmeliaError('usage.invalid', {
    problem: `version ${twice} is named twice`,
    hint: 'name each version once',
  });
}
