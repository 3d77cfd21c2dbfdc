// What is asked of a database about its history: one message, which names no table. The server makes the query for
// the rows of the name, and only where the catalog says that it is a plain table which this role may see whole: a
// table that is not there is no error, and no code in a stranger's view, policy or type runs.
import { writeToLog } from './durability.ts';
import { firstColumns, journalColumns, ownColumns, type FoundColumn } from './history-columns.ts';
import { quoteLiteral, type TableName } from './identifiers.ts';
import { otherTools } from './other-tools.ts';
import { ownSearchPath } from './search-path.ts';

type Type = 'integer' | 'bigint' | 'text' | 'timestamptz';
type Types = Readonly<Record<string, Type>>;

/** All columns that are read. A bigint comes as text, a time in seconds since 1970. */
const historyTypes: Types = { version: 'bigint', applied_at: 'timestamptz', ...ownColumns };
const journalTypes: Types = {
  version: 'bigint',
  name: 'text',
  direction: 'text',
  completed: 'integer',
  statements: 'integer',
  started: 'integer',
  prefix: 'text',
  started_at: 'timestamptz',
  ...journalColumns,
};
/** By these columns a history of ours is known, whatever its name. */
const peculiar: Types = { version: 'bigint', applied_at: 'timestamptz', ...firstColumns };

/** The journal of non-transactional migrations lies beside the history table. */
export function journalOf(table: TableName): TableName {
  return { schema: table.schema, table: `${table.table.slice(0, 55)}_journal` };
}

/** The history table as it was asked for. */
export interface WantedTable extends TableName {
  /** Nobody named it: a history of another name would be one that was lost sight of. */
  readonly isDefault?: boolean;
}

export interface Question {
  readonly table: WantedTable;
  /** Ask whose code a row that is written runs, too. */
  readonly forWriting: boolean;
}

/** What the catalog says of the history or its journal, and its rows where they may be read. */
export interface Relation {
  readonly name: string;
  /** pg_class.relkind and relpersistence. */
  readonly kind: string;
  readonly persistence: string;
  readonly owner: string;
  /** The owner has no less power than this role, so that nothing is won by code that this role runs for it. */
  readonly isTrusted: boolean;
  readonly isSchemaUsable: boolean;
  readonly isReadable: boolean;
  /** Row-level security decides which rows this role sees. */
  readonly isHidden: boolean;
  /** Its place in an inheritance tree. */
  readonly kin: string | null;
  /** Reading it can run code of its owner: PostgreSQL works out constant parts of indexes and checks when it plans. */
  readonly runsWhenRead: boolean;
  readonly columns: readonly FoundColumn[];
  /** This role has the owner's rights. */
  readonly isOwner: boolean;
  /** The columns that it must have have the types that they have to have. */
  readonly fits: boolean;
  readonly isUnique: boolean;
  /** `Attached[]`; see wrapped-json.ts. */
  readonly attached: string | null;
}

/** Code that a row which is written would run, and that belongs to a role with less power than this one. */
export interface Attached {
  readonly what: string;
  readonly owner: string;
}

/** The message's answer: one row. */
export interface HistoryAnswer {
  readonly schema: string | null;
  readonly user: string;
  readonly pid: number;
  readonly read_only: boolean;
  readonly standby: boolean;
  readonly relations: readonly Relation[] | null;
  /** The rows of the history and of its journal, a list for each column. Null where they were not read. */
  readonly applied: string | null;
  readonly unfinished: string | null;
  /** `TableName[]`, all other histories of ours. */
  readonly elsewhere: string | null;
  /** `OtherHistory[]`. */
  readonly tools: string | null;
}

/** The connection's first schema, to the end of the message: under our own search path, nobody could say it. */
const firstSchema = 'amelia_db.schema';

export function historyQuery({ table, forWriting }: Question): string {
  const named = table.schema !== null;
  const keep = `SELECT pg_catalog.set_config('${firstSchema}', CAST(pg_catalog.current_schema() AS pg_catalog.text), true); `;
  const schema = named ? quoteLiteral(table.schema) : `NULLIF(current_setting('${firstSchema}'), '')`;
  const history = quoteLiteral(table.table);
  const readable = `c.relkind = 'r' AND p.is_schema_usable AND p.is_readable AND NOT p.is_hidden AND a.kin IS NULL
    AND NOT p.runs_when_read`;
  return `${named ? '' : keep}${ownSearchPath}; SET LOCAL row_security = off;
WITH asked AS MATERIALIZED (SELECT ${schema}::text AS schema), found AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relkind, c.relpersistence, c.relowner, n.nspname, p.*, a.*,
    ${forWriting ? `CASE WHEN NOT p.is_trusted OR c.relhastriggers OR c.relhasrules OR c.relchecks > 0 OR i.has_expression OR a.may_run THEN ${lazily(attached)} END` : 'NULL'} AS attached,
    CASE WHEN NOT (${readable}) THEN NULL
      WHEN c.relname = ${history} AND a.fits_history THEN ${rowsOf(historyTypes)}
      WHEN c.relname <> ${history} AND a.fits_journal THEN ${rowsOf(journalTypes)} END AS rows, i.is_unique
  FROM asked JOIN pg_namespace n ON n.nspname = asked.schema JOIN pg_class c ON c.relnamespace = n.oid
  CROSS JOIN LATERAL (SELECT
    bool_or(i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL AND i.indkey[0] = (SELECT v.attnum
      FROM pg_attribute v WHERE v.attrelid = c.oid AND v.attname = 'version')) AS is_unique,
    bool_or(i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AS has_expression FROM pg_index i WHERE i.indrelid = c.oid
  ) i CROSS JOIN LATERAL (SELECT
    json_agg(json_build_array(a.attname, replace(format_type(a.atttypid, NULL), '"', ''),
      a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', has_column_privilege(c.oid, a.attnum, 'INSERT')) ORDER BY a.attnum) AS columns,
    array_agg(a.attname::text) FILTER (WHERE ${fits({ ...historyTypes, ...journalTypes })}) AS names,
    COALESCE(bool_and(${fits(peculiar)}), false) AS fits_history, COALESCE(bool_and(${fits(journalTypes)}), false) AS fits_journal,
    bool_or(a.atthasdef AND a.attname NOT IN ('applied_at', 'started_at') OR a.atttypid >= 16384) AS may_run,
    CASE WHEN c.relispartition THEN 'a partition' WHEN bool_or(a.attinhcount > 0) THEN 'a table that inherits from another'
      WHEN c.relhassubclass AND ${lazily(`SELECT 1 AS rows FROM pg_inherits i WHERE i.inhparent = $oid LIMIT 1`)} <> ''
      THEN 'a table that another inherits from' END AS kin
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  ) a CROSS JOIN LATERAL (SELECT
    pg_get_userbyid(c.relowner) IN (current_user, session_user)
      OR ${lazily(`SELECT 1 AS rows WHERE ${trusted('$owner')} OR $owner = (SELECT d.datdba FROM pg_database d WHERE d.datname = current_database())`)} <> '' AS is_trusted
    OFFSET 0
  ) t CROSS JOIN LATERAL (SELECT t.is_trusted,
    has_schema_privilege(n.oid, 'USAGE') AS is_schema_usable, has_table_privilege(c.oid, 'SELECT') AS is_readable,
    row_security_active(c.oid) AS is_hidden,
    NOT t.is_trusted AND (c.relchecks > 0 OR i.has_expression
      OR ${lazily(`SELECT 1 AS rows FROM pg_statistic_ext s WHERE s.stxrelid = $oid AND s.stxexprs IS NOT NULL LIMIT 1`)} <> '') AS runs_when_read
  ) p
  WHERE c.relname IN (${history}, ${quoteLiteral(journalOf(table).table)}) AND c.relkind NOT IN ('i', 'I', 't', 'c', 'S')
)
SELECT asked.schema, current_user::text AS "user", pg_backend_pid() AS pid,
  current_setting('transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS standby,
  (SELECT json_agg(json_build_object('name', f.relname, 'kind', f.relkind, 'persistence', f.relpersistence,
    'owner', pg_get_userbyid(f.relowner), 'isTrusted', f.is_trusted, 'isSchemaUsable', f.is_schema_usable,
    'isReadable', f.is_readable, 'isHidden', f.is_hidden, 'kin', f.kin, 'runsWhenRead', f.runs_when_read,
    'columns', f.columns, 'fits', CASE WHEN f.relname = ${history} THEN f.fits_history ELSE f.fits_journal END,
    'isUnique', f.is_unique, 'isOwner', pg_has_role(f.relowner, 'USAGE'), 'attached', f.attached)) FROM found f) AS relations,
  (SELECT f.rows FROM found f WHERE f.relname = ${history}) AS applied,
  (SELECT f.rows FROM found f WHERE f.relname <> ${history}) AS unfinished,
  (SELECT ${settled} FROM found f WHERE f.relname = ${history} AND f.rows IS NOT NULL) AS settled,
  ${named ? 'NULL' : `CASE WHEN NOT EXISTS (SELECT FROM found f WHERE f.relname = ${history}) THEN ${lazily(elsewhere(history, table.isDefault === true))} END`} AS elsewhere,
  CASE WHEN NOT EXISTS (SELECT FROM found f WHERE f.relname = ${history} AND f.rows LIKE '%"version" : [%')
    THEN ${lazily(otherTools)} END AS tools
FROM asked`;
}

/**
 * A query, as an expression that is only planned where it is needed: planning all of them takes longer than what the
 * rest does (PostgreSQL 17.10). `$oid`, `$owner` and `$schema` are the table's, in its own column `rows` the answer.
 */
function lazily(query: string): string {
  const oid = query.includes('$oid') ? [['$oid', 'c.oid::text']] : [];
  const owner = query.includes('$owner') ? [['$owner', 'c.relowner::text']] : [];
  const schema = query.includes('$schema') ? [['$schema', 'quote_nullable(asked.schema)']] : [];
  const text = [...oid, ...owner, ...schema].reduce(
    (sql, [name, value]) => `replace(${sql}, '${name}', ${value})`,
    quoteLiteral(query),
  );
  return `query_to_xml(${text}, true, true, '')::text`;
}

/** Whether the role has no less power than ours: what its code can do with our rights, it can do without. */
function trusted(role: string): string {
  return `EXISTS (SELECT FROM pg_roles r WHERE r.oid = ${role} AND (r.rolsuper OR r.rolname IN (current_user, session_user)
    OR pg_has_role(r.oid, 'USAGE') AND NOT (SELECT m.rolsuper FROM pg_roles m WHERE m.rolname = current_user)))`;
}

const oids = { integer: '20, 23', bigint: '20, 23', text: '25', timestamptz: '1114, 1184' } as const;

/** Over a table's columns `a`: those that we know are of types of PostgreSQL's own, whose output is nobody's code. */
function fits(columns: Types): string {
  const known = Object.entries(columns).map(([name, type]) => `WHEN '${name}' THEN a.atttypid IN (${oids[type]})`);
  return `CASE a.attname ${known.join(' ')} ELSE true END AND a.attgenerated = ''`;
}

/**
 * The rows of the table `c`, a list for each column: quicker than one for each row (PostgreSQL 17.10). A column that it
 * does not have is left out. JSON keeps each character, and tells NULL from ''.
 */
function rowsOf(columns: Types): string {
  const lists = Object.entries(columns).map(([name, type]) => {
    const value = {
      timestamptz: `date_part(''epoch'', h.${name}::timestamptz)`,
      bigint: `h.${name}::text`,
      integer: `h.${name}`,
      text: `h.${name}`,
    }[type];
    return `CASE WHEN '${name}' = ANY (a.names) THEN '''${name}'', json_agg(${value})' END`;
  });
  const query = `'SELECT json_build_object(' || concat_ws(', ', ${lists.join(', ')})
    || ') AS rows FROM ONLY %I.%I h WHERE h.version IS NOT NULL'`;
  return `query_to_xml(format(${query}, n.nspname, c.relname), true, true, '')::text`;
}

/**
 * Nothing is to be said of a row that a crash of the server could still take away: where its commit did not
 * wait (see durability.ts), the answer to this query waits. wal_writer_delay bounds for how long that can be.
 */
const settled = `CASE WHEN pg_is_in_recovery() THEN NULL
    WHEN pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn() THEN NULL
    WHEN 'duration_ms' = ANY (f.names) AND query_to_xml(format('SELECT 1 FROM ONLY %I.%I h
      WHERE h.applied_at::timestamptz + h.duration_ms * interval ''1 ms'' > clock_timestamp()
        - 3 * current_setting(''wal_writer_delay'')::interval - interval ''1 s'' LIMIT 1', f.nspname, f.relname),
      true, true, '')::text <> ''
    THEN ${writeToLog} END`;

/** Histories of ours that are not where this connection looks: of that name, or, by all of our columns, of any. */
function elsewhere(history: string, isDefault: boolean): string {
  const has = (types: Types) =>
    Object.entries(types)
      .map(
        ([name, type]) => `EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '${name}'
          AND a.atttypid IN (${oids[type]}))`,
      )
      .join(' AND ');
  const others = `c.oid IN (SELECT d.attrelid FROM pg_attribute d WHERE d.attname = 'duration_ms') AND ${has(peculiar)}`;
  return `SELECT json_agg(json_build_object('schema', n.nspname, 'table', c.relname) ORDER BY n.nspname, c.relname) AS rows
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND (
      c.relname = ${history} AND ${has({ version: 'bigint', applied_at: 'timestamptz' })}${isDefault ? ` OR ${others}` : ''})`;
}

/** The code of others that a row which is written runs: triggers, rules, and what expressions and types call. */
const attached = `SELECT json_agg(DISTINCT jsonb_build_object('what', o.what, 'owner', pg_get_userbyid(o.owner))) AS rows
  FROM (
    SELECT x.what, p.proowner AS owner
    FROM (
      SELECT 'pg_trigger'::regclass AS class, t.oid, format('trigger %I', t.tgname) AS what
        FROM pg_trigger t WHERE t.tgrelid = $oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
      UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, format('rule %I', r.rulename) FROM pg_rewrite r WHERE r.ev_class = $oid
      UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, format('column %I', c.attname)
        FROM pg_attrdef d JOIN pg_attribute c ON c.attrelid = d.adrelid AND c.attnum = d.adnum WHERE d.adrelid = $oid
      UNION ALL SELECT 'pg_constraint'::regclass, k.oid, format('constraint %I', k.conname)
        FROM pg_constraint k WHERE k.conrelid = $oid
      UNION ALL SELECT 'pg_class'::regclass, i.indexrelid, format('index %s', i.indexrelid::regclass)
        FROM pg_index i WHERE i.indrelid = $oid
      UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, format('statistics %I', s.stxname)
        FROM pg_statistic_ext s WHERE s.stxrelid = $oid
    ) x
    JOIN pg_depend d ON d.classid = x.class AND d.objid = x.oid AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
    LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    JOIN pg_proc p ON p.oid = COALESCE(o.oprcode::oid, d.refobjid)
    UNION ALL
    SELECT format('type of column %I', c.attname), t.typowner
    FROM pg_attribute c JOIN pg_type t ON t.oid = c.atttypid WHERE c.attrelid = $oid AND c.attnum > 0 AND NOT c.attisdropped
  ) o WHERE NOT ${trusted('o.owner')}`;
