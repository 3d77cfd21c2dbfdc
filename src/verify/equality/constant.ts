// Constants of a condition: what type they have, and what two of them say to each other. Pure.
import { Undecided } from './automaton.ts';
import type { Subject } from './formula.ts';
import type { Comparison } from './language.ts';
import { comparePoints, holds, pointOf, type Family } from './scalar.ts';

/** Text is null for NULL; `type` is undefined for a number that has none yet. */
export interface Constant {
  readonly is: 'constant';
  readonly text: string | null;
  readonly type: string | undefined;
}

/** Throws `Undecided` where the constant is of a type that the column would be converted to. */
export function refuseOther(family: Family, type: string | undefined, subject: Subject): void {
  const fits: Readonly<Record<Family, readonly string[]>> = {
    integer: ['smallint', 'integer', 'bigint', 'numeric'],
    numeric: ['smallint', 'integer', 'bigint', 'numeric'],
    float8: ['double precision'],
    float4: ['real'],
    date: ['date'],
    timestamp: ['timestamp without time zone'],
    timestamptz: ['timestamp with time zone'],
    uuid: ['uuid'],
    enum: [subject.type],
  };
  if (type !== undefined && !fits[family].includes(type)) throw new Undecided(`a ${subject.type} beside a ${type}`);
  if (type === undefined && !['integer', 'numeric'].includes(family)) throw new Undecided('a constant without a type');
}

/** The type after a cast that does not change the constant. Throws `Undecided` for any other. */
export function constantType(text: string | null, from: string | undefined, to: string): string {
  const numbers = ['smallint', 'integer', 'bigint', 'numeric', 'double precision', 'real'];
  const strings = ['text', 'character varying'];
  const isWhole = text !== null && /^-?\d+$/.test(text);
  const isKept =
    text === null ||
    from === 'unknown' ||
    from === to ||
    (from === undefined && numbers.includes(to) && (isWhole || !['smallint', 'integer', 'bigint'].includes(to))) ||
    (from !== undefined && strings.includes(from) && strings.includes(to)) ||
    (from !== undefined && numbers.indexOf(from) < 3 && numbers.indexOf(from) >= 0 && numbers.slice(0, 4).includes(to));
  if (!isKept) throw new Undecided(`a constant that is cast to ${to}`);
  return to;
}

/** A number has no type yet, a string the one that PostgreSQL calls unknown. */
export function constantOf(value: Readonly<Record<string, unknown>>): Constant {
  if (value['isnull']) return { is: 'constant', text: null, type: undefined };
  const { ival, fval, sval, boolval } = value as Readonly<
    Record<string, Readonly<Record<string, string | number | boolean>> | undefined>
  >;
  if (ival) return { is: 'constant', text: String(ival['ival'] ?? 0), type: undefined };
  if (fval) return { is: 'constant', text: String(fval['fval']), type: undefined };
  if (sval) return { is: 'constant', text: String(sval['sval'] ?? ''), type: 'unknown' };
  if (boolval) return { is: 'constant', text: boolval['boolval'] ? 'true' : 'false', type: 'boolean' };
  throw new Undecided('a constant of another kind');
}

/** What a comparison of two constants says. Throws `Undecided` for what is neither numbers nor equality of strings. */
export function compareConstants(
  operator: Comparison,
  [a, b]: readonly [string, string],
  types: readonly (string | undefined)[],
): boolean {
  const numbers = [undefined, 'smallint', 'integer', 'bigint', 'numeric'];
  if (types.every((type) => numbers.includes(type)))
    return holds(operator, comparePoints(pointOf(a, 'numeric'), pointOf(b, 'numeric')));
  const strings = ['unknown', 'text', 'character varying'];
  if (operator === '=' && types.every((type) => type !== undefined && strings.includes(type))) return a === b;
  throw new Undecided('two constants');
}
