// What a table's keys and foreign keys mean for building its rows. Pure.
import type { Constraint, Table } from '../schema/model.ts';
import { columnsIn } from './constants.ts';

/** What no two rows may share. */
export interface Key {
  readonly name: string;
  readonly columns: readonly string[];
  readonly predicate: boolean;
}

/** The table's unique indexes, with the columns that each speaks of. */
export const keysOf = (table: Table): Key[] =>
  table.indexes
    .filter(({ unique }) => unique)
    .map(({ name, keys, predicate }) => ({
      name,
      columns: [
        ...new Set(
          keys.flatMap(({ column, expression }) =>
            column === null
              ? columnsIn(
                  expression,
                  table.columns.map((c) => c.name),
                )
              : [column],
          ),
        ),
      ],
      predicate: predicate !== null,
    }));

/** The table's foreign keys, its parents' copies included. */
export const foreignKeysOf = (table: Table): Constraint[] =>
  table.constraints.filter(({ kind }) => kind === 'foreign-key');

/** Other foreign keys with the same columns, whose action may come first. */
export const rivalsOf = (table: Table, { name, columns }: Constraint): Constraint[] =>
  foreignKeysOf(table).filter((other) => other.name !== name && other.columns.join() === columns.join());

/** True for a column that refuses NULL. */
export const isNotNull = (table: Table, name: string): boolean =>
  table.columns.some((column) => column.name === name && column.notNull);

/** True when each row needs a parent of its own: a unique key has no column that could tell the rows apart otherwise. */
export function isTight(table: Table, foreignKey: Constraint): boolean {
  const foreign = new Set(foreignKeysOf(table).flatMap(({ columns }) => columns));
  return keysOf(table).some(
    (key) =>
      key.columns.some((name) => foreignKey.columns.includes(name)) && key.columns.every((name) => foreign.has(name)),
  );
}
