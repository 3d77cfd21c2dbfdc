// Empties a scratch database again: everything that is no system's and no extension's. Only for a database that
// was found empty.
import type { Session } from '../database/session.ts';

/** Every DROP is written before the first is run: what is gone by then has a name all the same. */
const drops = `
  SELECT 1 AS step, format('DROP EXTENSION IF EXISTS %I CASCADE', extname) AS sql FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'
  UNION ALL SELECT 2, format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
  UNION ALL SELECT 3, format('DROP %s IF EXISTS public.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
      WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, relname) FROM pg_catalog.pg_class
    WHERE relnamespace = 'public'::regnamespace AND (relkind IN ('r', 'p', 'v', 'm', 'f') OR relkind = 'S'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype IN ('a', 'i')))
  UNION ALL SELECT 4, format('DROP %s IF EXISTS public.%I(%s) CASCADE', CASE prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
      proname, pg_get_function_identity_arguments(oid)) FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 5, format('DROP TYPE IF EXISTS public.%I CASCADE', typname) FROM pg_catalog.pg_type t WHERE typnamespace = 'public'::regnamespace
    AND typtype IN ('e', 'd', 'r', 'c') AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')
  ORDER BY 1`;

/** Drops all schemas but public, and all that public holds. */
export async function dropAll(session: Session): Promise<void> {
  const list = await session.query<{ sql: string }>(drops);
  if (list.length > 0) await session.query(list.map(({ sql }) => sql).join('; '));
}
