// What of a scratch database is no system's and no extension's, and its removal. Only for a database that was found
// empty.
import { ownSearchPath } from '../database/search-path.ts';
import type { Session } from '../database/session.ts';
import { literal } from './sql.ts';

/** Something that a scratch database must not hold, and what removes it. */
interface Left {
  /** Such as `table public.users`. */
  readonly what: string;
  readonly sql: string;
}

/** The first object identifier that is not the system's own (manual, section 70.2.2). */
const firstNormal = 16384;

/** Catalogs whose objects are in a schema; those of other schemas than public go with their schema. */
const inSchemas = {
  pg_proc: 'pronamespace',
  pg_operator: 'oprnamespace',
  pg_opclass: 'opcnamespace',
  pg_opfamily: 'opfnamespace',
  pg_collation: 'collnamespace',
  pg_conversion: 'connamespace',
  pg_ts_config: 'cfgnamespace',
  pg_ts_dict: 'dictnamespace',
};

/** Catalogs whose objects are in none. An event trigger goes first: it would fire for the rest. */
const elsewhere = [
  'pg_event_trigger',
  'pg_publication',
  'pg_cast',
  'pg_language',
  'pg_foreign_server',
  'pg_foreign_data_wrapper',
  'pg_am',
];

const part = (catalog: string, where = 'true'): string => `SELECT '${catalog}'::regclass AS class, o.oid
  FROM pg_catalog.${catalog} o WHERE o.oid >= ${firstNormal} AND ${where}`;

/** Every DROP is written before the first is run: what is gone by then has a name all the same. */
const query = (kept: readonly string[]): string => `${ownSearchPath};
  SELECT i.type || ' ' || i.identity AS what, format('DROP %s IF EXISTS %s CASCADE', CASE WHEN o.class = 'pg_proc'::regclass THEN 'ROUTINE'
      ELSE upper(replace(i.type, '-', ' ')) END, i.identity) AS sql
  FROM (
    ${elsewhere.map((catalog) => part(catalog)).join(' UNION ALL ')}
    UNION ALL ${part('pg_extension', `o.extname NOT IN (${['plpgsql', ...kept].map(literal).join(', ')})`)}
    UNION ALL ${part('pg_namespace', `o.nspname !~ '^pg_' AND o.nspname <> 'public'`)}
    UNION ALL ${part('pg_class', `o.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'public') AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`)}
    UNION ALL ${part(
      'pg_type',
      `o.typnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'public') AND o.typtype <> 'm' AND o.typcategory <> 'A'
      AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind <> 'c')`,
    )}
    ${Object.entries(inSchemas)
      .map(
        ([catalog, namespace]) =>
          `UNION ALL ${part(catalog, `o.${namespace} = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'public')`)}`,
      )
      .join('\n    ')}
  ) o CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, 0) i
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i', 'a'))
  ORDER BY o.class <> 'pg_event_trigger'::regclass, i.type, i.identity`;

/** What is there, besides the extensions `kept`. */
export async function readLeft(session: Session, kept: readonly string[]): Promise<readonly Left[]> {
  return await session.query<Left & Record<string, unknown>>(query(kept));
}

/** The names of the extensions that are there. */
export async function readExtensions(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `${ownSearchPath}; SELECT extname::text AS name FROM pg_extension`,
  );
  return rows.map(({ name }) => name);
}

/** Drops all schemas but public, and all that public holds; the extensions `kept` stay. */
export async function dropAll(session: Session, kept: readonly string[]): Promise<void> {
  const left = await readLeft(session, kept);
  if (left.length > 0) await session.query([ownSearchPath, ...left.map(({ sql }) => sql)].join('; '));
}
