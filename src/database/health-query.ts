// What `doctor` asks a server, in one message that any role may send. Never writes, never waits for a lock.
import { quoteLiteral, type TableName } from './identifiers.ts';
import { ownSearchPath } from './search-path.ts';

/** What a setting is, and who set it (pg_settings.source). Durations in PostgreSQL's own words. */
export interface Setting {
  readonly value: string;
  readonly source: string;
}

export interface Facts {
  readonly versionNumber: number;
  readonly pid: number;
  readonly user: string;
  readonly superuser: boolean;
  readonly schema: string | null;
  readonly searchPath: string;
  readonly mayCreateInSchema: boolean | null;
  readonly mayCreateInDatabase: boolean;
  readonly readOnly: boolean;
  readonly standby: boolean;
  readonly encoding: string;
  readonly collation: { readonly recorded: string | null; readonly actual: string | null };
  readonly settings: Readonly<Record<string, Setting>>;
  readonly connections: {
    readonly used: number;
    readonly most: number;
    readonly own: number;
    readonly ownMost: number;
  };
  /** Tables of that schema whose owner this role is not. */
  readonly foreignTables: readonly string[];
  /** Rights on the history table; null where there is none. */
  readonly history: { readonly write: boolean; readonly owner: string; readonly isOwner: boolean } | null;
  readonly preparedTransactions: readonly string[];
  readonly invalidIndexes: readonly string[];
  readonly openTransactions: readonly string[];
  readonly eventTriggers: readonly string[];
  readonly idleSlots: readonly string[];
  readonly publications: readonly string[];
}

/** The settings that can bite, and those that the checks reckon with. */
const settingNames = [
  'default_transaction_isolation',
  'fsync',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'lock_timeout',
  'session_replication_role',
  'statement_timeout',
  'synchronous_commit',
  'transaction_timeout',
];

const few = 5;
/** A transaction that is open for longer holds its locks for longer than a migration waits. */
const longOpen = `interval '1 minute'`;

/** Settings of our own, to the end of the transaction: what the connection's search path says, before ours is set. */
const kept = { schema: 'amelia_db.schema', searchPath: 'amelia_db.search_path' };

/** A JSON list of the texts that a query gives in its one column. */
const list = (query: string): string =>
  `COALESCE((SELECT pg_catalog.json_agg(l.t) FROM (${query} LIMIT ${few}) l(t)), '[]'::pg_catalog.json)`;

/** One message, whose answer is one row with everything; `schema` is where the history is kept: null for the connection's first one. */
export function healthQuery(table: TableName): string {
  const schema = table.schema === null ? `pg_catalog.current_setting('${kept.schema}')` : quoteLiteral(table.schema);
  const oid = `(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ${schema})`;
  const database = `(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())`;
  const name = `pg_catalog.format('%I.%I', n.nspname, c.relname)`;
  return `SELECT pg_catalog.set_config('${kept.schema}', CAST(pg_catalog.current_schema() AS pg_catalog.text), true),
    pg_catalog.set_config('${kept.searchPath}', pg_catalog.current_setting('search_path'), true); ${ownSearchPath};
  SELECT pg_catalog.json_build_object(
    'versionNumber', pg_catalog.current_setting('server_version_num')::int,
    'pid', pg_catalog.pg_backend_pid(),
    'user', current_user,
    'superuser', (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
    'schema', (SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname = ${schema}),
    'searchPath', pg_catalog.current_setting('${kept.searchPath}'),
    'mayCreateInSchema', pg_catalog.has_schema_privilege(${oid}, 'CREATE'),
    'mayCreateInDatabase', pg_catalog.has_database_privilege(${database}, 'CREATE'),
    'readOnly', pg_catalog.current_setting('transaction_read_only') = 'on',
    'standby', pg_catalog.pg_is_in_recovery(),
    'encoding', pg_catalog.current_setting('server_encoding'),
    'collation', (SELECT pg_catalog.json_build_object('recorded', d.datcollversion,
        'actual', pg_catalog.pg_database_collation_actual_version(d.oid)) FROM pg_catalog.pg_database d WHERE d.oid = ${database}),
    'settings', (SELECT pg_catalog.json_object_agg(s.name, pg_catalog.json_build_object(
        'value', pg_catalog.current_setting(s.name), 'source', s.source))
      FROM pg_catalog.pg_settings s WHERE s.name IN (${settingNames.map(quoteLiteral).join(', ')})),
    'connections', pg_catalog.json_build_object(
      'used', (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend'),
      'most', pg_catalog.current_setting('max_connections')::int - pg_catalog.current_setting('superuser_reserved_connections')::int
        - COALESCE(pg_catalog.current_setting('reserved_connections', true)::int, 0),
      'own', (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usename = session_user),
      'ownMost', (SELECT r.rolconnlimit FROM pg_catalog.pg_roles r WHERE r.rolname = session_user)),
    'foreignTables', ${list(`SELECT ${name} || ' of ' || pg_catalog.pg_get_userbyid(c.relowner)
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.oid = ${oid} AND c.relkind IN ('r', 'p') AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') ORDER BY 1`)},
    'history', (SELECT pg_catalog.json_build_object(
        'write', pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
          AND pg_catalog.has_table_privilege(c.oid, 'DELETE'),
        'owner', pg_catalog.pg_get_userbyid(c.relowner), 'isOwner', pg_catalog.pg_has_role(c.relowner, 'USAGE'))
      FROM pg_catalog.pg_class c WHERE c.relname = ${quoteLiteral(table.table)} AND c.relnamespace = ${oid}),
    'preparedTransactions', ${list(`SELECT pg_catalog.format('%L of %s, since %s', p.gid, p.owner, pg_catalog.date_trunc('second', p.prepared))
      FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database() ORDER BY p.prepared`)},
    'invalidIndexes', ${list(`SELECT ${name} FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_' ORDER BY 1`)},
    'openTransactions', ${list(`SELECT pg_catalog.format('pid %s (%s, user %s, %s) since %s', a.pid,
        COALESCE(NULLIF(a.application_name, ''), 'no application name'), a.usename, a.state, pg_catalog.date_trunc('second', a.xact_start))
      FROM pg_catalog.pg_stat_activity a
      WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
        AND a.xact_start < pg_catalog.now() - ${longOpen} AND a.backend_type = 'client backend' ORDER BY a.xact_start`)},
    'eventTriggers', ${list(`SELECT e.evtname::text FROM pg_catalog.pg_event_trigger e WHERE e.evtenabled <> 'D' ORDER BY 1`)},
    'idleSlots', ${list(`SELECT s.slot_name::text FROM pg_catalog.pg_replication_slots s WHERE NOT s.active ORDER BY 1`)},
    'publications', ${list(`SELECT p.pubname::text FROM pg_catalog.pg_publication p ORDER BY 1`)}
  ) AS facts`;
}
