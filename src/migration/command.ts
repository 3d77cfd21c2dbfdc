// What a statement does beyond running: end or begin a transaction, read or write COPY data, change
// how strings are read. Looks at the statement's first words only.
import { asBuffer, Lexer, type Token } from './lexer.ts';
import type { TransactionControl } from './types.ts';

export type Command =
  /** `plain`: without isolation level, access mode, AND CHAIN or a name, so that leaving it out changes nothing. */
  | { readonly kind: 'transaction'; readonly control: TransactionControl; readonly plain: boolean }
  /** COMMIT or ROLLBACK … AND CHAIN: one transaction ends and another begins. */
  | { readonly kind: 'chain' }
  /** COMMIT PREPARED or ROLLBACK PREPARED: about another transaction, and never inside one. */
  | { readonly kind: 'prepared' }
  | { readonly kind: 'copy'; readonly direction: 'from-client' | 'to-client' }
  /** ROLLBACK TO a savepoint. */
  | { readonly kind: 'rollback-to' }
  /** Changes default_transaction_read_only, by any of its names. */
  | { readonly kind: 'access-mode' }
  /** SET standard_conforming_strings, or a RESET of it; `all` for a RESET of everything. */
  | { readonly kind: 'strings'; readonly standard: boolean; readonly local: boolean; readonly all?: boolean }
  /** Makes the server read what follows as something else than the UTF-8, or the strings, that the splitter reads. */
  | { readonly kind: 'reading'; readonly setting: 'client_encoding' | 'standard_conforming_strings' };

/** Decodes a word in lower case; PostgreSQL folds only ASCII letters in a key word. */
export function wordAt(text: Uint8Array, start: number, end: number): string {
  return asBuffer(text).toString('latin1', start, end).toLowerCase();
}

/** What the statement at these offsets does; undefined for an ordinary one. */
export function readCommand(text: Uint8Array, start: number, end: number): Command | undefined {
  // Quick, because a dump holds millions of INSERTs: no such command begins with another letter.
  if (!'abcdeprs'.includes(String.fromCharCode(text[start]! | 0x20))) return undefined;
  const words = new Words(text, start, end);
  switch (words.next()) {
    case 'begin':
      return begin(words);
    case 'start':
      return words.next() === 'transaction' ? begin(words) : undefined;
    case 'commit':
    case 'end':
      return finish(words, 'commit');
    case 'rollback':
    case 'abort':
      return finish(words, 'rollback');
    case 'prepare':
      // PREPARE transaction AS … prepares a statement of that name.
      return words.next() === 'transaction' && words.next() === "'"
        ? { kind: 'transaction', control: 'prepare', plain: false }
        : undefined;
    case 'copy':
      return copy(words);
    case 'set':
      return setting(words);
    case 'select':
      return mayCallSetConfig(text, start, end) ? setConfig(words) : undefined;
    case 'reset':
      return resetOf(words);
    case 'discard':
      return words.next() === 'all' ? resetAll : undefined;
    default:
      return undefined;
  }
}

const resetStrings: Command = { kind: 'strings', standard: true, local: false };
const resetAll: Command = { ...resetStrings, all: true };

function resetOf(words: Words): Command | undefined {
  const word = words.next();
  if (word === 'all') return resetAll;
  if (isAccessMode(word, words)) return { kind: 'access-mode' };
  return isStrings(word, words) ? resetStrings : undefined;
}

function isAccessMode(word: string, words: Words): boolean {
  return word === 'default_transaction_read_only' || words.raw() === '"default_transaction_read_only"';
}

function isStrings(word: string, words: Words): boolean {
  return word === 'standard_conforming_strings' || words.raw() === '"standard_conforming_strings"';
}

/** Walks over a statement's tokens as lower-case words; `'` stands for any literal, `"` for any quoted name. */
class Words {
  readonly #lexer: Lexer;
  readonly #text: Uint8Array;
  constructor(text: Uint8Array, start: number, end: number) {
    this.#lexer = new Lexer(text, start, end);
    this.#text = text;
  }

  next(): string {
    const token: Token = this.#lexer.next();
    switch (token) {
      case 'end':
      case 'unterminated':
        return '';
      case 'literal':
        return "'";
      case 'name':
        return '"';
      default:
        return wordAt(this.#text, this.#lexer.start, this.#lexer.end);
    }
  }

  /** The decoded token that `next` returned last. */
  raw(): string {
    return wordAt(this.#text, this.#lexer.start, this.#lexer.end);
  }
}

/** The next word, past an optional WORK or TRANSACTION. */
function afterNoise(words: Words): string {
  const word = words.next();
  return word === 'work' || word === 'transaction' ? words.next() : word;
}

function begin(words: Words): Command {
  return { kind: 'transaction', control: 'begin', plain: afterNoise(words) === '' };
}

function finish(words: Words, control: 'commit' | 'rollback'): Command | undefined {
  switch (afterNoise(words)) {
    case '':
      return { kind: 'transaction', control, plain: true };
    case 'to':
      return { kind: 'rollback-to' };
    case 'prepared':
      return { kind: 'prepared' };
    case 'and':
      return words.next() === 'no' ? { kind: 'transaction', control, plain: true } : { kind: 'chain' };
    default:
      return { kind: 'transaction', control, plain: false };
  }
}

/** COPY name (columns) FROM or TO; the grammar takes STDIN and STDOUT for each other. */
function copy(words: Words): Command | undefined {
  let depth = 0;
  let previous = '';
  for (let word = words.next(); word !== ''; previous = word, word = words.next()) {
    if (word === '(') depth++;
    else if (word === ')') depth--;
    else if (depth === 0 && previous !== '.' && (word === 'from' || word === 'to')) {
      const place = words.next();
      if (place !== 'stdin' && place !== 'stdout') return undefined;
      return { kind: 'copy', direction: word === 'from' ? 'from-client' : 'to-client' };
    }
  }
  return undefined;
}

function setting(words: Words): Command | undefined {
  let word = words.next();
  const local = word === 'local';
  if (local || word === 'session') word = words.next();
  // SET SESSION CHARACTERISTICS AS TRANSACTION …
  if (word === 'characteristics' || isAccessMode(word, words)) return { kind: 'access-mode' };
  const strings = isStrings(word, words);
  // SET NAMES is the standard's word for it.
  if (!strings && word !== 'names' && word !== 'client_encoding' && words.raw() !== '"client_encoding"')
    return undefined;
  if (word !== 'names') {
    word = words.next();
    if (word !== '=' && word !== 'to') return undefined;
  }
  if (words.next() === '') return undefined;
  const value = unquoted(words.raw());
  return strings ? { kind: 'strings', standard: !isOff(value), local } : readingOf('client_encoding', value);
}

/** Quick, because a SELECT may be 300 MB long, and few call set_config(). */
function mayCallSetConfig(text: Uint8Array, start: number, end: number): boolean {
  const statement = asBuffer(text).subarray(start, end);
  return statement.includes('set_config') || statement.includes('SET_CONFIG');
}

/** SELECT … set_config('name', 'value', …). */
function setConfig(words: Words): Command | undefined {
  for (let word = words.next(); word !== ''; word = words.next()) {
    if ((word !== 'set_config' && words.raw() !== '"set_config"') || words.next() !== '(') continue;
    if (words.next() !== "'") continue;
    const name = unquoted(words.raw());
    if (name === 'default_transaction_read_only') return { kind: 'access-mode' };
    if (name !== 'client_encoding' && name !== 'standard_conforming_strings') continue;
    const isLiteral = words.next() === ',' && words.next() === "'";
    return readingOf(name, isLiteral ? unquoted(words.raw()) : undefined);
  }
  return undefined;
}

/** `value` undefined where it is not a literal. */
function readingOf(setting: 'client_encoding' | 'standard_conforming_strings', value?: string): Command | undefined {
  const stays =
    value !== undefined &&
    (setting === 'client_encoding'
      ? // As PostgreSQL reads the name of an encoding: letters and digits only. SQL_ASCII converts nothing.
        ['utf8', 'unicode', 'sqlascii', 'default'].includes(value.replace(/[^a-z0-9]/g, ''))
      : !isOff(value));
  return stays ? undefined : { kind: 'reading', setting };
}

function unquoted(raw: string): string {
  return raw.replace(/^e?'(.*)'$/, '$1');
}

/** As PostgreSQL reads a boolean setting: any beginning of false or no, of, off, 0. */
function isOff(value: string): boolean {
  return /^(f|fa|fal|fals|false|n|no|of|off|0)$/.test(value);
}
