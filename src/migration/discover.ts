// The migrations folder, and the only file of this room that reads the disk. Never opens a file to list it.
import { closeSync, existsSync, readdirSync, readSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { AmeliaError, throwTogether } from '../errors.ts';
import { openRegular, readRegular } from '../regular-file.ts';
import { listingOf, type FolderEntry, type Listing } from './listing.ts';
import { drizzleJournal, nestedProblem } from './nested.ts';
import type { MigrationFile } from './types.ts';

export interface DiscoverOptions {
  /** A folder that holds no migration at all is no error. */
  readonly allowEmpty?: boolean | undefined;
  /** The versions that there are; a file of another version is passed over. All of them when left out. */
  readonly only?: ReadonlySet<bigint> | undefined;
}

/** The folder's migrations, lowest version first, each with its rollback. Throws as `list` does, and all of its problems together. */
export function discover(folder: string, options: DiscoverOptions = {}): readonly MigrationFile[] {
  const { files, problems } = list(folder, options);
  throwTogether(problems);
  return files;
}

/**
 * The folder's migrations, and all that is wrong with the names of what is in it. Throws `discover.no-folder`,
 * `.not-a-folder`, `.unreadable`, `.empty`, `.nested` and `.drizzle`: then there is no migration to speak of.
 */
export function list(folder: string, { allowEmpty = false }: DiscoverOptions = {}): Listing {
  const start = join(folder, 'x').slice(0, -1);
  const entries = readFolder(folder);
  const listing = listingOf(entries.map((entry): FolderEntry => ({ path: start + entry.name, kind: kindOf(entry) })));
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (folders.includes('meta') && existsSync(start + drizzleJournal)) {
    throw new AmeliaError('discover.drizzle', { path: folder, journal: start + drizzleJournal });
  }
  if (listing.files.length + listing.problems.length > 0) return listing;
  const nested = nestedProblem(start.slice(0, -1), filesBelow(start, folders));
  if (nested !== undefined) throw nested;
  if (!allowEmpty) throw new AmeliaError('discover.empty', { path: folder });
  return listing;
}

/** So deep, and so many, that it is clear what a folder is. */
const deepest = 4;
const most = 1000;

/** The files in these folders and those below them, from `start` on. Dot folders, installed packages and what cannot be read are passed over. */
function filesBelow(start: string, folders: readonly string[]): string[] {
  const files: string[] = [];
  const left = folders.map((path) => ({ path, depth: 1 }));
  for (const { path, depth } of left) {
    if (files.length > most) break;
    if (/(^|\/)(\.[^/]*|node_modules)$/.test(path)) continue;
    try {
      for (const entry of readFolder(start + path)) {
        const below = `${path}/${entry.name}`;
        if (!entry.isDirectory()) files.push(below);
        else if (depth < deepest) left.push({ path: below, depth: depth + 1 });
      }
    } catch {
      // see above
    }
  }
  return files.sort();
}

function kindOf(entry: Dirent): FolderEntry['kind'] {
  return entry.isDirectory() ? 'folder' : entry.isFile() || entry.isSymbolicLink() ? 'file' : 'neither';
}

const pageBytes = 4096;

/** Where small files are read to. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** The bytes of a file, to be used before the next is read; undefined for a large one. Throws `discover.unreadable`. */
export function readSmall(path: string): Uint8Array | undefined {
  try {
    const file = openRegular(path);
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
    return readRegular(path);
  } catch (cause) {
    throw new AmeliaError('discover.unreadable', { path, reason: reasonOf(cause) }, { cause });
  }
}

/** At most `length` bytes of a file from `position` on; none at its end. Throws `discover.unreadable`. */
export function readPiece(path: string, position: number, length: number): Buffer {
  const piece = Buffer.allocUnsafeSlow(length);
  let file: number | undefined;
  try {
    file = openRegular(path);
    return piece.subarray(0, readSync(file, piece, 0, length, position));
  } catch (cause) {
    throw new AmeliaError('discover.unreadable', { path, reason: reasonOf(cause) }, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
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

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOENT':
      return 'there is no such file, or it is a link to none';
    default:
      return message;
  }
}
