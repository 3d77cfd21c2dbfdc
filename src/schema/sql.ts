// Names of the finished schema's objects as SQL and for people. Pure.
export { quoteIdentifier as ident, quoteLiteral as literal } from '../database/identifiers.ts';
import { quoteTable } from '../database/identifiers.ts';

/** A schema-qualified name as SQL. */
export const qualified = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  quoteTable({ schema, table: name });

/** A name for a person to read, `schema.name`. */
export const display = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`;
