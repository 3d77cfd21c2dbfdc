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

/** True for a name that was meant to end in `.sql`: `a.sql.txt`, `a.pgsql`, one with a blank or a dot behind it. */
export function resemblesSqlFileName(path: string): boolean {
  return /^[^.].*\.(sql(\.txt|[\s.])*|p?g?sql|pl(pg)?sql|ddl)[\s.]*$/is.test(nameOf(path));
}

/** Reads `NNN_name.sql` or `NNN_name.down.sql`; undefined where the name says nothing of the kind. Throws `filename.version-range`. */
export function parseFileName(path: string): FileName | undefined {
  const match = /^([0-9]+)_(?!\.down\.sql$)(.+?)(\.down)?\.sql$/is.exec(nameOf(path));
  if (match === null) return undefined;
  const [, digits = '', name = '', down] = match;
  // BigInt of a million digits is slow; nothing over 19 counts.
  const significant = digits.replace(/^0+(?=.)/, '');
  const version = significant.length > 19 ? highestVersion + 1n : BigInt(significant);
  if (version > highestVersion) throw new AmeliaError('filename.version-range', { path, version: digits });
  return { version, name, rollback: down !== undefined };
}

/** What a file with such a name should be called: the number first, then an underscore; undefined where it has no number. */
export function betterName(path: string): string | undefined {
  const stem = nameOf(path)
    .trim()
    .replace(/(\.txt|[\s.])+$/i, '')
    .replace(/\.(p?g?sql|pl(pg)?sql|ddl)$/i, '');
  // 2024-01-31T12:00:00 is one number here.
  const joined = stem.replace(
    /^(\d{4})[-.](\d\d)[-.](\d\d)(?:[T_-]?(\d\d)[-:]?(\d\d)[-:]?(\d\d))?(?=\D)/,
    '$1$2$3$4$5$6',
  );
  // Flyway's V2__add, golang-migrate's 2_add.up, db-migrate's 2-add-up, postgrator's 002.do.add.
  const [, prefix = '', digits, rest = ''] = /^([^\d]*?)(\d+)(.*)$/s.exec(joined) ?? [];
  if (digits === undefined || /^[._]\d/.test(rest)) return undefined;
  const [, doing, behind] = /^[-_.\s]*(do|undo|up|down)[-_.\s](.*)$/is.exec(rest) ?? [];
  const [, before, direction] = /^(.*)[-_.](up|down|undo|rollback)$/is.exec(rest) ?? [];
  const words = (behind ?? before ?? rest).replace(/[-_.\s]+/g, '_').replace(/^_|_$/g, '');
  const isBack = /^(undo|down|rollback)$/i.test(doing ?? direction ?? '') || /^u$/i.test(prefix);
  return formatFileName(digits, words === '' ? 'name' : words, isBack);
}

/** What `20240131_120000_name.sql`, whose version is the day alone, is called with day and time as one number. */
export function withTimeInVersion(path: string): string | undefined {
  const [, day, time, rest] = /^((?:19|20)\d{6})_(\d{4}|\d{6})(_.*)$/s.exec(nameOf(path)) ?? [];
  return day && time && rest ? `${day}${time.padEnd(6, '0')}${rest}` : undefined;
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
