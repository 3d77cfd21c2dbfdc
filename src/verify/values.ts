// Values of each type as the text that PostgreSQL reads: fresh ones, of which no two are equal, and the
// type's usual corner cases. Pure.
import type { Column, Schema } from '../schema/model.ts';
import { literal } from '../schema/sql.ts';

/** A value as text; null is NULL. */
export type Value = string | null;

/** Types whose names are PostgreSQL's grammar, not names that are looked up (manual, section 8.1). */
const grammatical =
  /^(?:bit|boolean|character|double precision|real|integer|smallint|bigint|numeric|interval|time|timestamp)\b/;

/** A type as the catalog's query prints it, so that the search path has no say in what it is. */
export const typeSql = (type: string): string =>
  grammatical.test(type) || /^(?:"(?:[^"]|"")*"|[^".]*)\./.test(type) ? type : `pg_catalog.${type}`;

/** `value` as an SQL expression of that type, whatever the search path. */
export const valueSql = (value: Value, type: string): string =>
  `CAST(${value === null ? 'NULL' : literal(value)} AS ${typeSql(type)})`;

/** Any expression as text, whatever the search path. */
export const textSql = (expression: string): string => `CAST(${expression} AS pg_catalog.text)`;

/** What a type is under its domains. */
export interface BaseType {
  readonly type: string;
  readonly category: string;
  readonly kind: Column['typeKind'];
  readonly element: string | null;
  /** CHECKs of the domains, in which the value is called VALUE. */
  readonly checks: readonly string[];
  readonly labels: readonly string[];
}

/** The base type of a column, whatever domains lie over it. */
export function baseTypeOf(column: Column, schema: Schema): BaseType {
  let { type, category, typeKind: kind } = column;
  const checks: string[] = [];
  for (let depth = 0; kind === 'd' && depth < 20; depth++) {
    const domain = schema.domains.find((candidate) => candidate.type === type);
    if (!domain) break;
    checks.push(...domain.checks.map(({ expression }) => expression));
    type = domain.base;
    category = domain.baseCategory;
    kind = schema.domains.some((other) => other.type === domain.base) ? 'd' : category === 'E' ? 'e' : 'b';
  }
  const labels = schema.enums.find((candidate) => candidate.type === type)?.labels ?? [];
  return { type, category, kind, element: column.element, checks, labels };
}

const two = (n: number): string => String(n).padStart(2, '0');
const day = (n: number): string =>
  new Date(Date.UTC(2001, 0, 1) + (n % 2_900_000) * 86_400_000).toISOString().slice(0, 10);
const lengthOf = (type: string): number | undefined => {
  const match = /\((\d+)\)$/.exec(type);
  return match ? Number(match[1]) : /^(character|"char")$/.test(type) ? 1 : undefined;
};

/** The n-th value of a type, different for each n as far as the type has room. Undefined where none is known. */
export function freshValue(base: BaseType, n: number): string | undefined {
  const { type, labels, category } = base;
  if (labels.length > 0) return labels[n % labels.length];
  if (category === 'A') {
    const element = base.element;
    const inner = element === null ? undefined : freshValue({ ...base, type: element, category: '', element: null }, n);
    return inner === undefined ? '{}' : `{"${inner.replaceAll(/["\\]/g, '\\$&')}"}`;
  }
  const name = type
    .replace(/\(.*?\)/, '')
    .replace(/^.*\./, '')
    .replaceAll('"', '');
  switch (name) {
    case 'smallint':
      return String((n % 30_000) + 1);
    case 'integer':
    case 'bigint':
    case 'oid':
      return String(1000 + n);
    case 'numeric': {
      const [, precision, scale = '0'] = /\((\d+)(?:,(-?\d+))?\)/.exec(type) ?? [];
      const digits = precision === undefined ? 9 : Number(precision) - Number(scale);
      if (digits > 0) return String((n % (10 ** Math.min(digits, 9) - 1)) + 1);
      return `0.${String((n % 9) + 1).padStart(Math.max(Number(scale), 1), '0')}`;
    }
    case 'real':
      return String((n % 8_000_000) + 1); // what it can tell apart
    case 'double precision':
    case 'money':
      return String(n + 1);
    case 'boolean':
      return n % 2 === 0 ? 'false' : 'true';
    case 'uuid':
      return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
    case 'date':
      return day(n);
    case 'timestamp without time zone':
      return `${day(n)} 00:00:00`;
    case 'timestamp with time zone':
      return `${day(n)} 00:00:00+00`;
    case 'time without time zone':
      return `${two(Math.floor(n / 3600) % 24)}:${two(Math.floor(n / 60) % 60)}:${two(n % 60)}`;
    case 'time with time zone':
      return `${two(Math.floor(n / 3600) % 24)}:${two(Math.floor(n / 60) % 60)}:${two(n % 60)}+00`;
    case 'interval':
      return `${n + 1} seconds`;
    case 'json':
    case 'jsonb':
      return `{"n": ${n}}`;
    case 'bytea':
      return `\\x${n.toString(16).padStart(8, '0')}`;
    case 'inet':
    case 'cidr':
      return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}/32`;
    case 'macaddr':
      return `02:00:00:${two((n >> 16) % 90)}:${two((n >> 8) % 90)}:${two(n % 90)}`;
    case 'bit':
    case 'bit varying': {
      const length = lengthOf(type) ?? (name === 'bit' ? 1 : 32);
      return n.toString(2).padStart(length, '0').slice(-length);
    }
    case 'int4range':
    case 'int8range':
    case 'numrange': {
      const from = (n % 200_000_000) * 10;
      return `[${from},${from + 5})`;
    }
    case 'daterange':
      return `[${day(n * 10)},${day(n * 10 + 5)})`;
    case 'tsrange':
    case 'tstzrange':
      return `["${day(n * 10)} 00:00:00","${day(n * 10 + 5)} 00:00:00")`;
    case 'int4multirange':
    case 'int8multirange':
    case 'nummultirange':
      return `{[${(n % 200_000_000) * 10},${(n % 200_000_000) * 10 + 5})}`;
    case 'point':
      return `(${n},${n})`;
    case 'box':
      return `(${n * 10 + 5},5),(${n * 10},0)`;
    case 'circle':
      return `<(${n * 10},0),1>`;
    case 'lseg':
    case 'path':
    case 'polygon':
      return `((${n},0),(${n},1))`;
    case 'vector':
    case 'halfvec':
      return `[${Array.from({ length: lengthOf(type) ?? 3 }, (_, i) => (i === 0 ? n : 1)).join(',')}]`;
    case 'xml':
      return `<n>${n}</n>`;
    case 'ltree':
    case 'hstore':
      return name === 'ltree' ? `v${n}` : `"n"=>"${n}"`;
    default: {
      if (category !== 'S' && category !== 'U' && category !== '') return undefined;
      const text = `v${n.toString(36)}`;
      const length = lengthOf(type);
      return length === undefined || text.length <= length ? text : n.toString(36).slice(-length).padStart(length, '0');
    }
  }
}

/** Values that a condition on such a type often turns on. */
export function cornerValues({ type, category, labels }: BaseType): readonly string[] {
  if (labels.length > 0) return labels;
  if (type.startsWith('json')) return ['{}', '[]', '[1]', '"a"', '1', 'true', 'null', '{"a": 1}'];
  switch (category) {
    case 'B':
      return ['true', 'false'];
    case 'N':
      return ['0', '1', '-1', '2', '0.5', '100', '1000000'];
    case 'S':
      return ['', 'a', 'A', ' ', 'ab', 'Ab1'];
    case 'D':
      return ['2001-01-01', '2001-01-02', '1900-01-01', '2100-01-01', '00:00:00', '12:00:00', '23:59:59'];
    case 'T':
      return ['0', '1 second', '-1 second', '1 day', '1 year'];
    case 'A':
      return ['{}', '{NULL}', '{1}', '{1,2}', '{a}', '{a,b}'];
    case 'R':
      return ['empty', '[1,2)', '[1,)', '[2001-01-01,2001-01-02)', '[2001-01-01,)'];
    case 'I':
      return ['10.0.0.1', '::1', '10.0.0.0/8'];
    default:
      return ['1', 'a', '0', '00'];
  }
}
