// Splits a file into statements, as psql would send them, and leaves the text as it is: offsets only.
// Knows nothing of what a migration may contain; that is parse.ts.
import { AmeliaError, type ErrorFacts } from '../errors.ts';
import { readCommand, wordAt, type Command } from './command.ts';
import { copyDataAfter } from './copy-data.ts';
import { requireText } from './encoding.ts';
import { mayBeForeign } from './foreign.ts';
import { Lexer, type Token } from './lexer.ts';
import { bomLength, locate } from './location.ts';
import { RoutineBody } from './routine-body.ts';
import { StatementList } from './statements.ts';
import type { Barrier } from './types.ts';

export interface Scan {
  readonly statements: StatementList;
  /** Offsets of the `--` comments that speak to amelia-db, or to another tool, wherever they stand. */
  readonly directives: readonly { readonly start: number; readonly end: number }[];
}

/**
 * The file's statements in order. Throws `scan.invalid-utf8`, `.nul-byte`, `.unterminated`,
 * `.backslash-command` and `.after-copy`.
 */
export function scan(path: string, text: Uint8Array): Scan {
  requireText(path, text);
  return new Scanner(path, text).scan();
}

class Scanner {
  readonly #path: string;
  readonly #text: Uint8Array;
  readonly #lexer: Lexer;
  readonly #statements = new StatementList();
  readonly #directives: { start: number; end: number }[] = [];
  readonly #body: RoutineBody;
  /** The statement being read: offset of its first token (-1 between statements), and just past its last. */
  #start = -1;
  #end = -1;
  #depth = 0;
  #openedAt = -1;
  /** standard_conforming_strings of the session, to return to when SET LOCAL ends. */
  #sessionStrings = true;

  constructor(path: string, text: Uint8Array) {
    this.#path = path;
    this.#text = text;
    this.#body = new RoutineBody(text);
    this.#lexer = new Lexer(text, bomLength(text), text.length, (start, end) => {
      if (speaksToUs(text, start) || mayBeForeign(text, start, end)) this.#directives.push({ start, end });
    });
  }

  scan(): Scan {
    const lexer = this.#lexer;
    for (;;) {
      const token = lexer.next();
      if (token === 'semicolon' && this.#depth === 0 && !this.#body.open) {
        if (this.#start !== -1) this.#finish();
      } else if (token === 'end') {
        this.#finishLast();
        return { statements: this.#statements, directives: this.#directives };
      } else if (token === 'backslash' && this.#start === -1 && this.#isRestrict()) {
        this.#skipLine();
      } else {
        this.#extend(token);
      }
    }
  }

  #extend(token: Token): void {
    const { start, end } = this.#lexer;
    if (token === 'unterminated') throw this.#error('scan.unterminated', this.#lexer.unterminated!, start);
    if (token === 'backslash') throw this.#error('scan.backslash-command', { command: this.#command(start) }, start);
    if (this.#start === -1) this.#start = start;
    this.#end = end;
    if (token === 'open' && this.#depth++ === 0) this.#openedAt = start;
    else if (token === 'close' && this.#depth > 0) this.#depth--;
    if (this.#depth === 0) this.#body.read(token, start, end);
  }

  /** At a statement's semicolon. */
  #finish(): void {
    const start = this.#start;
    const end = this.#end;
    const command = readCommand(this.#text, start, end);
    this.#start = -1;
    this.#body.reset();
    if (command?.kind === 'transaction') {
      this.#statements.push({ start, end, control: command.control });
      if (command.control !== 'begin') this.#lexer.standardStrings = this.#sessionStrings;
    } else if (command?.kind === 'copy' && command.direction === 'from-client') {
      this.#copy(start, end);
    } else {
      const barrier = barrierOf(command);
      this.#statements.push({ start, end, ...(barrier && { barrier }) });
    }
    if (command?.kind === 'strings') {
      this.#lexer.standardStrings = command.standard;
      if (!command.local) this.#sessionStrings = command.standard;
    }
  }

  #copy(start: number, end: number): void {
    const data = copyDataAfter(this.#text, this.#lexer.end);
    if ('unexpected' in data) throw this.#error('scan.after-copy', {}, data.unexpected);
    if (data.next === -1) throw this.#error('scan.unterminated', unterminatedCopy, start);
    this.#statements.push({ start, end, copyData: { start: data.start, end: data.end } });
    this.#lexer.end = data.next;
  }

  #finishLast(): void {
    if (this.#depth > 0) {
      throw this.#error('scan.unterminated', { what: 'parenthesis', closing: ')' }, this.#openedAt);
    }
    if (this.#body.open) {
      throw this.#error('scan.unterminated', { what: 'BEGIN ATOMIC', closing: 'END' }, this.#body.openedAt);
    }
    if (this.#start !== -1) this.#finish();
  }

  /** pg_dump writes \restrict and \unrestrict since 17.6, 16.10 and 15.14; to a server they mean nothing. */
  #isRestrict(): boolean {
    return /^\\(un)?restrict$/.test(this.#command(this.#lexer.start));
  }

  #command(start: number): string {
    let end = start + 1;
    while (end < this.#text.length && end < start + 40 && this.#text[end]! > 32) end++;
    return Buffer.from(this.#text.subarray(start, end)).toString();
  }

  #skipLine(): void {
    const text = this.#text;
    let end = this.#lexer.end;
    while (end < text.length && text[end] !== 10 && text[end] !== 13) end++;
    this.#lexer.end = end;
  }

  #error<C extends 'scan.unterminated' | 'scan.backslash-command' | 'scan.after-copy'>(
    code: C,
    facts: ErrorFacts<C>,
    offset: number,
  ): AmeliaError<C> {
    return new AmeliaError(code, facts, { location: locate(this.#path, this.#text, offset) });
  }
}

function barrierOf(command: Command | undefined): Barrier | undefined {
  if (command?.kind === 'rollback-to' || command?.kind === 'access-mode') return command.kind;
  return command?.kind === 'strings' && command.all ? 'reset-all' : undefined;
}

const unterminatedCopy = { what: 'COPY data', closing: '\\. on a line of its own' };

/** Whether a `--` comment begins with `amelia-db`. */
function speaksToUs(text: Uint8Array, start: number): boolean {
  let i = start + 2;
  while (text[i] === 32 || text[i] === 9) i++;
  return (text[i]! | 0x20) === 0x61 /* a */ && wordAt(text, i, Math.min(i + 9, text.length)) === 'amelia-db';
}
