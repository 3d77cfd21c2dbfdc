// Decides what to do. Pure: takes how the migrations stand, returns frozen data or throws one error
// that holds every refusal.
import { AmeliaError } from '../errors.ts';
import { gravestFirst, irreversible, isResumable, refuse, requireKnown, words } from './refusals.ts';
import { currentVersion, highest } from './status.ts';
import type { MigrationFile, MigrationState, MigrationStatus, Plan, Step } from './types.ts';

export { gaps } from './gaps.ts';
export { resolve } from './status.ts';

/**
 * What `migrate` applies: all that is pending up to `to`, or was begun and not completed, lowest version
 * first. Throws
 * `plan.unknown-version`, `.unfinished`, `.missing`, `.modified`, `.out-of-order` or
 * `.target-behind`; the migrations above `to` can refuse a plan too.
 */
export function planUp(
  statuses: readonly MigrationStatus[],
  { to, outOfOrder = false }: { readonly to?: bigint; readonly outOfOrder?: boolean } = {},
): Plan {
  if (to !== undefined) requireKnown(statuses, to);
  refuse(statuses, outOfOrder ? ['unfinished', 'missing', 'modified'] : gravestFirst, 'up');
  const steps = statuses
    .filter((status) => isPending(status) && (to === undefined || status.version <= to))
    .map(({ file }): Step => ({ direction: 'up', file: file! }));
  const current = currentVersion(statuses);
  // Some tools go back here, others say that all is well. Neither is what everybody means.
  if (to !== undefined && current !== null && to < current && steps.length === 0) {
    throw new AmeliaError('plan.target-behind', { version: String(to), current: String(current) });
  }
  return freeze({ direction: 'up', steps });
}

/**
 * What `rollback` undoes, highest version first: the newest `steps` (default 1, and never more than
 * there are), or all above `to`; 0 may be a version or none, and stands for all above it. A modified migration can be rolled back: that is how an
 * edited file is tried again. Throws `plan.unfinished`, `.unknown-version`, `.target-ahead` or `.irreversible`.
 */
export function planDown(
  statuses: readonly MigrationStatus[],
  { to, steps = 1 }: { readonly to?: bigint; readonly steps?: number } = {},
): Plan {
  const applied = statuses.filter((status) => status.applied !== undefined).reverse();
  if (to !== undefined && to !== 0n) requireKnown(statuses, to);
  refuse(statuses, ['unfinished'], 'down');
  if (to !== undefined && to !== 0n && !applied.some(({ version }) => version === to)) {
    const current = applied[0]?.version.toString() ?? null;
    throw new AmeliaError('plan.target-ahead', { version: String(to), current });
  }
  const undone = to === undefined ? applied.slice(0, steps) : applied.filter(({ version }) => version > to);
  const refusals = undone.filter(({ file }) => file?.rollbackPath === undefined).map(irreversible);
  if (refusals.length > 0) throw new AmeliaError('plan.irreversible', { refusals });
  return freeze({ direction: 'down', steps: undone.map(({ file }): Step => ({ direction: 'down', file: file! })) });
}

/** The files that `baseline` records as applied: all up to `version`. Throws `plan.unknown-version` or `.history-exists`. */
export function planBaseline(statuses: readonly MigrationStatus[], version: bigint): readonly MigrationFile[] {
  const recorded = statuses.filter(({ applied, unfinished }) => applied ?? unfinished);
  if (recorded.length > 0) {
    const current = String(highest(recorded.map((status) => status.version)));
    throw new AmeliaError('plan.history-exists', { count: recorded.length, current });
  }
  requireKnown(statuses, version);
  return Object.freeze(statuses.filter((status) => status.version <= version).map(({ file }) => file!));
}

/** What has a row that can be removed. */
const recorded: readonly MigrationState[] = ['unfinished', 'applied', 'modified', 'missing'];

/** One row of the history that `repair` changes. */
export interface Repair {
  readonly status: MigrationStatus;
  readonly as: 'accepted' | 'applied' | 'pending';
}

/** What `repair` changes: all that is asked for, or nothing. Throws `plan.unknown-version` or `.nothing-to-repair`. */
export function planRepair(
  statuses: readonly MigrationStatus[],
  {
    acceptModified = [],
    resolve = [],
  }: {
    readonly acceptModified?: readonly bigint[];
    readonly resolve?: readonly { readonly version: bigint; readonly as: 'applied' | 'pending' }[];
  },
): readonly Repair[] {
  const asked = new Set<bigint>();
  const repair = (version: bigint, needed: readonly MigrationState[], as: Repair['as']): Repair => {
    const status = requireKnown(statuses, version);
    const problem = asked.has(version)
      ? 'it is named twice'
      : `it is ${words[status.state]}, not ${needed.map((state) => words[state]).join(' or ')}`;
    if (!needed.includes(status.state) || asked.has(version)) {
      throw new AmeliaError('plan.nothing-to-repair', { version: String(version), problem });
    }
    asked.add(version);
    return Object.freeze({ status, as });
  };
  return Object.freeze([
    ...acceptModified.map((version) => repair(version, ['modified'], 'accepted')),
    ...resolve.map(({ version, as }) => repair(version, as === 'applied' ? ['unfinished'] : recorded, as)),
  ]);
}

function isPending(status: MigrationStatus): boolean {
  return status.state === 'pending' || status.state === 'out-of-order' || isResumable(status, 'up');
}

function freeze({ direction, steps }: Plan): Plan {
  return Object.freeze({ direction, steps: Object.freeze(steps.map((step) => Object.freeze(step))) });
}
