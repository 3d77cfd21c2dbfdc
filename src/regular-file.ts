// Reads regular files and nothing else: a pipe can keep its reader waiting for ever, and a device need not end.
// A link counts as what it leads to.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** What was named is no regular file; `message` says what it is. */
export class NotRegular extends Error {
  override readonly name = 'NotRegular';

  constructor(what: string, options?: ErrorOptions) {
    super(`it is ${what}, not a regular file`, options);
  }
}

/** Opens it for reading and never waits. Throws `NotRegular`, or what the system says. */
export function openRegular(path: string): number {
  const file = open(path);
  const what = otherKind(fstatSync(file));
  if (what === undefined) return file;
  closeSync(file);
  throw new NotRegular(what);
}

/** All of its bytes. Throws as `openRegular`. */
export function readRegular(path: string): Buffer {
  const file = openRegular(path);
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    // To open a pipe is to wait for its writer.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENXIO') throw new NotRegular('a socket', { cause });
    throw cause;
  }
}

function otherKind(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isFIFO()) return 'a pipe';
  return stats.isDirectory() ? 'a folder' : 'a device';
}
