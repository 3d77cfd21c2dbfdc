// Has PostgreSQL evaluate conditions on rows that are in no table. Decides nothing about them.
import { theirSearchPath } from '../database/search-path.ts';
import type { Answer, Session } from '../database/session.ts';
import type { Column } from '../schema/model.ts';
import { ident, literal } from '../schema/sql.ts';
import { columnsIn } from './constants.ts';
import type { Combination, Component, Ground, Slot } from './truth.ts';
import { freshValue, textSql, valueSql } from './values.ts';

/** The slots of a component's columns, in their order. */
export type SlotRow = readonly Slot[];
type Footing = Omit<Ground, 'components'>;
type Truths = readonly (boolean | null)[];

/** Which fresh values stand for all of them: small, middling, large and live, the first before the second. */
export const representatives = [
  { 1: 7, 2: 8 },
  { 1: 523, 2: 524 },
  { 1: 1_000_003, 2: 1_000_004 },
  { 1: 1_590_000_003, 2: 1_590_000_004 },
] as const;

/** How many rows are evaluated one by one. */
const mostApart = 500;

/** A function of the session that gives NULL where a query fails; it is gone when the transaction is rolled back. */
export const tryFunction = `CREATE OR REPLACE FUNCTION pg_temp.amelia_try(query text) RETURNS text LANGUAGE plpgsql AS $body$
  DECLARE answer text; BEGIN EXECUTE query INTO answer; RETURN answer; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $body$`;

/** What the conditions of `component` say to each row; a row for which one raises an error, or says other things to other fresh values, is left out. */
export async function evaluate(
  session: Session,
  ground: Footing,
  component: Component,
  rows: readonly SlotRow[],
): Promise<Combination[]> {
  if (rows.length === 0) return [];
  const { columns, conditions } = component;
  const slotted = (row: SlotRow): ReadonlyMap<string, Slot> =>
    new Map(columns.map((name, i) => [name, row[i] ?? null]));
  if (conditions.length === 0) return rows.map((row) => ({ values: slotted(row), truth: new Map() }));
  const all = expand(rows);
  const whole = `SELECT pg_catalog.json_agg(pg_catalog.json_build_array(${conditions.map(({ expression }) => `(${expression})`).join(', ')}) ORDER BY "amelia.n") AS truth
    FROM (${relation(ground, columns, all)}) AS ${ident(ground.table.name)}`;
  const asked = ask(session, component, whole);
  let truths: readonly (Truths | null)[];
  let judged = all;
  try {
    truths = ((await asked).rows[0]?.['truth'] ?? []) as Truths[];
  } catch {
    judged = all.slice(0, mostApart);
    truths = await evaluateEach(session, ground, component, judged);
  }
  const found = new Map<SlotRow, Truths | null>();
  judged.forEach(({ row }, i) => {
    const truth = truths[i] ?? null;
    const before = found.get(row);
    const same =
      before === undefined || (before !== null && truth !== null && before.every((value, k) => value === truth[k]));
    found.set(row, same ? truth : null);
  });
  return [...found].flatMap(([row, truth]) => {
    if (!truth) return [];
    return [{ values: slotted(row), truth: new Map(conditions.map(({ name }, k) => [name, truth[k] ?? null])) }];
  });
}

/**
 * In a savepoint of its own, since a condition may raise an error for some rows; in the application's search path
 * where a condition calls a function of the schema's, which may count on it.
 */
function ask(session: Session, { conditions }: Component, query: string): Promise<Answer> {
  const callsSchema = conditions.some(({ expression }) => /[\w"]\.[\w"]+\(/.test(expression));
  session.send(callsSchema ? `SAVEPOINT truth; ${theirSearchPath}` : 'SAVEPOINT truth');
  const { answer } = session.send(query);
  session.send('ROLLBACK TO SAVEPOINT truth; RELEASE SAVEPOINT truth');
  return answer;
}

/** A row, and which values stand for its fresh ones. */
interface Judged {
  readonly row: SlotRow;
  readonly of: (typeof representatives)[number];
}

/** Each row once, and one with fresh values once for each of the values that represent them. */
function expand(rows: readonly SlotRow[]): Judged[] {
  return rows.flatMap((row) => {
    const isFresh = row.some((slot) => slot !== null && typeof slot === 'object');
    return (isFresh ? representatives : representatives.slice(0, 1)).map((of) => ({ row, of }));
  });
}

/** Row by row, without those for which a condition raises an error. */
async function evaluateEach(
  session: Session,
  ground: Footing,
  component: Component,
  rows: readonly Judged[],
): Promise<(Truths | null)[]> {
  const tries = rows.map((row) => {
    const list = component.conditions.map(({ expression }) => `(${expression})`).join(', ');
    const query = `SELECT ${textSql(`pg_catalog.json_build_array(${list})`)} FROM (${relation(ground, component.columns, [row])}) AS ${ident(ground.table.name)}`;
    return `pg_temp.amelia_try(${literal(query)})`;
  });
  const { rows: answers } = await ask(
    session,
    component,
    `SELECT pg_catalog.array_to_json(ARRAY[${tries.join(', ')}]) AS read`,
  );
  return ((answers[0]?.['read'] ?? []) as (string | null)[]).map((text) =>
    text === null ? null : (JSON.parse(text) as Truths),
  );
}

/** The rows as a relation with the table's column names, its generated columns computed. */
function relation({ table, bases }: Footing, columns: readonly string[], rows: readonly Judged[]): string {
  const typed = columns.map((name) => table.columns.find((column) => column.name === name) as Column);
  const sql = (slot: Slot, column: Column, of: Judged['of']): string => {
    const base = bases.get(column.name);
    const value =
      slot !== null && typeof slot === 'object' ? ((base && freshValue(base, of[slot.fresh])) ?? null) : slot;
    return valueSql(value, column.type);
  };
  const lists = rows.map(({ row, of }, n) => {
    const cells = row.map((slot, i) => {
      const column = typed[i] as Column;
      const value = sql(slot, column, of);
      // Only the first row of VALUES has to name the types, where an explicit cast does not cut what is too long.
      if (n === 0 || /\(/.test(column.type) || column.typeKind === 'd') return value;
      return value.replace(/^CAST\((.*) AS .*\)$/s, '$1');
    });
    return `(${[String(n), ...cells].join(', ')})`;
  });
  const names = ['amelia.n', ...columns].map(ident).join(', ');
  const generated = table.columns
    .filter(
      (column) =>
        column.generated &&
        columnsIn(
          column.default ?? '',
          table.columns.map(({ name }) => name),
        ).every((name) => columns.includes(name)),
    )
    .map((column) => `, (${column.default}) AS ${ident(column.name)}`);
  return `SELECT *${generated.join('')} FROM (VALUES ${lists.join(', ')}) v(${names})`;
}
