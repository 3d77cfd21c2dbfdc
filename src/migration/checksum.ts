// The checksum of a migration's text. Never copies the text as a whole.
import { createHash } from 'node:crypto';
import { bomLength } from './location.ts';

const LF = 10;
const CR = 13;
const CHUNK = 1 << 16;

/** The rule's name, and every checksum's prefix; another rule would take another name. */
export const checksumRule = 'sha256';

/**
 * `sha256:` and the SHA-256, in hex, of the text without its byte order mark and with every CRLF and
 * CR made LF: what editors and git do to a file on its way between systems does not count.
 */
export function checksum(text: Uint8Array): string {
  const hash = createHash('sha256');
  let start = bomLength(text);
  const firstReturn = text.indexOf(CR, start);
  const plainEnd = firstReturn === -1 ? text.length : firstReturn;
  hash.update(text.subarray(start, plainEnd));

  const chunk = new Uint8Array(firstReturn === -1 ? 0 : CHUNK);
  for (start = plainEnd; start < text.length;) {
    const end = Math.min(start + CHUNK, text.length);
    let length = 0;
    for (let i = start; i < end; i++) {
      const byte = text[i]!;
      if (byte !== CR) chunk[length++] = byte;
      else if (text[i + 1] !== LF) chunk[length++] = LF;
    }
    hash.update(chunk.subarray(0, length));
    start = end;
  }
  return `${checksumRule}:${hash.digest('hex')}`;
}
