// The migrations folder, and the only file of this room that reads the disk. Never opens a file to list it.
import { closeSync, openSync, readdirSync, readFileSync, readSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { AmeliaError } from '../errors.ts';
import { isSqlFileName, parseFileName, type FileName } from './filename.ts';
import type { MigrationFile } from './types.ts';

interface Found extends FileName {
  readonly path: string;
}

/**
 * The folder's migrations, lowest version first, each with its rollback. Throws `discover.no-folder`,
 * `.not-a-folder`, `.unreadable`, `.duplicate-version`, `.orphan-rollback`, `filename.invalid` and
 * `filename.version-range`.
 */
export function discover(folder: string): MigrationFile[] {
  const found = sqlFiles(folder).sort(byVersion);
  const migrations = found.filter((file) => !file.rollback);
  const rollbacks = found.filter((file) => file.rollback);
  refuseDuplicates(migrations);
  refuseDuplicates(rollbacks);
  const rollbackOf = new Map(rollbacks.map((file) => [file.version, file]));
  const files = migrations.map(({ version, name, path }): MigrationFile => {
    const rollback = rollbackOf.get(version);
    if (rollback === undefined || !belongs(rollback.name, name)) return { version, name, path };
    rollbackOf.delete(version);
    return { version, name, path, rollbackPath: rollback.path };
  });
  const [orphan] = rollbackOf.values();
  if (orphan !== undefined) {
    throw new AmeliaError('discover.orphan-rollback', {
      path: orphan.path,
      expected: orphan.path.replace(/\.down\.sql$/i, '.sql'),
    });
  }
  return files;
}

const pageBytes = 4096;

/** Where small files are read to. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** The bytes of a file, to be used before the next is read; undefined for a large one. Throws `discover.unreadable`. */
export function readSmall(path: string): Uint8Array | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      let length = 0;
      for (;;) {
        const read = readSync(file, shared, length, shared.length - length, null);
        length += read;
        // What ends inside of a page was cut short by the file's end, and by nothing else: most files are read at once.
        if (read === 0 || read % pageBytes !== 0 || length === shared.length) break;
      }
      return length < shared.length ? shared.subarray(0, length) : undefined;
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new AmeliaError('discover.unreadable', { path, reason: reasonOf(cause) }, { cause });
  }
}

/** The bytes of a file. Throws `discover.unreadable`. */
export function readText(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new AmeliaError('discover.unreadable', { path, reason: reasonOf(cause) }, { cause });
  }
}

/** At most `length` bytes of a file from `position` on; none at its end. Throws `discover.unreadable`. */
export function readPiece(path: string, position: number, length: number): Buffer {
  const piece = Buffer.allocUnsafeSlow(length);
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return piece.subarray(0, readSync(file, piece, 0, length, position));
  } catch (cause) {
    throw new AmeliaError('discover.unreadable', { path, reason: reasonOf(cause) }, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function sqlFiles(folder: string): Found[] {
  const found: Found[] = [];
  const invalid: string[] = [];
  const start = join(folder, 'x').slice(0, -1);
  for (const entry of readFolder(folder)) {
    if (entry.isDirectory() || !isSqlFileName(entry.name)) continue;
    const path = start + entry.name;
    const name = parseFileName(path);
    if (name === undefined) invalid.push(path);
    else found.push({ ...name, path });
  }
  const [first, ...others] = invalid.sort();
  if (first !== undefined) throw new AmeliaError('filename.invalid', { path: first, others });
  return found;
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new AmeliaError('discover.no-folder', { path: folder }, { cause });
    if (code === 'ENOTDIR') throw new AmeliaError('discover.not-a-folder', { path: folder }, { cause });
    throw new AmeliaError('discover.unreadable', { path: folder, reason: reasonOf(cause) }, { cause });
  }
}

function byVersion(a: Found, b: Found): number {
  if (a.version !== b.version) return a.version < b.version ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

function refuseDuplicates(sorted: readonly Found[]): void {
  for (const [i, file] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before?.version !== file.version) continue;
    throw new AmeliaError('discover.duplicate-version', {
      version: String(file.version),
      first: before.path,
      second: file.path,
    });
  }
}

/** Whether a rollback of that name is this migration's; `1_a.up.sql` beside `1_a.down.sql` is what golang-migrate writes. */
function belongs(rollback: string, migration: string): boolean {
  return rollback === migration || `${rollback}.up` === migration;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOENT':
      return 'there is no such file, or it is a link to none';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return message;
  }
}
