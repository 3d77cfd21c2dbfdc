// From byte offsets to what a person reads: line, column, the line's text, a statement in one line.
// Never decodes more than the line or the few characters that are asked for.
import { asBuffer, Lexer } from './lexer.ts';
import { secretsInFile, type Edit } from './secrets.ts';
import { mask } from './secret-words.ts';
import type { Location } from './types.ts';

const LF = 10;
const CR = 13;

/** Length of the byte order mark at the text's start: 3 or 0. */
export function bomLength(text: Uint8Array): number {
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? 3 : 0;
}

/**
 * Finds locations in one text. Remembers where it was, so that a walk through the offsets in
 * ascending order costs one pass over the text, however many they are.
 */
export class Locator {
  readonly text: Uint8Array;
  readonly #path: string;
  #offset = 0;
  #line = 1;
  #column = 1;
  #lineStart = 0;
  #secrets: readonly Edit[] | undefined;

  constructor(path: string, text: Uint8Array) {
    this.#path = path;
    this.text = text;
    this.#rewind();
  }

  /** The place of the character that holds the byte at `offset`; at the text's end, the place behind its last character. */
  at(offset: number): Location {
    const { text } = this;
    const target = characterStart(text, Math.min(offset, text.length));
    if (target < this.#offset) this.#rewind();
    for (let i = this.#offset; i < target; i++) {
      const byte = text[i]!;
      // The LF of a CRLF still belongs to the line that it ends.
      if (byte === LF || (byte === CR && text[i + 1] !== LF)) {
        this.#line++;
        this.#column = 1;
        this.#lineStart = i + 1;
      } else if ((byte & 0xc0) !== 0x80) this.#column++;
    }
    this.#offset = Math.max(target, this.#offset);
    const lineStart = this.#lineStart;
    let found: ShownLine | undefined;
    const shown = (): ShownLine =>
      (found ??= shownLine(text, lineStart, target, (this.#secrets ??= secretsInFile(text))));
    const location = {
      path: this.#path,
      line: this.#line,
      column: this.#column,
      // Read when asked for: a location is made for each statement, its line is shown for one in a million.
      get source() {
        return shown().source;
      },
    };
    return Object.defineProperty(location, 'sourceColumn', { get: () => shown().column });
  }

  #rewind(): void {
    this.#offset = this.#lineStart = bomLength(this.text);
    this.#line = 1;
    this.#column = 1;
  }
}

/** The location of one offset: line and column from 1, in code points; LF, CRLF and CR end a line. */
export function locate(path: string, text: Uint8Array, offset: number): Location {
  return new Locator(path, text).at(offset);
}

interface ShownLine {
  readonly source: string;
  readonly column: number;
}

/** The line at `start` without the secrets in it, and where in that the byte at `target` is. */
function shownLine(text: Uint8Array, start: number, target: number, secrets: readonly Edit[]): ShownLine {
  let end = start;
  while (end < text.length && text[end] !== LF && text[end] !== CR) end++;
  let source = '';
  let before: string | undefined;
  let at = start;
  for (const secret of secrets) {
    if (secret.end <= start || secret.start >= end) continue;
    if (before === undefined && target < secret.start) before = source + decode(text, at, target);
    source += decode(text, at, Math.max(secret.start, at));
    // What points into a secret points at its beginning.
    if (before === undefined && target < secret.end) before = source;
    source += secret.text.includes('\n') ? mask : secret.text;
    at = Math.min(secret.end, end);
  }
  before ??= source + decode(text, at, Math.max(target, at));
  return { source: source + decode(text, at, end), column: [...before].length + 1 };
}

function characterStart(text: Uint8Array, offset: number): number {
  let start = offset;
  while (start > 0 && start < text.length && (text[start]! & 0xc0) === 0x80) start--;
  return start;
}

/**
 * The byte offset of an error's `position`: PostgreSQL counts code points from 1 within the
 * statement that it was sent (manual, section 53.8, field P).
 */
export function offsetOfPosition(text: Uint8Array, statementStart: number, position: number): number {
  let offset = statementStart;
  for (let left = position - 1; left > 0 && offset < text.length; left--) {
    offset++;
    while (offset < text.length && (text[offset]! & 0xc0) === 0x80) offset++;
  }
  return offset;
}

/** The beginning of a statement on one line: comments left out, white space made one space, at most `max` code points. */
export function summarize(text: Uint8Array, start: number, end: number, max = 120): string {
  const lexer = new Lexer(text, start, end);
  const summary = Buffer.allocUnsafe(4 * max);
  let length = 0;
  let characters = 0;
  let cut = 0;
  /** Counts a character; false when it does not fit. The last one that fits gives way to the ellipsis. */
  const fits = () => {
    if (++characters === max) cut = length;
    return characters <= max;
  };
  for (let previousEnd = start; lexer.next() !== 'end'; previousEnd = lexer.end) {
    let gap = lexer.start > previousEnd;
    for (let i = lexer.start; i < lexer.end; i++) {
      const byte = text[i]!;
      if (byte === 32 || (byte >= 9 && byte <= 13)) {
        gap = true;
        continue;
      }
      if ((byte & 0xc0) !== 0x80) {
        if (gap && length > 0 && fits()) summary[length++] = 32;
        if (!fits()) return summary.toString('utf8', 0, cut) + '…';
        gap = false;
      }
      summary[length++] = byte;
    }
  }
  return summary.toString('utf8', 0, length);
}

function decode(text: Uint8Array, start: number, end: number): string {
  return asBuffer(text).toString('utf8', start, end);
}
