// What a statement that cannot run in a transaction does, as far as its effect can be looked up after nobody heard
// its answer. Pure: says what to look for; the database room looks (healing.ts).
import { asBuffer, Lexer } from './lexer.ts';

/** Names are as they stand in the statement: quoted where they were, and not folded. */
export type Effect =
  | { readonly kind: 'create-index'; readonly index: string; readonly table: string }
  | { readonly kind: 'drop-index'; readonly index: string }
  | { readonly kind: 'reindex'; readonly scope: 'index' | 'table' | 'schema' | 'database'; readonly name: string }
  | { readonly kind: 'detach-partition'; readonly table: string; readonly partition: string }
  | { readonly kind: 'create-shared' | 'drop-shared'; readonly catalog: SharedCatalog; readonly name: string }
  | { readonly kind: 'move-database'; readonly name: string; readonly tablespace: string }
  | { readonly kind: 'finish-prepared'; readonly transaction: string }
  /** Running it again does no harm. */
  | { readonly kind: 'repeatable' }
  | { readonly kind: 'unknown' };

export type SharedCatalog = 'database' | 'tablespace';

const repeatable = new Set(['vacuum', 'analyze', 'analyse', 'cluster', 'checkpoint', 'repack']);
const unknown: Effect = { kind: 'unknown' };

/** What tells whether the statement at these offsets took effect. */
export function readEffect(text: Uint8Array, start: number, end: number): Effect {
  const tokens = new Tokens(text, start, end);
  const first = tokens.word();
  if (repeatable.has(first)) return { kind: 'repeatable' };
  if (first === 'reindex') return reindex(tokens);
  const second = tokens.word();
  if (first === 'alter') return alter(second, tokens);
  if ((first === 'commit' || first === 'rollback') && second === 'prepared') {
    return { kind: 'finish-prepared', transaction: tokens.raw() };
  }
  if (first !== 'create' && first !== 'drop') return unknown;
  if (second === 'database' || second === 'tablespace') {
    tokens.skip('if', 'exists');
    return { kind: `${first}-shared`, catalog: second, name: tokens.name() };
  }
  const subject = first === 'create' && second === 'unique' ? tokens.word() : second;
  if (subject !== 'index' || tokens.word() !== 'concurrently') return unknown;
  return first === 'create' ? createIndex(tokens) : dropIndex(tokens);
}

function createIndex(tokens: Tokens): Effect {
  tokens.skip('if', 'not', 'exists');
  const index = tokens.name();
  // Without a name PostgreSQL makes one up, and which one that was cannot be told afterwards.
  if (index === '' || index.toLowerCase() === 'on') return unknown;
  if (tokens.word() !== 'on') return unknown;
  tokens.skip('only');
  const table = tokens.name();
  return table === '' ? unknown : { kind: 'create-index', index, table };
}

/** PostgreSQL takes one index at a time where it is CONCURRENTLY. */
function dropIndex(tokens: Tokens): Effect {
  tokens.skip('if', 'exists');
  const index = tokens.name();
  return index === '' ? unknown : { kind: 'drop-index', index };
}

/** REINDEX [(option, …)] INDEX | TABLE | SCHEMA | DATABASE | SYSTEM [CONCURRENTLY] [name] */
function reindex(tokens: Tokens): Effect {
  let isConcurrent = false;
  let scope = tokens.word();
  if (scope === '(') {
    for (let word = tokens.word(); word !== ')' && word !== ''; word = tokens.word()) {
      isConcurrent ||= word === 'concurrently';
    }
    scope = tokens.word();
  }
  let name = tokens.name();
  if (name.toLowerCase() === 'concurrently') {
    isConcurrent = true;
    name = tokens.name();
  }
  if (!isConcurrent || scope === 'system') return { kind: 'repeatable' };
  if (scope !== 'index' && scope !== 'table' && scope !== 'schema' && scope !== 'database') return unknown;
  return { kind: 'reindex', scope, name };
}

function alter(subject: string, tokens: Tokens): Effect {
  if (subject === 'system') return { kind: 'repeatable' };
  if (subject === 'subscription') {
    tokens.name();
    return tokens.word() === 'refresh' ? { kind: 'repeatable' } : unknown;
  }
  if (subject === 'database') {
    const name = tokens.name();
    tokens.skip('set');
    return tokens.word() === 'tablespace' ? { kind: 'move-database', name, tablespace: tokens.name() } : unknown;
  }
  if (subject !== 'table') return unknown;
  tokens.skip('if', 'exists');
  tokens.skip('only');
  const table = tokens.name();
  if (tokens.word() !== 'detach' || tokens.word() !== 'partition') return unknown;
  const partition = tokens.name();
  return tokens.word() === 'concurrently' ? { kind: 'detach-partition', table, partition } : unknown;
}

/** A statement's tokens as text. */
class Tokens {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: Uint8Array, start: number, end: number) {
    const lexer = new Lexer(text, start, end);
    const bytes = asBuffer(text);
    // Names stand at the beginning; the rest of a long statement is of no interest.
    for (let token = lexer.next(); token !== 'end' && token !== 'unterminated'; token = lexer.next()) {
      if (this.#tokens.push(bytes.toString('utf8', lexer.start, lexer.end)) > 200) break;
    }
  }

  word(): string {
    return this.raw().toLowerCase();
  }

  /** As it stands. */
  raw(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  /** Passes over these words where they stand all together. */
  skip(...words: string[]): void {
    const ahead = this.#tokens.slice(this.#at, this.#at + words.length).map((token) => token.toLowerCase());
    if (ahead.length === words.length && ahead.every((word, i) => word === words[i])) this.#at += words.length;
  }

  /** `name` or `schema.name`. */
  name(): string {
    const first = this.raw();
    if (this.#tokens[this.#at] !== '.') return first;
    this.#at++;
    return `${first}.${this.raw()}`;
  }
}
