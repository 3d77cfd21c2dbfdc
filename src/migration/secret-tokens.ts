// A statement as a list of tokens that can be looked at back and forth, for those who look for secrets.
import { Lexer, type Token } from './lexer.ts';
import { readLiteral, readName, type Literal } from './literal.ts';

export interface SqlToken {
  /** A string that is not closed is a literal too: the text was cut off. */
  readonly kind: Token;
  readonly start: number;
  readonly end: number;
  /** Names as they are folded; one character of punctuation; empty for literals. */
  readonly word: string;
}

export class Tokens {
  readonly text: Buffer;
  readonly all: SqlToken[] = [];
  readonly #literals = new Map<number, Literal>();

  constructor(text: Buffer) {
    this.text = text;
    const lexer = new Lexer(text);
    for (let kind = lexer.next(); kind !== 'end'; kind = lexer.next()) {
      const { start, end } = lexer;
      const raw = kind === 'literal' ? '' : text.toString('utf8', start, end);
      if (kind === 'unterminated') {
        // A comment that is cut off hides what stands in it; let it be read as a string.
        kind = lexer.unterminated?.what === 'quoted name' ? 'name' : 'literal';
      }
      const word = kind === 'name' ? readName(raw).toLowerCase() : kind === 'literal' ? '' : raw.toLowerCase();
      this.all.push({ kind, start, end, word });
    }
  }

  /** The token there; nothing's kind is 'end'. */
  at(index: number): SqlToken {
    return this.all[index] ?? nothing;
  }

  is(index: number, ...words: string[]): boolean {
    const { kind, word } = this.at(index);
    return kind !== 'literal' && words.includes(word);
  }

  isName(index: number): boolean {
    const { kind } = this.at(index);
    return kind === 'word' || kind === 'name';
  }

  isLiteral(index: number): boolean {
    return this.at(index).kind === 'literal';
  }

  literal(index: number): Literal {
    let found = this.#literals.get(index);
    if (found === undefined) {
      const { start, end } = this.at(index);
      this.#literals.set(index, (found = readLiteral(this.text.toString('utf8', start, end))));
    }
    return found;
  }

  raw(index: number): string {
    const { start, end } = this.at(index);
    return this.text.toString('utf8', start, end);
  }

  /** Whether nothing stands between this token and the next. */
  touchesNext(index: number): boolean {
    return this.at(index).end === this.at(index + 1).start;
  }

  /** The index of the parenthesis that closes the one at `open`; of what follows the last token where none does. */
  closing(open: number): number {
    let depth = 0;
    for (let i = open; i < this.all.length; i++) {
      if (this.at(i).kind === 'open') depth++;
      else if (this.at(i).kind === 'close' && --depth === 0) return i;
    }
    return this.all.length;
  }

  /** Ranges [from, to) between the commas of [from, to). */
  parts(from: number, to: number): [number, number][] {
    const parts: [number, number][] = [];
    let depth = 0;
    let start = from;
    for (let i = from; i < to; i++) {
      const { kind, word } = this.at(i);
      if (kind === 'open' || word === '[') depth++;
      else if (kind === 'close' || word === ']') depth--;
      else if (depth === 0 && word === ',') {
        parts.push([start, i]);
        start = i + 1;
      }
    }
    return from < to ? [...parts, [start, to]] : parts;
  }

  /** The index behind `a.b.c` that begins at `from`, and the whole name. */
  dotted(from: number): { readonly end: number; readonly name: string } {
    let end = from + 1;
    let name = this.at(from).word;
    while (this.is(end, '.') && this.isName(end + 1)) {
      name += `.${this.at(end + 1).word}`;
      end += 2;
    }
    return { end, name };
  }

  /** The index behind casts such as `::text(3)[]` that begin at `from`. */
  afterCasts(from: number): number {
    let i = from;
    while (this.is(i, ':') && this.is(i + 1, ':')) {
      i = this.dotted(i + 2).end;
      if (this.at(i).kind === 'open') i = this.closing(i) + 1;
      while (this.is(i, '[')) i += this.is(i + 1, ']') ? 2 : 3;
    }
    return i;
  }
}

const nothing: SqlToken = { kind: 'end', start: -1, end: -1, word: '' };
