// The checksum of a migration's text. Never copies the text as a whole.
import { createHash, hash } from 'node:crypto';
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
  if (text.includes(CR)) return new RunningChecksum().update(text).digest();
  return `${checksumRule}:${hash('sha256', text.subarray(bomLength(text)), 'hex')}`;
}

/** As `checksum`, of a text that comes piece by piece; the first piece has at least three bytes if the text has. */
export class RunningChecksum {
  readonly #hash = createHash('sha256');
  #begun = false;
  /** The last piece ended in CR, which is the line's end with or without the LF that may follow. */
  #returned = false;

  update(piece: Uint8Array): this {
    let start = this.#begun ? 0 : bomLength(piece);
    this.#begun = true;
    if (this.#returned && piece[start] === LF) start++;
    if (piece.length > 0) this.#returned = piece[piece.length - 1] === CR;
    const firstReturn = piece.indexOf(CR, start);
    const plainEnd = firstReturn === -1 ? piece.length : firstReturn;
    this.#hash.update(piece.subarray(start, plainEnd));

    const chunk = new Uint8Array(firstReturn === -1 ? 0 : CHUNK);
    for (start = plainEnd; start < piece.length;) {
      const end = Math.min(start + CHUNK, piece.length);
      let length = 0;
      for (let i = start; i < end; i++) {
        const byte = piece[i]!;
        if (byte === CR) chunk[length++] = LF;
        else if (byte !== LF || piece[i - 1] !== CR) chunk[length++] = byte;
      }
      this.#hash.update(chunk.subarray(0, length));
      start = end;
    }
    return this;
  }

  /** Of what came until now; more may follow. */
  digest(): string {
    return `${checksumRule}:${this.#hash.copy().digest('hex')}`;
  }
}
