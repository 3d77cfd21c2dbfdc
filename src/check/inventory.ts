// What a database holds beside its tables and what belongs to them (schema/catalog.ts has those): schemas, types,
// casts, rights, comments, roles. Only looks.
import { ownSearchPath } from '../database/search-path.ts';
import type { Session } from '../database/session.ts';
import { AmeliaError } from '../errors.ts';

/** One thing that is there, such as `schema audit`, `type public.pair` or `GRANT ON table public.users TO reader: SELECT`. */
export interface Item {
  /** What a statement that makes it mentions. */
  readonly words: readonly string[];
  readonly text: string;
}

/** The first object identifier that is not the system's own (manual, section 70.2.2). */
const firstNormal = 16384;

const catalogs = [
  'pg_namespace',
  'pg_collation',
  'pg_conversion',
  'pg_operator',
  'pg_opclass',
  'pg_opfamily',
  'pg_am',
  'pg_cast',
  'pg_language',
  'pg_event_trigger',
  'pg_publication',
  'pg_statistic_ext',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
];

const grants = (
  catalog: string,
  acl: string,
  owner: string,
): string => `SELECT '${catalog}'::regclass AS class, o.oid, r.rolname AS grantee,
    format('TO %s: %s', coalesce(r.rolname, 'public'), string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)) AS suffix
  FROM ${catalog} o CROSS JOIN aclexplode(o.${acl}) a LEFT JOIN pg_roles r ON r.oid = a.grantee
  WHERE o.oid >= ${firstNormal} AND a.grantee <> o.${owner} GROUP BY o.oid, r.rolname`;

const query = `${ownSearchPath}; SELECT coalesce(json_agg(DISTINCT jsonb_build_object('words', array_remove(ARRAY[o.word, coalesce(i.name, i.identity)], NULL), 'text',
    concat_ws(' ', o.prefix, i.type, i.identity, o.suffix))), '[]') AS items
  FROM (
    ${catalogs.map((name) => `SELECT '${name}'::regclass AS class, oid, 0 AS part, NULL AS prefix, NULL AS suffix, NULL AS word FROM pg_catalog.${name} WHERE oid >= ${firstNormal}`).join('\n    UNION ALL ')}
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 0, NULL, NULL, NULL FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
      WHERE t.oid >= ${firstNormal} AND (t.typtype IN ('r', 'b') OR c.relkind = 'c') AND t.typcategory <> 'A'
    UNION ALL SELECT d.classoid::regclass, d.objoid, d.objsubid, 'COMMENT ON', 'IS ' || quote_literal(d.description), 'COMMENT'
      FROM pg_description d WHERE d.objoid >= ${firstNormal}
    UNION ALL SELECT class, oid, 0, 'GRANT ON', suffix, grantee FROM (${grants('pg_class', 'relacl', 'relowner')}
      UNION ALL ${grants('pg_proc', 'proacl', 'proowner')} UNION ALL ${grants('pg_namespace', 'nspacl', 'nspowner')}
      UNION ALL ${grants('pg_type', 'typacl', 'typowner')}) g
    UNION ALL SELECT 'pg_authid'::regclass, oid, 0, NULL, NULL, NULL FROM pg_roles WHERE oid >= ${firstNormal}
  ) o CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, o.part) i
  WHERE i.schema IS NULL OR i.schema !~ '^pg_(temp|toast)'`;

/** Everything of the session's database, in no order. */
export async function readInventory(session: Session): Promise<readonly Item[]> {
  const [row] = await session.query<{ items: Item[] }>(query);
  if (!row) throw new AmeliaError('session.lost', { reason: 'the server answered nothing' });
  return row.items;
}
