// The extensions that a folder's migrations create: what an embedded server, where they are not installed, has to
// bring along. Never judges a file.
import { readPiece, readSmall } from './discover.ts';
import { Folder } from './folder.ts';

const creates = /\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"([a-z0-9_-]+)"|([a-z0-9_]+))/gi;

/** Nobody creates one after so much of a file. */
const most = 1024 * 1024;

/** Their names, each once; also of those that only a comment speaks of. None where the folder cannot be read: others say so. */
export function extensionsIn(migrations: string): string[] {
  const found = new Set<string>();
  try {
    for (const { path, rollbackPath } of Folder.open(migrations).files) {
      for (const file of [path, ...(rollbackPath === undefined ? [] : [rollbackPath])]) {
        const bytes = readSmall(file) ?? readPiece(file, 0, most);
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
        for (const [, quoted, plain] of text.matchAll(creates)) found.add(quoted ?? plain!.toLowerCase());
      }
    }
  } catch {
    // see above
  }
  return [...found];
}
