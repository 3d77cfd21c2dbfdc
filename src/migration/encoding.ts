// Refuses what is not text: PostgreSQL takes UTF-8 without NUL, and so does everything here.
import { isUtf8 } from 'node:buffer';
import { AmeliaError } from '../errors.ts';
import { locate } from './location.ts';

/** Throws `scan.nul-byte` or `scan.invalid-utf8`, with the byte's offset. */
export function requireText(path: string, text: Uint8Array): void {
  const nul = text.indexOf(0);
  if (nul !== -1) {
    throw new AmeliaError('scan.nul-byte', { path, offset: nul }, { location: locate(path, text, nul) });
  }
  if (isUtf8(text)) return;
  const offset = firstInvalidByte(text);
  throw new AmeliaError('scan.invalid-utf8', { path, offset }, { location: locate(path, text, offset) });
}

/** The offset of the first byte that belongs to no character; the text must have one. */
function firstInvalidByte(text: Uint8Array): number {
  let good = 0;
  for (const stride of [1 << 20, 1 << 10]) {
    for (;;) {
      // A stride that cuts a character in two ends up to three bytes earlier.
      const next = [0, 1, 2, 3].map((back) => good + stride - back).find((end) => isUtf8(text.subarray(good, end)));
      if (next === undefined) break;
      good = next;
    }
  }
  for (;;) {
    const length = [1, 2, 3, 4].find((n) => isUtf8(text.subarray(good, good + n)));
    if (length === undefined) return good;
    good += length;
  }
}
