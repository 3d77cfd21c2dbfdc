// PostgreSQL's tokens over bytes, as its manual's section 4.1 and src/backend/parser/scan.l define them.
// Only as fine as splitting needs: names, literals, semicolons, parentheses. Never decodes the text.

export type Token =
  | 'end' // of the text
  | 'word' // a key word or an unquoted name
  | 'name' // "…" or U&"…"
  | 'literal' // '…', E'…', U&'…', B'…', X'…' or $tag$…$tag$
  | 'semicolon'
  | 'open' // (
  | 'close' // )
  | 'backslash'
  | 'other' // a number, a parameter, one character of an operator
  | 'unterminated'; // opens at `start` and is not closed; `unterminated` says what

/** What is open at the end of the text, and what would close it. */
export interface Unterminated {
  readonly what: string;
  readonly closing: string;
}

const LF = 10;
const CR = 13;
const QUOTE = 39;
const DOUBLE_QUOTE = 34;
const DOLLAR = 36;
const BACKSLASH = 92;
const STAR = 42;
const SLASH = 47;
const DASH = 45;
const AMPERSAND = 38;

// Classes of bytes; 0 is any other. From NAME_START on, a byte can continue a name.
const SPACE = 1;
const SINGLE = 2; // stands alone: ; ( ) \
const STRING = 3;
const QUOTED = 4;
const MINUS = 5;
const DIVIDE = 6;
const NAME_START = 7; // letters, _ and every byte above 127
const DIGIT = 8;
const MONEY = 9;

const classes = new Uint8Array(256).fill(NAME_START, 128);
const classify = (characters: string, value: number) => {
  for (const character of characters) classes[character.charCodeAt(0)] = value;
};
classify(' \t\n\r\f\v', SPACE);
classify(';()\\', SINGLE);
classify("'", STRING);
classify('"', QUOTED);
classify('-', MINUS);
classify('/', DIVIDE);
classify('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', NAME_START);
classify('0123456789', DIGIT);
classify('$', MONEY);

const singles: Record<number, Token> = { 59: 'semicolon', 40: 'open', 41: 'close', 92: 'backslash' };

/** Reads one token after the other from `text`, up to `limit` (the offset of a token's end, or of the text's). */
export class Lexer {
  /** Offsets of the token that `next` returned last. Assign `end` to go on from elsewhere. */
  start: number;
  end: number;
  /** `standard_conforming_strings`: whether a backslash in '…' is an ordinary character. */
  standardStrings = true;
  /** Set when `next` returned 'unterminated'. */
  unterminated: Unterminated | undefined;
  readonly #text: Buffer;
  readonly #limit: number;
  readonly #onLineComment: ((start: number, end: number) => void) | undefined;

  constructor(text: Uint8Array, from = 0, limit = text.length, onLineComment?: (start: number, end: number) => void) {
    this.#text = asBuffer(text);
    this.start = from;
    this.end = from;
    this.#limit = limit;
    this.#onLineComment = onLineComment;
  }

  /** Passes over white space and comments and reads the token behind them. */
  next(): Token {
    const text = this.#text;
    const limit = this.#limit;
    let i = this.end;
    for (; i < limit; i++) {
      const byte = text[i]!;
      switch (classes[byte]) {
        case SPACE:
          continue;
        case NAME_START:
          return this.#word(i, byte);
        case SINGLE:
          return this.#token(singles[byte]!, i, i + 1);
        case STRING:
          return this.#string(i, i + 1, !this.standardStrings);
        case QUOTED:
          return this.#quoted('name', i, i + 1, DOUBLE_QUOTE);
        case MONEY:
          return this.#dollar(i);
        case DIGIT: {
          let end = i + 1;
          while (end < limit && isNameByte(text[end]!) && text[end] !== DOLLAR) end++;
          return this.#token('other', i, end);
        }
        case MINUS:
          if (text[i + 1] !== DASH) return this.#token('other', i, i + 1);
          i = this.#lineComment(i) - 1;
          continue;
        case DIVIDE: {
          if (text[i + 1] !== STAR) return this.#token('other', i, i + 1);
          const end = this.#blockComment(i);
          if (end === -1) return this.#open(i, 'comment', '*/');
          i = end - 1;
          continue;
        }
        default:
          return this.#token('other', i, i + 1);
      }
    }
    return this.#token('end', limit, limit);
  }

  #token(token: Token, start: number, end: number): Token {
    this.start = start;
    this.end = end;
    return token;
  }

  #open(start: number, what: string, closing: string): Token {
    this.unterminated = { what, closing };
    return this.#token('unterminated', start, this.#limit);
  }

  #word(start: number, first: number): Token {
    const text = this.#text;
    const limit = this.#limit;
    let end = start + 1;
    while (end < limit && isNameByte(text[end]!)) end++;
    if (end === start + 1) {
      const following = text[end];
      const letter = first | 0x20;
      if (following === QUOTE) {
        if (letter === 0x65 /* e */) return this.#string(start, end + 1, true);
        if (letter === 0x62 /* b */ || letter === 0x78 /* x */) return this.#bits(start, end + 1);
      } else if (following === AMPERSAND && letter === 0x75 /* u */) {
        if (text[end + 1] === QUOTE) return this.#quoted('literal', start, end + 2, QUOTE);
        if (text[end + 1] === DOUBLE_QUOTE) return this.#quoted('name', start, end + 2, DOUBLE_QUOTE);
      }
    }
    return this.#token('word', start, end);
  }

  #string(start: number, from: number, backslashEscapes: boolean): Token {
    return backslashEscapes ? this.#escaped(start, from) : this.#quoted('literal', start, from, QUOTE);
  }

  /** '…' and "…", where only the doubled quote stands for itself. */
  #quoted(token: Token, start: number, from: number, quote: number): Token {
    let end = from;
    for (;;) {
      end = this.#indexOf(quote, end);
      if (end === -1) {
        return quote === QUOTE ? this.#open(start, 'string', "'") : this.#open(start, 'quoted name', '"');
      }
      end++;
      if (this.#text[end] !== quote || end >= this.#limit) return this.#token(token, start, end);
      end++;
    }
  }

  /** B'…' and X'…': no escape at all. */
  #bits(start: number, from: number): Token {
    const end = this.#indexOf(QUOTE, from);
    return end === -1 ? this.#open(start, 'bit string', "'") : this.#token('literal', start, end + 1);
  }

  /** E'…' with its continuations: a string that goes on after a line break goes on with backslashes. */
  #escaped(start: number, from: number): Token {
    const text = this.#text;
    const limit = this.#limit;
    for (let i = from; i < limit; i++) {
      const byte = text[i]!;
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) {
        if (text[i + 1] === QUOTE && i + 1 < limit) {
          i++;
          continue;
        }
        const continued = this.#continuation(i + 1);
        if (continued === -1) return this.#token('literal', start, i + 1);
        i = continued;
      }
    }
    return this.#open(start, 'string', "'");
  }

  /** The offset of the quote that continues a string which ended before `from`; -1 when none does. */
  #continuation(from: number): number {
    const text = this.#text;
    let newline = false;
    for (let i = from; i < this.#limit; i++) {
      const byte = text[i]!;
      if (byte === LF || byte === CR) newline = true;
      else if (byte === DASH && text[i + 1] === DASH) i = this.#endOfLine(i) - 1;
      else if (byte === QUOTE) return newline ? i : -1;
      else if (classes[byte] !== SPACE) return -1;
    }
    return -1;
  }

  /** $1, $$…$$, $tag$…$tag$, or a dollar sign that is nothing of the kind. */
  #dollar(start: number): Token {
    const text = this.#text;
    const limit = this.#limit;
    let end = start + 1;
    if (end < limit && classes[text[end]!] === DIGIT) {
      while (end < limit && classes[text[end]!] === DIGIT) end++;
      return this.#token('other', start, end);
    }
    while (end < limit && isNameByte(text[end]!) && text[end] !== DOLLAR) end++;
    if (end >= limit || text[end] !== DOLLAR) return this.#token('other', start, start + 1);
    const delimiter = text.subarray(start, end + 1);
    const closing = text.indexOf(delimiter, end + 1);
    if (closing === -1 || closing >= limit) {
      const tag = delimiter.toString();
      return this.#open(start, `dollar-quoted string ${tag}`, tag);
    }
    return this.#token('literal', start, closing + delimiter.length);
  }

  #lineComment(start: number): number {
    const end = this.#endOfLine(start);
    this.#onLineComment?.(start, end);
    return end;
  }

  #endOfLine(from: number): number {
    const text = this.#text;
    const limit = this.#limit;
    let end = from;
    while (end < limit && text[end] !== LF && text[end] !== CR) end++;
    return end;
  }

  /** The offset behind a comment's end, or -1; comments nest. */
  #blockComment(start: number): number {
    const text = this.#text;
    const limit = this.#limit;
    let depth = 1;
    for (let i = start + 2; i < limit; i++) {
      const byte = text[i]!;
      if (byte === STAR && text[i + 1] === SLASH) {
        i++;
        if (--depth === 0) return i + 1;
      } else if (byte === SLASH && text[i + 1] === STAR) {
        i++;
        depth++;
      }
    }
    return -1;
  }

  /** A short walk first: most strings are short, and a call into native code costs as much as fifty bytes. */
  #indexOf(byte: number, from: number): number {
    const text = this.#text;
    const near = Math.min(from + 64, this.#limit);
    for (let i = from; i < near; i++) if (text[i] === byte) return i;
    if (near === this.#limit) return -1;
    const found = text.indexOf(byte, near);
    return found < this.#limit ? found : -1;
  }
}

/** The same bytes with Buffer's methods, which search and decode in place. */
export function asBuffer(text: Uint8Array): Buffer {
  return Buffer.isBuffer(text) ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
}

function isNameByte(byte: number): boolean {
  return classes[byte]! >= NAME_START;
}
