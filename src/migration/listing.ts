// Which of a folder's entries are migrations, and everything that is wrong with their names. Pure.
import { AmeliaError, isAmeliaError } from '../errors.ts';
import {
  betterName,
  isSqlFileName,
  parseFileName,
  resemblesSqlFileName,
  withTimeInVersion,
  type FileName,
} from './filename.ts';
import type { MigrationFile } from './types.ts';

export interface FolderEntry {
  /** As the user would write it. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'neither';
}

/** What a folder holds, and all that is wrong with it. */
export interface Listing {
  /** Lowest version first, each with its rollback. */
  readonly files: readonly MigrationFile[];
  readonly problems: readonly AmeliaError[];
}

interface Found extends FileName {
  readonly path: string;
}

/**
 * The migrations among these entries. Problems are `filename.invalid`, `filename.version-range`,
 * `discover.not-a-file`, `.duplicate-version` and `.orphan-rollback`; what is named like nothing
 * of ours is left alone.
 */
export function listingOf(entries: readonly FolderEntry[]): Listing {
  const problems: AmeliaError[] = [];
  const found: Found[] = [];
  for (const { path, kind } of entries) {
    const isSql = isSqlFileName(path);
    if (!isSql && !resemblesSqlFileName(path)) continue;
    if (kind !== 'file') {
      problems.push(new AmeliaError('discover.not-a-file', { path, kind }));
      continue;
    }
    try {
      const read = isSql ? parseFileName(path) : undefined;
      if (read) found.push({ ...read, path });
      else problems.push(new AmeliaError('filename.invalid', { path, better: betterName(path) }));
    } catch (error) {
      if (!isAmeliaError(error)) throw error;
      problems.push(error);
    }
  }
  problems.sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  found.sort(byVersion);
  const migrations = found.filter((file) => !file.rollback);
  const rollbacks = found.filter((file) => file.rollback);
  problems.push(...duplicates(migrations), ...duplicates(rollbacks));

  const rollbackOf = new Map(rollbacks.map((file) => [file.version, file]));
  const files = migrations.map(({ version, name, path }): MigrationFile => {
    const rollback = rollbackOf.get(version);
    if (rollback === undefined || !belongs(rollback.name, name)) return { version, name, path };
    rollbackOf.delete(version);
    return { version, name, path, rollbackPath: rollback.path };
  });
  const told = new Set(problems.map(pathOf));
  for (const { path } of rollbackOf.values()) {
    const expected = path.replace(/\.down\.sql$/i, '.sql');
    // What is wrong with its migration is told already.
    if (!told.has(expected)) problems.push(new AmeliaError('discover.orphan-rollback', { path, expected }));
  }
  return { files, problems };
}

const pathOf = ({ facts }: AmeliaError): string => ('path' in facts ? String(facts.path) : '');

function byVersion(a: Found, b: Found): number {
  if (a.version !== b.version) return a.version < b.version ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

function duplicates(sorted: readonly Found[]): AmeliaError[] {
  return sorted.flatMap(({ version, path }, i) => {
    const before = sorted[i - 1];
    if (before?.version !== version) return [];
    const renames = [before.path, path].map(withTimeInVersion);
    const facts = { version: String(version), first: before.path, second: path };
    return [
      new AmeliaError('discover.duplicate-version', {
        ...facts,
        renames: renames.filter((name) => name !== undefined),
      }),
    ];
  });
}

/** Whether a rollback of that name is this migration's; `1_a.up.sql` beside `1_a.down.sql` is what golang-migrate writes. */
function belongs(rollback: string, migration: string): boolean {
  return rollback === migration || `${rollback}.up` === migration;
}
