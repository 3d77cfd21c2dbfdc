// Names and values as SQL text, for statements about the finished schema. Pure.

/** `name` as a quoted identifier. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `value` as a literal that means the same whatever standard_conforming_strings says. */
export const literal = (value: string): string =>
  value.includes('\\')
    ? `E'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
    : `'${value.replaceAll("'", "''")}'`;

/** A schema-qualified name as SQL. */
export const qualified = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${ident(schema)}.${ident(name)}`;

/** A name for a person to read, `schema.name`. */
export const display = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`;
