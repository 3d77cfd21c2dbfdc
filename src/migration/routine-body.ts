// Follows CREATE FUNCTION … BEGIN ATOMIC … END, whose semicolons end no statement of the file.
import { wordAt } from './command.ts';
import type { Token } from './lexer.ts';

/** How far the head of a statement has been read. */
type Head =
  | 'start' // nothing yet; in a body, END closes it here and nowhere else
  | 'create'
  | 'or'
  | 'replace'
  | 'routine' // CREATE [OR REPLACE] FUNCTION or PROCEDURE: BEGIN ATOMIC may come
  | 'begin'
  | 'done';

/**
 * The grammar (gram.y, routine_body) makes this simple: every statement of a body ends with a
 * semicolon and END is a reserved word, so the END that closes a body is the one where a statement
 * would begin. The END of a CASE, or a column called `end`, never stands there.
 */
export class RoutineBody {
  /** The offset of the outermost BEGIN. */
  openedAt = -1;
  readonly #text: Uint8Array;
  #head: Head = 'start';
  #depth = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** True from BEGIN ATOMIC to its END. */
  get open(): boolean {
    return this.#depth > 0;
  }

  /** Between two statements of the file. */
  reset(): void {
    this.#head = 'start';
  }

  /** Takes note of a token outside of parentheses. */
  read(token: Token, start: number, end: number): void {
    if (token === 'semicolon') this.#head = 'start';
    else if (this.#head !== 'done') this.#head = token === 'word' ? this.#word(start, end) : this.#otherToken();
  }

  #otherToken(): Head {
    return this.#head === 'routine' || this.#head === 'begin' ? 'routine' : 'done';
  }

  #word(start: number, end: number): Head {
    switch (this.#head) {
      case 'start':
        if (end - start === 6 && this.#is('create', start, end)) return 'create';
        if (this.#depth > 0 && this.#is('end', start, end)) this.#depth--;
        return 'done';
      case 'create':
        if (this.#is('or', start, end)) return 'or';
        return this.#isRoutine(start, end) ? 'routine' : 'done';
      case 'or':
        return this.#is('replace', start, end) ? 'replace' : 'done';
      case 'replace':
        return this.#isRoutine(start, end) ? 'routine' : 'done';
      case 'begin':
      case 'routine':
        return this.#inRoutine(start, end);
      case 'done':
        return 'done';
    }
  }

  #inRoutine(start: number, end: number): Head {
    if (this.#head === 'begin' && this.#is('atomic', start, end)) {
      this.#depth++;
      return 'start';
    }
    if (!this.#is('begin', start, end)) return 'routine';
    if (this.#depth === 0) this.openedAt = start;
    return 'begin';
  }

  #isRoutine(start: number, end: number): boolean {
    return this.#is('function', start, end) || this.#is('procedure', start, end);
  }

  #is(word: string, start: number, end: number): boolean {
    return end - start === word.length && wordAt(this.#text, start, end) === word;
  }
}
