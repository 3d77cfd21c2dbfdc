// What a migration's file name says, and what the next one is called. Never looks at the disk.
import { sep } from 'node:path';
import { AmeliaError } from '../errors.ts';
import type { MigrationFile } from './types.ts';

/** The largest value of PostgreSQL's bigint. */
export const highestVersion = 2n ** 63n - 1n;

export interface FileName {
  readonly version: bigint;
  /** Everything after the first underscore, without `.sql` or `.down.sql`. */
  readonly name: string;
  readonly rollback: boolean;
}

/** What follows the last separator: node:path's basename takes longer than the disk for a thousand files. */
function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf(sep)) + 1);
}

/** True for a name that has to be a migration's: it ends in `.sql`, in any case, and is no dot file. */
export function isSqlFileName(path: string): boolean {
  return /^[^.].*\.sql$/is.test(nameOf(path));
}

/** Reads `NNN_name.sql` or `NNN_name.down.sql`; undefined where the name says nothing of the kind. Throws `filename.version-range`. */
export function parseFileName(path: string): FileName | undefined {
  const match = /^([0-9]+)_(?!\.down\.sql$)(.+?)(\.down)?\.sql$/is.exec(nameOf(path));
  if (match === null) return undefined;
  const [, digits = '', name = '', down] = match;
  // BigInt of a million digits is slow; nothing over 19 counts.
  const significant = digits.replace(/^0+(?=.)/, '');
  const version = significant.length > 19 ? 0n : BigInt(significant);
  if (version < 1n || version > highestVersion) {
    throw new AmeliaError('filename.version-range', { path, version: digits });
  }
  return { version, name, rollback: down !== undefined };
}

/** `NNN_name.sql` or `NNN_name.down.sql`, with the version's digits as given. */
export function formatFileName(digits: string, name: string, rollback = false): string {
  return `${digits}_${name}${rollback ? '.down' : ''}.sql`;
}

/**
 * The digits of the next version: one more than the highest, as wide as it is written there (`001`
 * for the first); or, with `timestamp`, that moment as YYYYMMDDHHMMSS in UTC where that is higher.
 */
export function nextVersion(files: readonly MigrationFile[], timestamp?: Date): string {
  const newest = files.reduce<MigrationFile | undefined>((a, b) => (a && a.version > b.version ? a : b), undefined);
  const moment = timestamp?.toISOString().replace(/\D/g, '').slice(0, 14);
  if (newest === undefined) return moment ?? '001';
  const next = newest.version + 1n;
  if (next > highestVersion) {
    throw new AmeliaError('filename.version-range', { path: newest.path, version: String(next) });
  }
  if (moment !== undefined && BigInt(moment) >= next) return moment;
  const width = /^[0-9]*/.exec(nameOf(newest.path))![0].length;
  return String(next).padStart(width, '0');
}
