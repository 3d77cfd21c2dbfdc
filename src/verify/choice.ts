// Chooses among the combinations that the server has judged: which fit a request, and which fit it best. Pure.
import type { Table } from '../schema/model.ts';
import { display } from '../schema/sql.ts';
import { foreignKeysOf } from './keys.ts';
import type { Combination, Component, Ground } from './truth.ts';
import type { Value } from './values.ts';

/** What a condition must say to a row. */
export type Wanted = boolean | 'not true' | 'anything' | null;

/** What a row must be like. */
export interface Request {
  readonly fixed?: ReadonlyMap<string, Value>;
  /** What the conditions of these names must say; every other CHECK must not be false. */
  readonly truth?: ReadonlyMap<string, Wanted>;
  /** Columns that must have a value. */
  readonly nonNull?: readonly string[];
  /** The unique index that the row may collide on. */
  readonly collide?: string;
  /** Foreign keys whose parents are not provided. */
  readonly orphan?: readonly string[];
  /** Fill nullable foreign keys too. */
  readonly full?: boolean;
  /** Not to be used as a parent by rows that only need some parent. */
  readonly reserved?: boolean;
}

/** True when the combination is what `request` asks for, with the `fixed` values in its slots. */
export function fits(
  component: Component,
  { values, truth }: Combination,
  fixed: ReadonlyMap<string, Value>,
  table: Table,
  request: Request,
): boolean {
  for (const { kind, name } of component.conditions) {
    const wanted = request.truth?.get(name);
    const found = truth.get(name) ?? null;
    if (wanted === 'anything') continue;
    if (
      wanted === 'not true'
        ? found === true
        : wanted !== undefined
          ? found !== wanted
          : kind !== 'predicate' && found === false
    )
      return false;
  }
  const slots = new Map<string, Value>();
  for (const [name, slot] of values) {
    const given = fixed.get(name);
    if (given === undefined) {
      if (slot === null && request.nonNull?.includes(name)) return false;
      continue;
    }
    if (slot === null || typeof slot === 'string') {
      if (slot !== given) return false;
      continue;
    }
    if (given === null || component.candidates.get(name)?.includes(given)) return false;
    const key = `${table.columns.find((column) => column.name === name)?.type}:${slot.fresh}`;
    if (slots.has(key) && slots.get(key) !== given) return false;
    if ([...slots].some(([other, value]) => other !== key && value === given)) return false;
    slots.set(key, given);
  }
  return true;
}

/**
 * Lower is better: outside of partial indexes, checks plainly true, no needless parents, fresh values; above all in
 * a foreign key, where the parent's conditions have a say that is not asked for here.
 */
export function cost(table: Table, { conditions, candidates }: Component, { values, truth }: Combination): number {
  let sum = 0;
  for (const { kind, name } of conditions) {
    const found = truth.get(name) ?? null;
    if (kind === 'predicate') sum += found === true ? 1000 : 0;
    else sum += found === false ? 10_000 : found === null ? 1 : 0;
  }
  for (const foreignKey of foreignKeysOf(table)) {
    if (
      foreignKey.columns.some((name) => values.has(name)) &&
      foreignKey.columns.every((name) => values.get(name) !== null)
    )
      sum += 10;
    for (const name of foreignKey.columns) if (typeof values.get(name) === 'string') sum += 1;
  }
  for (const [name, slot] of values) sum += (candidates.get(name)?.indexOf(slot) ?? 0) * 0.01;
  return sum;
}

/** Why there is no row, in words. */
export function nothingFits({ table }: Ground, component: Component, request: Request): string {
  const asked = [...(request.truth ?? [])].filter(([name]) =>
    component.conditions.some((condition) => condition.name === name),
  );
  const what =
    asked
      .map(([name, value]) => `${name} ${value === true ? 'true' : value === false ? 'false' : 'unknown or false'}`)
      .join(' and ') || 'every CHECK satisfied';
  return `none of ${component.combinations.length} combinations of ${component.columns.join(', ')} in ${display(table)} has ${what}`;
}
