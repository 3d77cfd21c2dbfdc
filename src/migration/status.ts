// How each migration stands, folder against history. Pure.
import { isOfEmptyFile } from './template.ts';
import type { AppliedMigration, History, MigrationFile, MigrationState, MigrationStatus } from './types.ts';

/**
 * How every known migration stands, lowest version first. `checksums` holds those of the files; one
 * that is not there counts as unchanged, as does a row that has no checksum (another program wrote it).
 */
export function resolve(
  files: readonly MigrationFile[],
  checksums: ReadonlyMap<bigint, string>,
  history: History,
): MigrationStatus[] {
  const fileOf = byVersion(files);
  const appliedOf = byVersion(withoutFilled(files, checksums, history));
  const unfinishedOf = byVersion(history.unfinished);
  const current = highest(appliedOf.keys());
  const versions = new Set([...fileOf.keys(), ...appliedOf.keys(), ...unfinishedOf.keys()]);
  return [...versions].sort(ascending).map((version): MigrationStatus => {
    const file = fileOf.get(version);
    const fileChecksum = checksums.get(version);
    const applied = appliedOf.get(version);
    const unfinished = unfinishedOf.get(version);
    const state = (): MigrationState => {
      if (unfinished) return 'unfinished';
      if (!applied) return current !== null && version < current ? 'out-of-order' : 'pending';
      if (!file) return 'missing';
      const comparable = applied.checksum !== null && fileChecksum !== undefined;
      return comparable && applied.checksum !== fileChecksum ? 'modified' : 'applied';
    };
    return {
      version,
      name: file?.name ?? applied?.name ?? unfinished?.name ?? null,
      state: state(),
      ...(file && { file }),
      ...(fileChecksum !== undefined && { fileChecksum }),
      ...(applied && { applied }),
      ...(unfinished && { unfinished }),
    };
  });
}

/**
 * The rows of the history but for those of files that were empty when they were recorded, and have been filled in
 * since: nothing of them was ever run.
 */
export function withoutFilled(
  files: readonly MigrationFile[],
  checksums: ReadonlyMap<bigint, string>,
  { applied }: History,
): readonly AppliedMigration[] {
  const fileOf = byVersion(files);
  const isFilled = ({ version, name, checksum }: AppliedMigration): boolean => {
    const now = checksums.get(version);
    if (checksum === null || now === undefined || now === checksum) return false;
    return isOfEmptyFile(checksum, name ?? fileOf.get(version)?.name ?? '');
  };
  return applied.some(isFilled) ? applied.filter((row) => !isFilled(row)) : applied;
}

/** The highest applied version; null where nothing is applied. */
export function currentVersion(statuses: readonly MigrationStatus[]): bigint | null {
  return highest(statuses.filter((status) => status.applied !== undefined).map((status) => status.version));
}

function byVersion<T extends { readonly version: bigint }>(items: readonly T[]): ReadonlyMap<bigint, T> {
  return new Map(items.map((item) => [item.version, item]));
}

/** The highest of these versions; null where there is none. */
export function highest(versions: Iterable<bigint>): bigint | null {
  let max: bigint | null = null;
  for (const version of versions) if (max === null || version > max) max = version;
  return max;
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
