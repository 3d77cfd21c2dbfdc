// Finds the rows that stand in the file behind COPY … FROM stdin; never looks into them.

import { asBuffer } from './lexer.ts';

const LF = 10;
const CR = 13;
const DASH = 45;
const SLASH = 47;
const STAR = 42;

/** `next` is the offset behind the line `\.`, and -1 when no such line comes. */
export interface CopyData {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/**
 * The data behind the semicolon at `from - 1`: from the next line up to the line `\.`. Lines end as
 * that first one does: with CR alone where it does, else with LF or CRLF. `unexpected` is the
 * offset of something on the COPY's own line that is neither white space nor a comment.
 */
export function copyDataAfter(text: Uint8Array, from: number): CopyData | { readonly unexpected: number } {
  const lineEnd = endOfBlankLine(text, from);
  if (!('end' in lineEnd)) return lineEnd;
  const bytes = asBuffer(text);
  const { end } = lineEnd;
  const newline = text[end] === CR && text[end + 1] !== LF ? '\r' : '\n';
  const start = text[end] === CR && text[end + 1] === LF ? end + 2 : end + 1;
  // The newline before the first row is part of what is looked for, so that the data may be empty.
  const closing = Buffer.from(`${newline}\\.`);
  for (let found = bytes.indexOf(closing, start - 1); found !== -1; found = bytes.indexOf(closing, found + 1)) {
    const next = found + closing.length;
    const following = text[next] === CR && newline === '\n' ? text[next + 1] : text[next];
    if (following === undefined || following === newline.charCodeAt(0)) return { start, end: found + 1, next };
  }
  return { start, end: text.length, next: -1 };
}

/** The offset of the line's terminator (or the text's end), when only white space and comments come before it. */
function endOfBlankLine(text: Uint8Array, from: number): { readonly end: number } | { readonly unexpected: number } {
  for (let i = from; i < text.length; i++) {
    const byte = text[i]!;
    if (byte === LF || byte === CR) return { end: i };
    if (byte === DASH && text[i + 1] === DASH) {
      while (i < text.length && text[i] !== LF && text[i] !== CR) i++;
      return { end: i };
    }
    if (byte === SLASH && text[i + 1] === STAR) {
      const end = endOfComment(text, i);
      if (end === -1) return { unexpected: i };
      i = end - 1;
    } else if (byte !== 32 && byte !== 9 && byte !== 11 && byte !== 12) return { unexpected: i };
  }
  return { end: text.length };
}

/** The offset behind a block comment that ends on its line, else -1. */
function endOfComment(text: Uint8Array, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length && text[i] !== LF && text[i] !== CR; i++) {
    if (text[i] === SLASH && text[i + 1] === STAR) depth++;
    else if (text[i] === STAR && text[i + 1] === SLASH) depth--;
    else continue;
    i++;
    if (depth === 0) return i + 1;
  }
  return -1;
}
