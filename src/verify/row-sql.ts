// Rows as SQL: their INSERT, and the conditions that find them again. They run in the application's search path, for
// the sake of its triggers, so that nothing in their own text may be looked up there. Pure.
import type { Table } from '../schema/model.ts';
import { ident, qualified } from '../schema/sql.ts';
import { textSql, typeSql, valueSql, type Value } from './values.ts';

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
  const parts = columns.map(({ name, type }) => equals(name, values.get(name) ?? null, type));
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** A condition on some columns of the table. */
export function hasValues(table: Table, values: ReadonlyMap<string, Value>): string {
  const parts = [...values].map(([name, value]) => equals(name, value, typeOf(table, name)));
  return parts.join(' AND ');
}

/** The operator of a type would be looked up; that of text is named. */
const equals = (name: string, value: Value, type: string): string =>
  value === null
    ? `${ident(name)} IS NULL`
    : `${textSql(ident(name))} OPERATOR(pg_catalog.=) ${textSql(valueSql(value, type))}`;

/** A condition that the column has the value of an expression of the server's, to be read in our own search path. */
export function hasExpression(table: Table, name: string, expression: string): string {
  const value = `CAST((${expression}) AS ${typeSql(typeOf(table, name))})`;
  return `${textSql(ident(name))} IS NOT DISTINCT FROM ${textSql(value)}`;
}

const typeOf = (table: Table, name: string): string =>
  table.columns.find((column) => column.name === name)?.type ?? 'text';
