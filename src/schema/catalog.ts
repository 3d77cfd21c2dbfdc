// Reads the finished schema from the catalog in one message, whatever its size. Only looks: it needs no
// right on any table, and runs in a read-only transaction.
import { ownSearchPath } from '../database/search-path.ts';
import type { Session } from '../database/session.ts';
import { AmeliaError } from '../errors.ts';
import { catalogQuery } from './catalog-query.ts';
import type { RelationName, Schema } from './model.ts';
import { literal } from './sql.ts';

export interface CatalogOptions {
  /** Only these schemas; all but the system's when left out. */
  readonly schemas?: readonly string[] | undefined;
  /** The tool's own tables. */
  readonly without?: readonly RelationName[];
}

/** What makes PostgreSQL print one thing in one way, as pg_dump sets it. */
const printing = {
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '1',
  bytea_output: 'hex',
  quote_all_identifiers: 'off',
};

/** SQL that sets how definitions are printed, every name outside of pg_catalog qualified, until the transaction ends. */
export const printSettings = `${ownSearchPath}; SELECT ${Object.entries(printing)
  .map(([name, value]) => `pg_catalog.set_config('${name}', ${literal(value)}, true)`)
  .join(', ')}`;

/** The schema of the session's database, in one round trip. */
export async function readSchema(session: Session, options: CatalogOptions = {}): Promise<Schema> {
  // One message is one transaction: the settings end with it.
  const [row] = await session.query<{ schema: Schema }>(`${printSettings}; ${catalogQuery(options)}`);
  if (!row) throw new AmeliaError('session.lost', { reason: 'the server answered nothing' });
  return row.schema;
}
