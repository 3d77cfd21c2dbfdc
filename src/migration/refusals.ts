// Why a plan is refused, in words that a person can act on.
import { AmeliaError, type ErrorFacts } from '../errors.ts';
import { currentVersion } from './status.ts';
import type { Direction, MigrationState, MigrationStatus } from './types.ts';

type Refusal = ErrorFacts<'plan.irreversible'>['refusals'][number];
type Note = NonNullable<ErrorFacts<'plan.modified'>['notes']>[number];

/** The states in words. */
export const words: Record<MigrationState, string> = {
  applied: 'applied',
  pending: 'pending',
  modified: 'modified',
  missing: 'missing',
  'out-of-order': 'out of order',
  unfinished: 'unfinished',
};

/** What can refuse a plan. */
export const gravestFirst = ['unfinished', 'missing', 'modified', 'out-of-order'] as const;
type Refused = (typeof gravestFirst)[number];

/** True for a modified migration whose statements are what was applied. */
export const onlyCommentsDiffer = ({ state, difference }: MigrationStatus): boolean =>
  state === 'modified' && difference?.onlyComments === true;

/** True for an unfinished migration, or rollback, that a run in that direction can go on with. */
export function isResumable({ state, file, unfinished }: MigrationStatus, direction: Direction): boolean {
  if (state !== 'unfinished' || unfinished?.direction !== direction) return false;
  return direction === 'up' ? file !== undefined : file?.rollbackPath !== undefined;
}

/**
 * Throws one error for everything in these states that a run in that direction cannot go on with: its
 * code is the gravest's, the rest are its `others`.
 */
export function refuse(statuses: readonly MigrationStatus[], states: readonly Refused[], direction: Direction): void {
  const [first, ...others] = states
    .map((state) => ({
      state,
      refused: statuses.filter(
        (status) => status.state === state && !isResumable(status, direction) && !onlyCommentsDiffer(status),
      ),
    }))
    .filter(({ refused }) => refused.length > 0);
  if (first === undefined) return;
  const refusals = first.refused.map((status) => refusal(status, statuses));
  const besides = others.flatMap(({ refused }) => refused.map((status) => refusal(status, statuses)));
  const notes = [first, ...others].flatMap(({ refused }) => refused.flatMap(noteOf));
  throw new AmeliaError(`plan.${first.state}`, {
    refusals,
    ...(besides.length > 0 && { others: besides }),
    ...(notes.length > 0 && { notes }),
  });
}

function refusal(status: MigrationStatus, statuses: readonly MigrationStatus[]): Refusal {
  return { version: String(status.version), name: status.name, reason: reasonOf(status, statuses) };
}

/** What was changed in a modified one. */
function noteOf({ version, difference }: MigrationStatus): Note[] {
  return difference?.text === undefined ? [] : [{ label: String(version), text: difference.text }];
}

function reasonOf(status: MigrationStatus, all: readonly MigrationStatus[]): string {
  const { version, state, unfinished, applied, fileChecksum } = status;
  switch (state) {
    case 'unfinished':
      return `${unfinished?.completed} of ${unfinished?.statements} statements ${unfinished?.direction === 'down' ? 'of its rollback ' : ''}completed, then it stopped`;
    case 'missing': {
      const ahead = all.every(({ file }) => file === undefined || file.version < version);
      return ahead
        ? 'applied to this database, and newer than every file here: the database is ahead of this folder'
        : 'applied to this database, but its file is gone';
    }
    case 'modified':
      return `the file is not what was applied${on(applied?.appliedAt)} (then ${short(applied?.checksum)}, now ${short(fileChecksum)})`;
    case 'out-of-order':
      return `not applied, though ${String(currentVersion(all))} is`;
    case 'applied':
    case 'pending':
      return words[state];
  }
}

function on(date: Date | null | undefined): string {
  return date ? ` on ${date.toISOString().slice(0, 10)}` : '';
}

function short(checksum: string | null | undefined): string {
  return (checksum ?? '').replace(/^(\w+:[0-9a-f]{12})[0-9a-f]+$/, '$1…');
}

/** Why an applied migration cannot be rolled back. */
export function irreversible({ version, name, file }: MigrationStatus): Refusal {
  const reason = file ? `there is no ${file.path.replace(/\.sql$/i, '.down.sql')}` : 'its files are missing';
  return { version: String(version), name, reason };
}

/** The status of that version. Throws `plan.unknown-version`, which names its neighbours. */
export function requireKnown(statuses: readonly MigrationStatus[], version: bigint): MigrationStatus {
  const status = statuses.find((candidate) => candidate.version === version);
  if (status !== undefined) return status;
  const below = statuses.findLast((candidate) => candidate.version < version);
  const above = statuses.find((candidate) => candidate.version > version);
  const nearest = [below, above].flatMap((near) =>
    near ? [`${near.version}${near.name ? ` ${near.name}` : ''}`] : [],
  );
  const known = nearest.length === 0 ? 'there are no migrations at all' : `the nearest: ${nearest.join(' and ')}`;
  throw new AmeliaError('plan.unknown-version', { version: String(version), known });
}
