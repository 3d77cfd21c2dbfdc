// Makes the next migration's file. Two processes at once never make one version: each claims the version
// with a file that only one of them can create, and looks again before it writes.
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AmeliaError } from '../errors.ts';
import { discover } from '../migration/discover.ts';
import { formatFileName, nextVersion } from '../migration/filename.ts';
import { rollbackTemplate, template } from '../migration/template.ts';
import type { CreatedResult } from '../report/reporter.ts';

export interface NewMigration {
  readonly folder: string;
  /** As `slugOf` gives it. */
  readonly name: string;
  readonly timestamp: boolean;
  readonly withRollback: boolean;
  /** False writes the directive `no-transaction`. */
  readonly transaction: boolean;
}

/** A claim is held for milliseconds; one this old was left by a process that was killed. */
const claimLastsMs = 5_000;
const longestNameBytes = 200;

/**
 * Creates `NNN_name.sql`, and `NNN_name.down.sql` where wanted, and the folder itself if it is not there.
 * Versions whose claim was left behind are passed over. Throws `discover.*`, `filename.*` and `config.unreadable`.
 */
export async function createMigration(wanted: NewMigration): Promise<CreatedResult> {
  const { folder, name } = wanted;
  try {
    await mkdir(folder, { recursive: true });
    const digits = await claimVersion(wanted);
    try {
      const files = [join(folder, formatFileName(digits, name))];
      await writeFile(files[0]!, template(wanted), { flag: 'wx' });
      if (wanted.withRollback) {
        files.push(join(folder, formatFileName(digits, name, true)));
        await writeFile(files[1]!, rollbackTemplate(wanted), { flag: 'wx' });
      }
      return { version: String(BigInt(digits)), name, files };
    } finally {
      await rm(claimPath(folder, digits), { force: true });
    }
  } catch (cause) {
    if (cause instanceof AmeliaError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'EEXIST')
      throw new AmeliaError('discover.not-a-folder', { path: folder }, { cause });
    throw new AmeliaError('discover.unwritable', { path: folder, reason: message }, { cause });
  }
}

const claimPath = (folder: string, digits: string): string => join(folder, `.claim-${BigInt(digits)}`);

/** The digits of a version that nobody else can take until the claim is removed. */
async function claimVersion({ folder, timestamp }: NewMigration): Promise<string> {
  for (;;) {
    const before = discover(folder, { allowEmpty: true }).map(({ version }) => version);
    const left = await staleClaims(folder, before);
    const digits = next(folder, timestamp, left);
    if (await claim(claimPath(folder, digits))) {
      // Whoever held this version before us may have made its file between our look and our claim.
      if (next(folder, timestamp, left) === digits) return digits;
      await rm(claimPath(folder, digits), { force: true });
    } else {
      await sleep(5 + Math.random() * 15);
    }
  }
}

/** The digits of the version that follows the folder's files and `left`, the versions whose claim was left behind. */
function next(folder: string, timestamp: boolean, left: readonly bigint[]): string {
  const files = discover(folder, { allowEmpty: true });
  const newest = files.at(-1);
  const written = newest === undefined ? '001' : (/^\d+/.exec(basename(newest.path))?.[0] ?? '');
  const occupied = left.map((version) => {
    const path = formatFileName(String(version).padStart(written.length, '0'), 'claimed');
    return { version, name: 'claimed', path };
  });
  // A folder of timestamps goes on with timestamps.
  const dated = timestamp || isTimestamp(written);
  return nextVersion([...files, ...occupied], dated ? new Date() : undefined);
}

const isTimestamp = (digits: string): boolean =>
  /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d$/.test(digits);

async function claim(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Versions that were claimed long ago. Those that files have passed since can be claimed by nobody: their claims are removed. */
async function staleClaims(folder: string, versions: readonly bigint[]): Promise<bigint[]> {
  const highest = versions.at(-1) ?? 0n;
  const stale: bigint[] = [];
  for (const entry of await readdir(folder)) {
    const version = /^\.claim-(\d{1,19})$/.exec(entry)?.[1];
    if (version === undefined) continue;
    const path = join(folder, entry);
    const made = await stat(path).catch(() => undefined);
    if (made === undefined || Date.now() - made.mtimeMs < claimLastsMs) continue;
    if (BigInt(version) <= highest) await rm(path, { force: true });
    else stale.push(BigInt(version));
  }
  return stale;
}

/**
 * A name as part of a file's name: `Add users' email` and `addUsersEmail` are `add_users_email`. Letters and
 * digits of every script stay. Throws `usage.invalid` where nothing is left, or too much.
 */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFC')
    .replace(/\.sql$/i, '')
    .replace(/['’]/gu, '')
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  const problem =
    slug === ''
      ? 'has no letter or digit'
      : Buffer.byteLength(slug) > longestNameBytes
        ? 'is too long for a file name'
        : undefined;
  if (problem === undefined) return slug;
  throw new AmeliaError('usage.invalid', {
    problem: `NAME: ${JSON.stringify(name.slice(0, 40))} ${problem}`,
    hint: 'say what the migration does, such as: amelia-db new add_users_email',
  });
}
