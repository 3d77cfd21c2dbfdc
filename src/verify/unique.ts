// The proof of a UNIQUE constraint, a primary key, a unique index or an exclusion constraint: of two rows with
// one key the second is refused by its name, and what the predicate leaves out is accepted.
import type { Index, Table } from '../schema/model.ts';
import { display, ident, qualified } from '../schema/sql.ts';
import { ProofPlan } from './plan.ts';
import type { Request, Wanted } from './choice.ts';
import { keysOf } from './keys.ts';
import { isRow, type Row } from './row-sql.ts';
import { Builder, Unbuildable, type Yard } from './rows.ts';
import { columnsIn } from './constants.ts';
import { valueSql, type Value } from './values.ts';

export interface UniqueTarget {
  readonly index: Index;
  readonly exclusion: boolean;
  readonly deferred: boolean;
}

/** What is tried for the index; `about` are its name and those of its copies on partitions. */
export function planUnique(
  yard: Yard,
  table: Table,
  { index, exclusion, deferred }: UniqueTarget,
  about: readonly string[],
): ProofPlan {
  const plan = new ProofPlan(about);
  const maker = new Maker(yard, table, index, deferred);
  const state = exclusion ? '23P01' : '23505';
  const refused = { states: [state], by: about };
  plan.try('two rows with one key', () => {
    return {
      ...maker.twice(maker.inside()),
      then: refused,
      evidence: `rejects a second row with the same ${maker.keyWords} with ${state}`,
    };
  });
  const differs = plan.tryOptional(() => maker.another());
  if (!differs) plan.notes.push(`only one key is possible`);
  if (maker.columns.length > 1) for (const column of maker.columns) plan.tryOptional(() => maker.differing(column));
  if (index.predicate !== null) {
    plan.try('a row outside of the predicate', () => maker.outside());
    plan.try('a row that is moved into the predicate', () => ({
      ...maker.moved(),
      then: refused,
      evidence: `rejects an UPDATE that moves a second row into the predicate with ${state}`,
    }));
  }
  const nullable = maker.columns.filter((name) =>
    table.columns.some((column) => column.name === name && !column.notNull),
  );
  for (const column of exclusion ? [] : nullable) {
    plan.tryOptional(() => {
      const twice = maker.twice(maker.inside(), column);
      return index.nullsNotDistinct
        ? { ...twice, then: refused, evidence: `rejects a second row with NULL in ${column} and the same key` }
        : { ...twice, then: 'accepted', evidence: `accepts two rows with NULL in ${column}` };
    });
  }
  if (nullable.length > 0 && !index.nullsNotDistinct && !exclusion)
    plan.warnings.push(`rows with NULL in ${nullable.join(' or ')} are never equal`);
  return plan;
}

class Maker {
  readonly columns: readonly string[];
  readonly keyWords: string;
  readonly #yard: Yard;
  readonly #table: Table;
  readonly #index: Index;
  readonly #deferred: boolean;

  constructor(yard: Yard, table: Table, index: Index, deferred: boolean) {
    this.#yard = yard;
    this.#table = table;
    this.#index = index;
    this.#deferred = deferred;
    const names = table.columns.map(({ name }) => name);
    this.columns = keysOf(table).find(({ name }) => name === index.name)?.columns ?? [
      ...new Set(
        index.keys.flatMap(({ column, expression }) => (column === null ? columnsIn(expression, names) : [column])),
      ),
    ];
    this.keyWords = index.keys.map(({ column, expression }) => column ?? expression).join(', ');
  }

  inside(wanted: Wanted = true): Map<string, Wanted> {
    return new Map(this.#index.predicate === null ? [] : [[this.#index.name, wanted]]);
  }

  /** Two rows with one key; with `column`, both with NULL there. */
  twice(truth: Map<string, Wanted>, column?: string) {
    const builder = new Builder(this.#yard);
    const fixed = column === undefined ? undefined : new Map([[column, null]]);
    const first = this.#insert(builder, { truth, ...(fixed && { fixed }) }, column);
    const second = this.#insert(builder, { truth, fixed: this.#keyOf(first), collide: this.#index.name }, column);
    const given = builder.statements.slice(0, -1);
    return { given, when: this.#checked(second.insert), unlessThere: first.insert };
  }

  another() {
    const builder = new Builder(this.#yard);
    const truth = this.inside();
    const first = this.#insert(builder, { truth });
    const second = this.#insert(builder, { truth });
    if (this.columns.every((name) => first.values.get(name) === second.values.get(name))) return undefined;
    return {
      given: builder.statements.slice(0, -1),
      when: this.#checked(second.insert),
      then: 'accepted',
      evidence: `accepts a row with another ${this.keyWords}`,
    } as const;
  }

  /** A row whose key differs in one column only. */
  differing(column: string) {
    const builder = new Builder(this.#yard);
    const truth = this.inside();
    const first = this.#insert(builder, { truth });
    const fixed = this.#keyOf(first);
    fixed.delete(column);
    const second = this.#insert(builder, { truth, fixed });
    if (second.values.get(column) === first.values.get(column)) return undefined;
    return {
      given: builder.statements.slice(0, -1),
      when: this.#checked(second.insert),
      then: 'accepted',
      evidence: `accepts a row that differs in ${column} only`,
    } as const;
  }

  /** One row inside of the predicate and, with the same key where that can be, one outside. */
  outside() {
    const builder = new Builder(this.#yard);
    const first = this.#insert(builder, { truth: this.inside() });
    const second = this.#outsider(builder, first);
    const third = this.#outsider(builder, second);
    return {
      given: builder.statements.filter((sql) => sql !== second.insert && sql !== third.insert),
      when: this.#checked(`${second.insert}; ${third.insert}`),
      unlessThere: first.insert,
      then: 'accepted',
      evidence: 'accepts rows outside of the predicate',
    } as const;
  }

  moved() {
    const builder = new Builder(this.#yard);
    const first = this.#insert(builder, { truth: this.inside() });
    const outsider = this.#outsider(builder, first);
    // A row that would collide, whose values the outsider then takes.
    const target = builder.plan(this.#table, {
      truth: this.inside(),
      fixed: this.#keyOf(first),
      collide: this.#index.name,
    });
    const inPredicate = columnsIn(
      this.#index.predicate ?? '',
      this.#table.columns.map(({ name }) => name),
    );
    const component = this.#yard.grounds
      .get(display(this.#table))
      ?.components.find(({ columns }) => columns.some((name) => inPredicate.includes(name)));
    const moving = [...new Set([...(component?.columns ?? inPredicate), ...this.columns])].filter(
      (name) => target.values.has(name) && target.values.get(name) !== outsider.values.get(name),
    );
    if (moving.length === 0) throw new Unbuildable('no column can be changed to move a row into the predicate');
    const sets = moving.map(
      (name) =>
        `${ident(name)} = ${valueSql(target.values.get(name) ?? null, this.#table.columns.find((column) => column.name === name)?.type ?? 'text')}`,
    );
    return {
      given: builder.statements,
      unlessThere: first.insert,
      when: this.#checked(`UPDATE ${qualified(this.#table)} SET ${sets.join(', ')} WHERE ${isRow(outsider)}`),
    };
  }

  #outsider(builder: Builder, like: Row): Row {
    const truth = this.inside('not true');
    const { length } = builder.statements;
    // With the same key where that can be, else with any, else without one.
    const wishes = [{ fixed: this.#keyOf(like), collide: this.#index.name }, { nonNull: this.columns }, {}];
    for (const [i, wish] of wishes.entries()) {
      try {
        return builder.insert(this.#table, { truth, ...wish });
      } catch (error) {
        if (!(error instanceof Unbuildable) || i === wishes.length - 1) throw error;
        builder.statements.length = length;
      }
    }
    throw new Unbuildable('no row outside of the predicate is known');
  }

  #insert(builder: Builder, request: Request, except?: string): Row {
    return builder.insert(this.#table, { ...request, nonNull: this.columns.filter((name) => name !== except) });
  }

  #keyOf(row: Row): Map<string, Value> {
    return new Map(
      this.columns.flatMap((name) => (row.values.has(name) ? [[name, row.values.get(name) ?? null] as const] : [])),
    );
  }

  #checked(sql: string): string {
    return this.#deferred ? `${sql}; SET CONSTRAINTS ALL IMMEDIATE` : sql;
  }
}
