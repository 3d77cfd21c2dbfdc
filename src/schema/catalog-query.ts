// The one query of the catalog, as text; it builds the model as JSON. Reads PostgreSQL 15 to 18: what a
// version does not have is asked for by name, through to_jsonb.
import type { CatalogOptions } from './catalog.ts';
import { literal } from './sql.ts';

const names = (array: string, relation: string): string => `(SELECT coalesce(json_agg(a.attname ORDER BY k.n), '[]')
  FROM unnest(${array}) WITH ORDINALITY k(attnum, n) JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.attnum)`;

const action = (column: string): string =>
  `CASE ${column} WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' ELSE 'set default' END`;

const columns = `SELECT a.attrelid AS relation, json_agg(json_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'typeKind', t.typtype, 'category', t.typcategory,
    'element', CASE WHEN t.typcategory = 'A' THEN format_type(t.typelem, a.atttypmod) END,
    'notNull', a.attnotnull,
    'notNullValidated', NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = a.attrelid AND n.contype = 'n'
      AND n.conkey[1] = a.attnum AND NOT n.convalidated),
    'default', pg_get_expr(d.adbin, d.adrelid),
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'generated', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END) ORDER BY a.attnum) AS list
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE r.relkind IN ('r', 'p', 'f') GROUP BY a.attrelid`;

const constraints = `SELECT c.conrelid AS relation, json_agg(json_build_object(
    'kind', CASE c.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign-key' WHEN 'u' THEN 'unique' WHEN 'p' THEN 'primary-key' ELSE 'exclusion' END,
    'name', c.conname, 'columns', ${names('c.conkey', 'c.conrelid')},
    'definition', pg_get_constraintdef(c.oid), 'expression', pg_get_expr(c.conbin, c.conrelid),
    'noInherit', c.connoinherit AND c.contype = 'c', 'deferrable', c.condeferrable, 'deferred', c.condeferred, 'validated', c.convalidated,
    'enforced', coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true),
    'inherited', c.coninhcount > 0 OR c.conparentid <> 0,
    'references', CASE WHEN c.contype = 'f' THEN json_build_object(
      'schema', fn.nspname, 'name', fr.relname, 'columns', ${names('c.confkey', 'c.confrelid')},
      'onDelete', ${action('c.confdeltype')}, 'onUpdate', ${action('c.confupdtype')},
      'match', CASE c.confmatchtype WHEN 'f' THEN 'full' WHEN 'p' THEN 'partial' ELSE 'simple' END,
      'setColumns', CASE WHEN c.confdelsetcols IS NOT NULL THEN ${names('c.confdelsetcols', 'c.conrelid')} END) END,
    'disabledOn', coalesce(off.list, '[]')) ORDER BY c.conname) AS list
  FROM rel r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype IN ('c', 'f', 'u', 'p', 'x')
    LEFT JOIN pg_class fr ON fr.oid = c.confrelid LEFT JOIN pg_namespace fn ON fn.oid = fr.relnamespace
    LEFT JOIN (SELECT g.tgconstraint, json_agg(DISTINCT n.nspname || '.' || t.relname) AS list
      FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      WHERE g.tgisinternal AND g.tgenabled NOT IN ('O', 'A') GROUP BY g.tgconstraint) off ON off.tgconstraint = c.oid
  GROUP BY c.conrelid`;

const indexes = `SELECT i.indrelid AS relation, json_agg(json_build_object(
    'name', x.relname, 'method', m.amname, 'unique', i.indisunique, 'nullsNotDistinct', i.indnullsnotdistinct,
    'keys', (SELECT json_agg(json_build_object(
        'column', a.attname, 'expression', pg_get_indexdef(i.indexrelid, n, false),
        'descending', (i.indoption[n - 1] & 1) <> 0, 'nullsFirst', (i.indoption[n - 1] & 2) <> 0,
        'operatorClass', CASE WHEN NOT o.opcdefault THEN o.opcname END,
        'collation', CASE WHEN i.indcollation[n - 1] <> 0 AND i.indcollation[n - 1] <> coalesce(a.attcollation, 100)
          THEN i.indcollation[n - 1]::regcollation::text END) ORDER BY n)
      FROM generate_series(1, i.indnkeyatts) n LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1] AND a.attnum <> 0
        JOIN pg_opclass o ON o.oid = i.indclass[n - 1]),
    'include', (SELECT coalesce(json_agg(a.attname ORDER BY n), '[]') FROM generate_series(i.indnkeyatts + 1, i.indnatts) n
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n - 1]),
    'predicate', pg_get_expr(i.indpred, i.indrelid), 'definition', pg_get_indexdef(i.indexrelid),
    'valid', i.indisvalid, 'ready', i.indisready, 'live', i.indislive,
    'constraint', (SELECT c.conname FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = i.indrelid AND c.contype IN ('p', 'u', 'x')),
    'inherited', x.relispartition) ORDER BY x.relname) AS list
  FROM rel r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
  GROUP BY i.indrelid`;

const triggers = `SELECT g.tgrelid AS relation, json_agg(json_build_object(
    'name', g.tgname, 'definition', pg_get_triggerdef(g.oid), 'function', g.tgfoid::regproc::text,
    'enabled', CASE g.tgenabled WHEN 'O' THEN 'origin' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' ELSE 'always' END,
    'inherited', g.tgparentid <> 0) ORDER BY g.tgname) AS list
  FROM rel r JOIN pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal GROUP BY g.tgrelid`;

const policies = `SELECT p.polrelid AS relation, json_agg(json_build_object('name', p.polname, 'definition', concat_ws(' ',
    CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
    'FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    'TO ' || (SELECT string_agg(coalesce(o.rolname, 'public'), ', ' ORDER BY o.rolname) FROM unnest(p.polroles) u(id) LEFT JOIN pg_roles o ON o.oid = u.id),
    'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', 'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')) ORDER BY p.polname) AS list
  FROM rel r JOIN pg_policy p ON p.polrelid = r.oid GROUP BY p.polrelid`;

const rules = `SELECT w.ev_class AS relation, json_agg(json_build_object('name', w.rulename, 'definition', pg_get_ruledef(w.oid)) ORDER BY w.rulename) AS list
  FROM rel r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN' GROUP BY w.ev_class`;

const tables = `SELECT json_agg(json_build_object(
    'schema', r.nspname, 'name', r.relname,
    'kind', CASE r.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' ELSE 'foreign table' END,
    'persistence', CASE r.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END,
    'rowSecurity', r.relrowsecurity, 'forceRowSecurity', r.relforcerowsecurity,
    'partitionKey', CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END, 'partitionBound', pg_get_expr(r.relpartbound, r.oid),
    'partitionConstraint', CASE WHEN r.relispartition THEN pg_get_partition_constraintdef(r.oid) END,
    'parents', (SELECT coalesce(json_agg(n.nspname || '.' || c.relname ORDER BY i.inhseqno), '[]') FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.inhrelid = r.oid),
    'columns', coalesce(co.list, '[]'), 'constraints', coalesce(cn.list, '[]'), 'indexes', coalesce(ix.list, '[]'),
    'triggers', coalesce(tg.list, '[]'), 'policies', coalesce(po.list, '[]'), 'rules', coalesce(ru.list, '[]')) ORDER BY r.nspname, r.relname)
  FROM rel r LEFT JOIN (${columns}) co ON co.relation = r.oid LEFT JOIN (${constraints}) cn ON cn.relation = r.oid
    LEFT JOIN (${indexes}) ix ON ix.relation = r.oid LEFT JOIN (${triggers}) tg ON tg.relation = r.oid
    LEFT JOIN (${policies}) po ON po.relation = r.oid LEFT JOIN (${rules}) ru ON ru.relation = r.oid
  WHERE r.relkind IN ('r', 'p', 'f')`;

const views = `SELECT json_agg(json_build_object('schema', r.nspname, 'name', r.relname,
    'definition', CASE r.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END || pg_get_viewdef(r.oid)) ORDER BY r.nspname, r.relname)
  FROM rel r WHERE r.relkind IN ('v', 'm')`;

const functions = `SELECT json_agg(json_build_object('schema', n.nspname, 'name', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    'definition', CASE WHEN p.prokind = 'a' THEN 'aggregate ' || format_type(p.prorettype, NULL) ELSE pg_get_functiondef(p.oid) END) ORDER BY n.nspname, p.proname, p.oid)
  FROM pg_proc p JOIN ns n ON n.oid = p.pronamespace
  WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))`;

const sequences = `SELECT json_agg(json_build_object('schema', r.nspname, 'name', r.relname, 'definition',
    format('%s START %s INCREMENT %s MIN %s MAX %s%s', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
      CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)) ORDER BY r.nspname, r.relname)
  FROM rel r JOIN pg_sequence s ON s.seqrelid = r.oid`;

const ofExtension = `EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')`;

const enums = `SELECT json_agg(json_build_object('schema', n.nspname, 'name', t.typname, 'type', format_type(t.oid, NULL),
    'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)) ORDER BY n.nspname, t.typname)
  FROM pg_type t JOIN ns n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND NOT ${ofExtension}`;

const domains = `SELECT json_agg(json_build_object('schema', n.nspname, 'name', t.typname, 'type', format_type(t.oid, NULL),
    'base', format_type(t.typbasetype, t.typtypmod), 'baseCategory', b.typcategory, 'notNull', t.typnotnull, 'default', t.typdefault,
    'checks', (SELECT coalesce(json_agg(json_build_object('name', c.conname, 'validated', c.convalidated,
      'expression', substring(regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', '') from '^CHECK (.*)$')) ORDER BY c.conname), '[]')
      FROM pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c')) ORDER BY n.nspname, t.typname)
  FROM pg_type t JOIN ns n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd' AND NOT ${ofExtension}`;

/** One statement whose one row's column `schema` is the whole model. */
export function catalogQuery({ schemas, without = [] }: CatalogOptions): string {
  const narrowed = schemas === undefined ? '' : ` AND nspname IN (${['', ...schemas].map(literal).join(', ')})`;
  const own = without.map(({ schema, name }) => `AND (n.nspname, c.relname) <> (${literal(schema)}, ${literal(name)})`);
  return `WITH ns AS MATERIALIZED (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'${narrowed}),
  rel AS MATERIALIZED (SELECT c.*, n.nspname FROM pg_class c JOIN ns n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' ${own.join(' ')}
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
  SELECT json_build_object('serverVersion', current_setting('server_version_num')::int,
    ${Object.entries({ tables, views, functions, sequences, enums, domains })
      .map(([key, query]) => `'${key}', coalesce((${query}), '[]')`)
      .join(',\n    ')},
    'extensions', coalesce((SELECT json_agg(extname ORDER BY extname) FROM pg_extension), '[]')) AS schema`;
}
