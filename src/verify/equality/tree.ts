// PostgreSQL's own parse tree, as far as conditions are read from it. Pure.
import { Undecided } from './automaton.ts';

/** A node of the parse tree: one key, its kind. */
export type Node = Readonly<Record<string, unknown>>;

const words: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

/** The kind of a node and what is in it. */
export function only(node: Node): readonly [string, Readonly<Record<string, unknown>>] {
  const [entry] = Object.entries(node);
  if (!entry) throw new Undecided('nothing');
  return entry as [string, Readonly<Record<string, unknown>>];
}

export const nodes = (value: unknown): readonly Node[] => (Array.isArray(value) ? (value as Node[]) : []);

/** As `format_type` prints it. Throws `Undecided` for a modifier, which would change the value. */
export function typeOf(name: Node): string {
  const parts = nodes(name['names']).map((part) => String(only(part)[1]['sval']));
  const own = parts[0] === 'pg_catalog' ? parts.slice(1) : parts;
  if (nodes(name['typmods'] ?? []).length > 0) throw new Undecided('a cast with a length');
  const word = own.length === 1 ? (words[own[0] ?? ''] ?? own[0] ?? '') : own.map(quoted).join('.');
  return `${word}${nodes(name['arrayBounds'] ?? []).length > 0 ? '[]' : ''}`;
}

const quoted = (part: string): string => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`);
