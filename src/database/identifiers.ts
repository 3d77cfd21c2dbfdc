// Names and values as SQL text. Pure; quoting follows the manual, section 4.1 (Lexical Structure).

/** A table by name; `schema` is null when the connection's first schema is meant. */
export interface TableName {
  readonly schema: string | null;
  readonly table: string;
}

/** `name` as a quoted identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `value` as a string literal that means the same whatever standard_conforming_strings says. */
export function quoteLiteral(value: string | null): string {
  if (value === null) return 'NULL';
  const quoted = value.replaceAll("'", "''");
  return value.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

/** `name` as SQL, schema-qualified where the schema is known. */
export function quoteTable(name: TableName): string {
  const table = quoteIdentifier(name.table);
  return name.schema === null ? table : `${quoteIdentifier(name.schema)}.${table}`;
}

/** `name` for a person to read: quoted only where SQL would ask for it. */
export function displayTable(name: TableName): string {
  const part = (text: string) => (/^[a-z_][a-z0-9_$]*$/.test(text) ? text : quoteIdentifier(text));
  return name.schema === null ? part(name.table) : `${part(name.schema)}.${part(name.table)}`;
}

/**
 * Reads `[schema.]table` as SQL does: unquoted parts are folded to lower case, quoted ones are kept.
 * Returns undefined for anything else, and for a name over PostgreSQL's 63 bytes (which it would cut).
 */
export function parseTableName(text: string): TableName | undefined {
  const part = String.raw`(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*))`;
  const match = new RegExp(`^(?:${part}\\.)?${part}$`, 'u').exec(text);
  if (!match) return undefined;
  const read = (quoted: string | undefined, plain: string | undefined) =>
    quoted !== undefined ? quoted.replaceAll('""', '"') : plain?.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const schema = read(match[1], match[2]) ?? null;
  const table = read(match[3], match[4]);
  const fits = (name: string) => Buffer.byteLength(name) <= 63;
  return table !== undefined && fits(table) && (schema === null || fits(schema)) ? { schema, table } : undefined;
}
