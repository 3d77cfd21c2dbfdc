// Rows as SQL: their INSERT, and the conditions that find them again. Pure.
import type { Table } from '../schema/model.ts';
import { ident, qualified } from '../schema/sql.ts';
import { valueSql, type Value } from './values.ts';

/** A row that was built: its values, what the conditions say to it, and its INSERT. */
export interface Row {
  readonly table: Table;
  readonly values: Map<string, Value>;
  readonly truth: Map<string, boolean | null>;
  readonly insert: string;
}

/** The INSERT of these values; columns that have none take their defaults. */
export function insertOf(table: Table, values: ReadonlyMap<string, Value>): string {
  if (table.kind === 'domain') {
    const [column] = table.columns;
    const value = values.get(column?.name ?? '') ?? null;
    return `SELECT CAST(${valueSql(value, column?.type ?? 'text')} AS ${qualified(table)})`;
  }
  const columns = table.columns.filter(({ name, generated }) => values.has(name) && generated === null);
  if (columns.length === 0) return `INSERT INTO ${qualified(table)} DEFAULT VALUES`;
  const overriding = columns.some(({ identity }) => identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : '';
  const list = columns.map((column) => valueSql(values.get(column.name) ?? null, column.type));
  return `INSERT INTO ${qualified(table)} (${columns.map(({ name }) => ident(name)).join(', ')})${overriding} VALUES (${list.join(', ')})`;
}

/** A condition that is true for this row of the table only, `without` these columns. */
export function isRow({ table, values }: Row, without: readonly string[] = []): string {
  const columns = table.columns.filter(({ name }) => values.has(name) && !without.includes(name));
  const parts = columns.map(
    (column) =>
      `${ident(column.name)}::text IS NOT DISTINCT FROM ${valueSql(values.get(column.name) ?? null, column.type)}::text`,
  );
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** A condition on some columns of the table, compared by the type's own equality. */
export function hasValues(table: Table, values: ReadonlyMap<string, Value>): string {
  const parts = [...values].map(([name, value]) => {
    const type = table.columns.find((column) => column.name === name)?.type ?? 'text';
    return `${ident(name)} IS NOT DISTINCT FROM ${valueSql(value, type)}`;
  });
  return parts.join(' AND ');
}
