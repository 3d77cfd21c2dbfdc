// Constants whose order is known exactly, by the family of their type: the points that divide the values of a
// column into classes. Pure; what cannot be read exactly is not read.
import { Undecided } from './automaton.ts';
import type { Comparison } from './language.ts';

/** How values of a type are compared; `step` is true where every value has a next one. */
export type Family =
  'integer' | 'numeric' | 'float8' | 'float4' | 'date' | 'timestamp' | 'timestamptz' | 'uuid' | 'enum';

/** A value as a whole number of units of ten to the minus `scale`. */
export interface Point {
  readonly units: bigint;
  readonly scale: number;
}

const bounds: Readonly<Record<string, readonly [bigint, bigint]>> = {
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Negative, zero or positive. */
export function comparePoints(a: Point, b: Point): number {
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** True when `comparison` holds for something that is that much (as `comparePoints` says) beside the constant. */
export function holds(comparison: Comparison, order: number): boolean {
  switch (comparison) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** A constant as PostgreSQL prints it, in a type of `family`; `labels` are an enum's. Throws `Undecided`. */
export function pointOf(text: string, family: Family, labels: readonly string[] = []): Point {
  const point = read(text.trim(), family, labels);
  if (point === undefined) throw new Undecided(`the constant ${text} cannot be placed exactly`);
  return point;
}

function read(text: string, family: Family, labels: readonly string[]): Point | undefined {
  switch (family) {
    case 'integer':
    case 'numeric':
      return decimal(text);
    case 'float8':
    case 'float4': {
      if (decimal(text) === undefined) return undefined;
      // What the type holds, exactly: two constants may be one value of it.
      const value = family === 'float4' ? Math.fround(Number(text)) : Number(text);
      return Number.isFinite(value) ? exactly(value) : undefined;
    }
    case 'date':
      return whole(/^\d{4,}-\d\d-\d\d$/.test(text) ? microseconds(`${text} 00:00:00`) : undefined, 86_400_000_000n);
    case 'timestamp':
      return whole(/[+-]\d\d(:\d\d)*$/.test(text.slice(11)) ? undefined : microseconds(text));
    case 'timestamptz':
      return whole(/[+-]\d\d(:\d\d)?$/.test(text.slice(11)) ? microseconds(text) : undefined);
    case 'uuid':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
        ? whole(BigInt(`0x${text.replaceAll('-', '')}`))
        : undefined;
    case 'enum': {
      const at = labels.indexOf(text);
      return at === -1 ? undefined : whole(BigInt(at));
    }
  }
}

const whole = (units: bigint | undefined, unit = 1n): Point | undefined =>
  units === undefined ? undefined : { units: units / unit, scale: 0 };

function decimal(text: string): Point | undefined {
  const [, sign = '', digits = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i.exec(text) ?? [];
  if (digits + fraction === '') return undefined;
  const scale = fraction.length - Number(exponent);
  const units = BigInt(`${sign === '-' ? '-' : ''}${digits}${fraction}`);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** A binary fraction has an end as a decimal one. */
function exactly(value: number): Point {
  let scale = 0;
  let power = 1n;
  // Ever twice as much until it is whole: then it is a whole number of halves, quarters, …
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    power *= 5n;
    scale++;
  }
  return { units: BigInt(scaled) * power, scale };
}

function microseconds(text: string): bigint | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, hours = '0', minutes = '0'] = match;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  at.setUTCHours(Number(hour), Number(minute), Number(second));
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? 1 : -1);
  return BigInt(at.getTime() + (sign === undefined ? 0 : offset)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/** A value of a class: at a constant, or between two of them (or beyond the first or the last). */
export interface Place {
  /** How it stands to each of the sorted constants: negative, zero or positive. */
  readonly orders: readonly number[];
}

/**
 * The classes that sorted, distinct constants divide a type's values into. Where it is known that there is no
 * value between two constants, that class is left out; `type` is the column's, `count` how many labels an enum has.
 */
export function placesOf(points: readonly Point[], family: Family, type: string, count: number): readonly Place[] {
  const stepped = !['numeric', 'float8', 'float4'].includes(family);
  const [least, most] = family === 'enum' ? [0n, BigInt(count - 1)] : (bounds[type] ?? [undefined, undefined]);
  const places: Place[] = [];
  const orders = (at: number, exactlyAt: boolean): number[] =>
    points.map((_, i) => (i < at ? 1 : i === at && exactlyAt ? 0 : -1));
  for (let i = 0; i <= points.length; i++) {
    // The first whole number above the constant before, and the last below the one behind.
    const from = i === 0 ? least : floor(points[i - 1] as Point) + 1n;
    const to = i === points.length ? most : ceiling(points[i] as Point) - 1n;
    const within = (value: bigint | undefined, bound: bigint | undefined, pick: 'max' | 'min'): bigint | undefined =>
      value === undefined || bound === undefined
        ? (value ?? bound)
        : (pick === 'max') === value > bound
          ? value
          : bound;
    const [low, high] = [within(from, least, 'max'), within(to, most, 'min')];
    if (!stepped || low === undefined || high === undefined || low <= high) places.push({ orders: orders(i, false) });
    const point = points[i];
    if (point === undefined) continue;
    const isThere =
      !stepped ||
      (floor(point) === ceiling(point) &&
        (least === undefined || floor(point) >= least) &&
        (most === undefined || floor(point) <= most));
    if (isThere) places.push({ orders: orders(i, true) });
  }
  return places;
}

function floor({ units, scale }: Point): bigint {
  const unit = 10n ** BigInt(scale);
  const quotient = units / unit;
  return units % unit !== 0n && units < 0n ? quotient - 1n : quotient;
}

const ceiling = ({ units, scale }: Point): bigint => -floor({ units: -units, scale });
