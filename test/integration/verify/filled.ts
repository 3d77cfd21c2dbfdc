// A database with a row in every table, and all that could be left behind in it, to be compared.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../../src/database/session.ts';
import { readSchema } from '../../../src/schema/catalog.ts';
import { proveLive, targetsOf } from '../../../src/verify/prove.ts';
import { freshDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { sessionWith } from './sessions.ts';
import { tryFunction } from '../../../src/verify/evaluate.ts';
import { Builder, Yard } from '../../../src/verify/rows.ts';
import { surveyTables } from '../../../src/verify/truth.ts';

/** The tool's own tables. */
export const without = ['schema_migrations', 'schema_migrations_journal'].map((name) => ({ schema: 'public', name }));

/** Inserts a row into every table, and commits. */
async function fillTables(session: Session): Promise<void> {
  const schema = await readSchema(session, { without });
  await session.query(`BEGIN; ${tryFunction}`);
  const builder = new Builder(new Yard(schema, await surveyTables(session, schema, schema.tables)));
  for (const table of schema.tables) builder.insert(table);
  await session.query(`${builder.statements.join('; ')}; COMMIT; DISCARD TEMP`);
}

/** Every row with the transaction that wrote it, every sequence, the catalog, and the locks of other clients: autovacuum takes some at any time. */
export async function stateOf(session: Session): Promise<Record<string, unknown>> {
  const [state] = await session.query(`SELECT
    (SELECT json_object_agg(relnamespace::regnamespace || '.' || relname, query_to_xml(format('SELECT xmin, t FROM %s t ORDER BY ctid', oid::regclass), true, false, '')::text)
      FROM pg_class WHERE relkind = 'r' AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace)) AS rows,
    (SELECT json_object_agg(schemaname || '.' || sequencename, last_value) FROM pg_sequences) AS sequences,
    (SELECT json_agg(c.oid::text || c.xmin::text ORDER BY c.oid) FROM pg_class c WHERE relpersistence <> 't') AS classes,
    (SELECT count(*) FROM pg_proc) AS functions, (SELECT count(*) FROM pg_constraint) AS constraints,
    (SELECT json_agg(t.tgname || t.tgenabled::text ORDER BY t.oid) FROM pg_trigger t) AS triggers,
    (SELECT coalesce(json_agg(l), '[]') FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND pid <> pg_backend_pid()) AS locks,
    (SELECT count(*) FROM pg_prepared_xacts) AS prepared`);
  return state ?? {};
}

/** Waits until no other session of this database is there. */
export async function alone(session: Session): Promise<void> {
  for (;;) {
    const [row] = await session.query<{ n: string }>(
      "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    if (Number(row?.n) === 0) return;
    await sleep(5);
  }
}

/** A system's database with a row in every table, an empty one with the same schema, and the live proof of the one by the other. */
export async function filledSystem(migrations: string) {
  const [db, scratchDb] = [await freshDatabase(), await freshDatabase()];
  for (const { url } of [db, scratchDb]) await engineFor(url, migrations).migrate();
  const watcher = await sessionWith(db.url);
  await fillTables(watcher);
  const scratch = await sessionWith(scratchDb.url);
  const expected = await readSchema(scratch, { without });
  const live = async (url: string) => {
    const session = await sessionWith(url);
    try {
      return await proveLive(session, scratch, expected, targetsOf(expected));
    } finally {
      await session.close();
    }
  };
  return { db, watcher, live, tables: expected.tables };
}
