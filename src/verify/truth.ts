// For each table: which values of the columns that conditions speak of make which conditions true, false
// or unknown. PostgreSQL evaluates every one of them; nothing here knows what SQL means.
import type { Session } from '../database/session.ts';
import type { Schema, Table } from '../schema/model.ts';
import { display, literal } from '../schema/sql.ts';
import { candidatesFor } from './candidates.ts';
import { columnsIn } from './constants.ts';
import { evaluate, representatives, type SlotRow } from './evaluate.ts';
import { baseTypeOf, freshValue, type BaseType, type Value } from './values.ts';

/** Something that rows of a table satisfy or not: a CHECK, a unique index's predicate, a partition's bounds. */
export interface Condition {
  readonly kind: 'check' | 'predicate' | 'partition';
  readonly name: string;
  readonly expression: string;
  readonly columns: readonly string[];
}

/** A value, or a place for a fresh one: equal numbers are equal values, and 1 comes before 2. */
export type Slot = Value | { readonly fresh: 1 | 2 };

/** One choice of values, and what each condition says to it, by the condition's name. */
export interface Combination {
  readonly values: ReadonlyMap<string, Slot>;
  readonly truth: ReadonlyMap<string, boolean | null>;
}

/** Columns that conditions tie together. */
export interface Component {
  readonly columns: readonly string[];
  readonly conditions: readonly Condition[];
  readonly candidates: ReadonlyMap<string, readonly Slot[]>;
  combinations: readonly Combination[];
}

/** A table with what is known about building its rows. */
export interface Ground {
  readonly table: Table;
  readonly bases: ReadonlyMap<string, BaseType>;
  readonly conditions: readonly Condition[];
  readonly components: readonly Component[];
}

const freshSlots = { 1: { fresh: 1 }, 2: { fresh: 2 } } as const;

/** Rows that a component's first evaluation may have. */
const mostRows = 3000;

/** Evaluates the conditions of `tables`; the session is in a transaction and has `tryFunction`. Three round trips, whatever their number. */
export async function surveyTables(
  session: Session,
  schema: Schema,
  tables: readonly Table[],
): Promise<ReadonlyMap<string, Ground>> {
  const outlines = tables.map((table) => outline(schema, table));
  const read = outlines.map((each) => readCandidates(session, each));
  const grounds: Ground[] = [];
  for (const [index, each] of outlines.entries())
    grounds.push({ ...each, components: componentsOf(each, (await read[index]) ?? new Map()) });
  const components = grounds.flatMap((ground) => ground.components.map((component) => ({ ground, component })));
  const first = components.map(({ ground, component }) => evaluate(session, ground, component, product(component)));
  const again: Promise<void>[] = [];
  for (const [index, { ground, component }] of components.entries()) {
    component.combinations = (await first[index]) ?? [];
    if (isWhole(component)) continue;
    const rows = around(component);
    again.push(
      evaluate(session, ground, component, rows).then(
        (more) => void (component.combinations = [...component.combinations, ...more]),
      ),
    );
  }
  await Promise.all(again);
  return new Map(grounds.map((ground) => [display(ground.table), ground]));
}

type Outline = Omit<Ground, 'components'> & { readonly tied: readonly string[] };

function outline(schema: Schema, table: Table): Outline {
  const names = table.columns.map(({ name }) => name);
  const bases = new Map(table.columns.map((column) => [column.name, baseTypeOf(column, schema)]));
  const generated = new Map(
    table.columns.filter((column) => column.generated).map((column) => [column.name, column.default ?? '']),
  );
  const sources = (expression: string): string[] =>
    columnsIn(expression, names).flatMap((name) =>
      generated.has(name) ? columnsIn(generated.get(name) ?? '', names) : name,
    );
  const condition = (kind: Condition['kind'], name: string, expression: string): Condition => {
    return { kind, name, expression, columns: [...new Set(sources(expression))] };
  };
  const partitions = schema.tables.filter(
    (child) => child.partitionBound !== null && child.parents.includes(display(table)),
  );
  const bounds =
    table.kind === 'partitioned table'
      ? partitions.map(({ partitionConstraint }) => partitionConstraint ?? 'true').join(' OR ') || 'false'
      : table.partitionConstraint;
  const conditions = [
    ...table.constraints
      .filter(({ kind, enforced }) => kind === 'check' && enforced)
      .map(({ name, expression }) => condition('check', name, expression ?? 'true')),
    ...table.indexes
      .filter(({ unique, predicate }) => unique && predicate !== null)
      .map(({ name, predicate }) => condition('predicate', name, predicate ?? 'true')),
    ...(bounds === null ? [] : [condition('partition', '(partition)', bounds)]),
  ];
  const inKeys = new Set(
    table.indexes.filter(({ unique }) => unique).flatMap(({ keys }) => keys.map(({ column }) => column)),
  );
  const tied = table.columns
    .filter((column) => {
      const base = bases.get(column.name);
      const few = base !== undefined && (base.labels.length > 0 || base.category === 'B');
      return (few && inKeys.has(column.name)) || (base !== undefined && base.checks.length > 0);
    })
    .map(({ name }) => name);
  return { table, bases, conditions, tied };
}

/** The candidates of each tied column as the server reads them: canonical, each once, without what the type refuses. */
async function readCandidates(
  session: Session,
  { table, bases, conditions, tied }: Outline,
): Promise<Map<string, readonly Slot[]>> {
  const wanted = [...new Set([...conditions.flatMap(({ columns }) => columns), ...tied])];
  const asked = wanted.flatMap((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    const base = bases.get(name);
    if (!column || !base) return [];
    const about = [
      ...conditions.filter(({ columns }) => columns.includes(name)).map(({ expression }) => expression),
      ...base.checks,
    ];
    const few = base.labels.length > 0 || base.category === 'B';
    const fresh = ([1, 2] as const).flatMap((which) =>
      representatives.flatMap((of) => {
        const value = few ? undefined : freshValue(base, of[which]);
        return value === undefined ? [] : [{ slot: freshSlots[which], value }];
      }),
    );
    return [{ column, tries: [...candidatesFor(base, about).map((value) => ({ slot: value, value })), ...fresh] }];
  });
  if (asked.length === 0) return new Map();
  const tries = asked.flatMap(({ column, tries: values }) =>
    values.map(
      ({ value }) => `pg_temp.amelia_try(${literal(`SELECT CAST(${literal(value)} AS ${column.type})::text`)})`,
    ),
  );
  const [row] = await session.query<{ read: (string | null)[] }>(
    `SELECT array_to_json(ARRAY[${tries.join(', ')}]) AS read`,
  );
  let at = 0;
  return new Map(
    asked.map(({ column, tries: values }) => {
      const concrete = new Set<string>();
      const isFresh = (slot: Slot): boolean => slot !== null && typeof slot === 'object';
      const reads = values.map(({ slot }) => ({ slot, read: row?.read[at++] ?? null }));
      for (const { slot, read } of reads) if (read !== null && !isFresh(slot)) concrete.add(read);
      const refused = reads.some(({ slot, read }) => isFresh(slot) && read === null);
      const fresh = refused ? [] : [...new Set(reads.filter(({ slot }) => isFresh(slot)).map(({ slot }) => slot))];
      const [first, ...others] = concrete;
      const nothing: Slot[] = column.notNull ? [] : [null];
      return [
        column.name,
        [...fresh.slice(0, 1), ...(first === undefined ? [] : [first]), ...nothing, ...fresh.slice(1), ...others],
      ];
    }),
  );
}

/** Columns tied together by conditions that name them both. */
function componentsOf({ conditions }: Outline, candidates: ReadonlyMap<string, readonly Slot[]>): Component[] {
  const groups: Set<string>[] = [...candidates.keys()].map((name) => new Set([name]));
  for (const { columns } of conditions) {
    const touched = groups.filter((group) => columns.some((name) => group.has(name)));
    const [home, ...rest] = touched;
    for (const group of rest) {
      for (const name of group) home?.add(name);
      groups.splice(groups.indexOf(group), 1);
    }
  }
  return groups.map((group) => ({
    columns: [...group],
    conditions: conditions.filter(({ columns }) => columns.some((name) => group.has(name))),
    candidates: new Map([...group].map((name) => [name, candidates.get(name) ?? []])),
    combinations: [],
  }));
}

const isWhole = (component: Component): boolean =>
  [...component.candidates.values()].reduce((size, { length }) => size * length, 1) <= mostRows;

/** Every combination, or where those are too many, of the first candidates of each column. */
function product({ candidates }: Component): SlotRow[] {
  const lists = [...candidates.values()].map((list) => [...list]);
  const size = (): number => lists.reduce((all, { length }) => all * length, 1);
  while (size() > mostRows) {
    const longest = lists.reduce((a, b) => (b.length > a.length ? b : a));
    if (longest.length <= 2) break;
    longest.length = Math.max(2, Math.floor(longest.length * 0.8));
  }
  return lists.reduce<SlotRow[]>(
    (rows, list) => rows.slice(0, mostRows * 4).flatMap((row) => list.map((slot) => [...row, slot])),
    [[]],
  );
}

/** Rows that differ from one good combination in one column, or in two that one condition names. */
function around({ columns, candidates, conditions, combinations }: Component): SlotRow[] {
  const good = [...combinations].sort((a, b) => failures(a) - failures(b))[0];
  if (!good) return [];
  const base = columns.map((name) => good.values.get(name) ?? null);
  const lists = [...candidates.values()];
  const rows: SlotRow[] = columns.flatMap((_, i) => (lists[i] ?? []).map((slot) => base.with(i, slot)));
  for (const condition of conditions) {
    const inside = columns.flatMap((name, i) => (condition.columns.includes(name) ? [i] : []));
    for (const i of inside) {
      for (const j of inside.filter((other) => other > i)) {
        for (const a of lists[i] ?? []) for (const b of lists[j] ?? []) rows.push(base.with(i, a).with(j, b));
      }
    }
  }
  return rows.slice(0, mostRows * 2);
}

const failures = ({ truth }: Combination): number => [...truth.values()].filter((value) => value === false).length;
