// Builds rows that a table must accept, or must refuse for one reason alone: parents first, values from
// what truth.ts found. Writes INSERT statements; sends nothing.
import type { Constraint, Schema, Table } from '../schema/model.ts';
import { display } from '../schema/sql.ts';
import { cost, fits, nothingFits, type Request } from './choice.ts';
import { foreignKeysOf, isNotNull, isTight, keysOf, type Key } from './keys.ts';
import { insertOf, type Row } from './row-sql.ts';
import type { Combination, Ground } from './truth.ts';
import { freshValue, type Value } from './values.ts';

/** No such row can be built; the message says why. */
export class Unbuildable extends Error {}

/** What all builders of one run share. */
export class Yard {
  readonly schema: Schema;
  readonly grounds: ReadonlyMap<string, Ground>;
  readonly #referenced = new Map<string, Set<string>>();
  #n: number;

  constructor(schema: Schema, grounds: ReadonlyMap<string, Ground>, start = 100) {
    this.schema = schema;
    this.grounds = grounds;
    this.#n = start;
    for (const { constraints } of schema.tables) {
      for (const { references } of constraints) {
        if (!references) continue;
        const columns = this.#referenced.get(display(references)) ?? new Set();
        for (const column of references.columns) columns.add(column);
        this.#referenced.set(display(references), columns);
      }
    }
  }

  next(): number {
    return this.#n++;
  }

  isReferenced(table: Table, column: string): boolean {
    return this.#referenced.get(display(table))?.has(column) ?? false;
  }
}

const deepest = 40;

/** Builds the rows of one trial; `statements` are their INSERTs in order. */
export class Builder {
  readonly statements: string[] = [];
  readonly #yard: Yard;
  readonly #rows = new Map<string, (Row & { reserved: boolean })[]>();
  readonly #building: { table: Table; values: Map<string, Value> }[] = [];

  constructor(yard: Yard) {
    this.#yard = yard;
  }

  /** A row whose INSERT is the last of `statements`. Throws Unbuildable. */
  insert(table: Table, request: Request = {}): Row {
    const row = this.plan(table, request);
    this.statements.push(row.insert);
    const rows = this.#rows.get(display(table)) ?? [];
    rows.push({ ...row, reserved: request.reserved ?? false });
    this.#rows.set(display(table), rows);
    return row;
  }

  /** A row whose parents are inserted and which itself is not. Throws Unbuildable. */
  plan(table: Table, request: Request = {}): Row {
    const ground = this.#yard.grounds.get(display(table));
    if (!ground) throw new Unbuildable(`${display(table)} is not among the tables that rows are built for`);
    if (table.kind === 'foreign table') throw new Unbuildable(`${display(table)} is a foreign table`);
    if (this.#building.length > deepest) throw new Unbuildable('the chain of parents has no end');
    const values = new Map(request.fixed);
    const truth = new Map<string, boolean | null>();
    this.#building.push({ table, values });
    try {
      for (const combination of this.#choose(ground, values, request)) {
        for (const [name, value] of combination.values) values.set(name, value);
        for (const [name, value] of combination.truth) truth.set(name, value);
      }
      this.#assignFree(ground, values, request);
      for (const foreignKey of foreignKeysOf(table)) this.#provideParent(ground, foreignKey, values, request);
    } finally {
      this.#building.pop();
    }
    return { table, values, truth, insert: insertOf(table, values) };
  }

  /** A key that no row has, where the columns are free; undefined where conditions or parents have a say in them. */
  freshKey(table: Table, columns: readonly string[]): Map<string, Value> | undefined {
    const ground = this.#yard.grounds.get(display(table));
    const bound = [
      ...(ground?.components ?? []).flatMap((component) => component.columns),
      ...foreignKeysOf(table).flatMap((foreignKey) => foreignKey.columns),
    ];
    if (!ground || columns.some((name) => bound.includes(name))) return undefined;
    return new Map(columns.map((name) => [name, this.#freshFor(ground, name)]));
  }

  /** True when a row with these values was inserted. */
  has(table: Table, values: ReadonlyMap<string, Value>): boolean {
    const rows = this.#rows.get(display(table)) ?? [];
    return rows.some((row) => [...values].every(([name, value]) => row.values.get(name) === value));
  }

  /** One combination of each component, such that nothing collides with the rows that are there. */
  #choose(
    ground: Ground,
    fixed: ReadonlyMap<string, Value>,
    request: Request,
  ): { values: Map<string, Value>; truth: ReadonlyMap<string, boolean | null> }[] {
    const lists = ground.components.map((component) => {
      const fitting = component.combinations.filter((combination) =>
        fits(component, combination, fixed, ground.table, request),
      );
      if (fitting.length === 0) throw new Unbuildable(nothingFits(ground, component, request));
      return fitting.sort((a, b) => cost(ground.table, component, a) - cost(ground.table, component, b));
    });
    const at = lists.map(() => 0);
    for (let tries = 0; tries < 400; tries++) {
      const fresh = new Map<string, Value>();
      const chosen = lists.map((list, i) => {
        const combination = list[(at[i] ?? 0) % list.length] as Combination;
        return { values: this.#realise(ground, combination, fixed, fresh), truth: combination.truth };
      });
      const collision = this.#collision(ground, fixed, chosen, request);
      if (collision === undefined) return chosen;
      // Another combination of the component that the colliding key speaks of.
      const which = ground.components.findIndex(
        (component, i) =>
          component.columns.some((name) => collision.columns.includes(name) && !fixed.has(name)) &&
          (at[i] ?? 0) + 1 < (lists[i]?.length ?? 0),
      );
      const other = which === -1 ? at.findIndex((position, i) => position + 1 < (lists[i]?.length ?? 0)) : which;
      if (other === -1) break;
      at[other] = (at[other] ?? 0) + 1;
    }
    throw new Unbuildable(`no second row of ${display(ground.table)} with another key was found`);
  }

  /** The combination with values in place of its slots; `fresh` keeps one value for each slot of a type. */
  #realise(
    ground: Ground,
    { values }: Combination,
    fixed: ReadonlyMap<string, Value>,
    fresh: Map<string, Value>,
  ): Map<string, Value> {
    const realised = new Map<string, Value>();
    const slotOf = (name: string, slot: { fresh: number }): string => `${ground.bases.get(name)?.type}:${slot.fresh}`;
    for (const [name, slot] of values) {
      const given = fixed.get(name);
      if (slot !== null && typeof slot === 'object' && given !== undefined) fresh.set(slotOf(name, slot), given);
    }
    for (const which of [1, 2]) {
      for (const [name, slot] of values) {
        if (slot === null || typeof slot !== 'object' || slot.fresh !== which) continue;
        const base = ground.bases.get(name);
        if (!fresh.has(slotOf(name, slot)))
          fresh.set(slotOf(name, slot), (base && freshValue(base, this.#yard.next())) ?? null);
      }
    }
    for (const [name, slot] of values)
      realised.set(name, slot !== null && typeof slot === 'object' ? (fresh.get(slotOf(name, slot)) ?? null) : slot);
    return realised;
  }

  /** The unique key, all of whose columns are decided, that a row has already. */
  #collision(
    ground: Ground,
    fixed: ReadonlyMap<string, Value>,
    chosen: readonly { values: Map<string, Value>; truth: ReadonlyMap<string, boolean | null> }[],
    request: Request,
  ): Key | undefined {
    const decided = new Map(fixed);
    const truth = new Map<string, boolean | null>();
    for (const part of chosen) {
      for (const [name, value] of part.values) decided.set(name, value);
      for (const [name, value] of part.truth) truth.set(name, value);
    }
    const rows = this.#rows.get(display(ground.table)) ?? [];
    return keysOf(ground.table).find(
      (key) =>
        key.name !== request.collide &&
        key.columns.every((name) => decided.has(name) && decided.get(name) !== null) &&
        // What the caller has decided it has decided.
        !key.columns.every((name) => fixed.has(name)) &&
        (!key.predicate || truth.get(key.name) === true) &&
        rows.some(
          (row) =>
            key.columns.every((name) => row.values.get(name) === decided.get(name)) &&
            (!key.predicate || row.truth.get(key.name) === true),
        ),
    );
  }

  /** Values for the columns that no condition and no foreign key speaks of. */
  #assignFree({ table, bases }: Ground, values: Map<string, Value>, request: Request): void {
    const keyed = new Set(keysOf(table).flatMap(({ columns }) => columns));
    const foreign = new Set(foreignKeysOf(table).flatMap(({ columns }) => columns));
    for (const column of table.columns) {
      const { name } = column;
      if (values.has(name) || column.generated || foreign.has(name)) continue;
      const demanded = column.notNull && column.default === null && column.identity === null;
      if (!demanded && !keyed.has(name) && !this.#yard.isReferenced(table, name) && !request.nonNull?.includes(name))
        continue;
      const base = bases.get(name);
      const value = base && freshValue(base, this.#yard.next());
      if (value === undefined) {
        if (!demanded && !request.nonNull?.includes(name)) continue;
        throw new Unbuildable(`no value of type ${column.type} is known for ${display(table)}.${name}`);
      }
      values.set(name, value);
    }
  }

  #provideParent(ground: Ground, foreignKey: Constraint, values: Map<string, Value>, request: Request): void {
    const { table } = ground;
    const { references, columns } = foreignKey;
    if (!references) return;
    const parent = this.#yard.schema.tables.find((candidate) => display(candidate) === display(references));
    if (!parent) throw new Unbuildable(`the referenced table ${display(references)} was not read`);
    const open = columns.filter((name) => !values.has(name));
    const demanded = columns.filter((name) => isNotNull(table, name) || request.nonNull?.includes(name));
    const filled =
      request.full ||
      demanded.length === columns.length ||
      (references.match === 'full' && demanded.length > 0) ||
      columns.every((name) => (values.get(name) ?? null) !== null);
    if (!filled) {
      for (const name of open) {
        if (demanded.includes(name)) values.set(name, this.#freshFor(ground, name));
        else values.set(name, null);
      }
    }
    if (columns.some((name) => values.get(name) === null)) {
      for (const name of open)
        if (!values.has(name)) values.set(name, demanded.includes(name) ? this.#freshFor(ground, name) : null);
      return;
    }
    if (request.orphan?.includes(foreignKey.name)) {
      for (const name of open) values.set(name, this.#freshFor(ground, name));
      return;
    }
    const wanted = new Map(
      columns.flatMap((name, i) =>
        values.has(name) ? [[references.columns[i] ?? '', values.get(name) ?? null] as const] : [],
      ),
    );
    const key = this.#parentRow(table, foreignKey, parent, wanted, open.length > 0);
    columns.forEach((name, i) => {
      if (!values.has(name)) values.set(name, key.get(references.columns[i] ?? '') ?? null);
    });
  }

  #parentRow(
    table: Table,
    foreignKey: Constraint,
    parent: Table,
    wanted: ReadonlyMap<string, Value>,
    isOpen: boolean,
  ): ReadonlyMap<string, Value> {
    const matches = (candidate: ReadonlyMap<string, Value>): boolean =>
      [...wanted].every(([name, value]) => candidate.get(name) === value);
    const rows = this.#rows.get(display(parent)) ?? [];
    const there = rows.find(
      (row) => matches(row.values) && (!isOpen || (!row.reserved && !isTight(table, foreignKey))),
    );
    if (there) return there.values;
    const referenced = foreignKey.references?.columns ?? [];
    const started = this.#building.findLast(
      (each) => each.table === parent && matches(each.values) && referenced.every((name) => each.values.has(name)),
    );
    const own = started !== undefined && started === this.#building.at(-1);
    if (started && (own || this.#building.length > 1)) {
      if (!own && !foreignKey.deferrable && isOpen === false) return started.values;
      if (own || foreignKey.deferrable) {
        if (!own) this.statements.push('SET CONSTRAINTS ALL DEFERRED');
        return started.values;
      }
      throw new Unbuildable(
        `the foreign keys of ${display(table)} and ${display(parent)} form a circle that cannot be deferred`,
      );
    }
    try {
      return this.insert(parent, { fixed: wanted }).values;
    } catch (error) {
      const any = rows.find((row) => matches(row.values));
      if (any && error instanceof Unbuildable) return any.values;
      throw error;
    }
  }

  #freshFor({ table, bases }: Ground, name: string): Value {
    const base = bases.get(name);
    const value = base && freshValue(base, this.#yard.next());
    if (value === undefined) throw new Unbuildable(`no value of its type is known for ${display(table)}.${name}`);
    return value;
  }
}
