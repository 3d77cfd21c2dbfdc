// How one can tell whether a statement that cannot run in a transaction took effect, after nobody heard
// its answer. Pure: says what to look for; the database room looks.
import { asBuffer, Lexer } from './lexer.ts';

/** Names are as they stand in the statement: quoted where they were, and not folded. */
export type Effect =
  /** CREATE INDEX CONCURRENTLY: there and valid when it took effect, there and invalid when it was cut off. */
  | { readonly kind: 'create-index'; readonly index: string; readonly table: string }
  /** DROP INDEX CONCURRENTLY: gone when it took effect. */
  | { readonly kind: 'drop-index'; readonly indexes: readonly string[] }
  /** Running it again does no harm: VACUUM, ANALYZE, REINDEX, CLUSTER, CHECKPOINT, ALTER SYSTEM. */
  | { readonly kind: 'repeatable' }
  | { readonly kind: 'unknown' };

const repeatable = new Set(['vacuum', 'analyze', 'analyse', 'reindex', 'cluster', 'checkpoint']);

/** What tells whether the statement at these offsets took effect. */
export function readEffect(text: Uint8Array, start: number, end: number): Effect {
  const tokens = new Tokens(text, start, end);
  const first = tokens.word();
  if (repeatable.has(first)) return { kind: 'repeatable' };
  const second = tokens.word();
  if (first === 'alter' && second === 'system') return { kind: 'repeatable' };
  const subject = first === 'create' && second === 'unique' ? tokens.word() : second;
  if (subject !== 'index' || tokens.word() !== 'concurrently') return { kind: 'unknown' };
  if (first === 'create') return createIndex(tokens);
  return first === 'drop' ? dropIndex(tokens) : { kind: 'unknown' };
}

function createIndex(tokens: Tokens): Effect {
  tokens.skip('if', 'not', 'exists');
  const index = tokens.name();
  // Without a name PostgreSQL makes one up, and which one that was cannot be told afterwards.
  if (index === '' || index.toLowerCase() === 'on') return { kind: 'unknown' };
  if (tokens.word() !== 'on') return { kind: 'unknown' };
  tokens.skip('only');
  const table = tokens.name();
  return table === '' ? { kind: 'unknown' } : { kind: 'create-index', index, table };
}

function dropIndex(tokens: Tokens): Effect {
  tokens.skip('if', 'exists');
  const indexes = [tokens.name()];
  while (tokens.word() === ',') indexes.push(tokens.name());
  return indexes.includes('') ? { kind: 'unknown' } : { kind: 'drop-index', indexes };
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
    return (this.#tokens[this.#at++] ?? '').toLowerCase();
  }

  /** Passes over these words where they stand all together. */
  skip(...words: string[]): void {
    const ahead = this.#tokens.slice(this.#at, this.#at + words.length).map((token) => token.toLowerCase());
    if (ahead.length === words.length && ahead.every((word, i) => word === words[i])) this.#at += words.length;
  }

  /** `name` or `schema.name`. */
  name(): string {
    const first = this.#tokens[this.#at++] ?? '';
    if (this.#tokens[this.#at] !== '.') return first;
    this.#at++;
    return `${first}.${this.#tokens[this.#at++] ?? ''}`;
  }
}
