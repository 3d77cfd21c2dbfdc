// The tables in which other migration tools keep their histories, by name and by columns that are peculiar to them.
import { quoteLiteral, type TableName } from './identifiers.ts';

interface OtherTool {
  readonly tool: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** The only schema that it lies in; otherwise any, or, where the name is a common one, `near`: ours or public. */
  readonly schema?: string;
  /** It has no other columns than these. */
  readonly exact?: boolean;
}

/** A table in which another tool keeps its history. */
export interface OtherHistory extends TableName {
  readonly tool: string;
}

const near = 'near';

const tools: readonly OtherTool[] = [
  { tool: 'goose', table: 'goose_db_version', columns: ['version_id', 'is_applied'] },
  { tool: 'Flyway', table: 'flyway_schema_history', columns: ['installed_rank', 'script', 'success'] },
  { tool: 'Flyway', table: 'schema_version', columns: ['installed_rank', 'script', 'success'] },
  { tool: 'Prisma', table: '_prisma_migrations', columns: ['migration_name', 'finished_at', 'checksum'] },
  { tool: 'Alembic', table: 'alembic_version', columns: ['version_num'] },
  { tool: 'sqlx', table: '_sqlx_migrations', columns: ['version', 'checksum', 'success'] },
  { tool: 'Drizzle', table: '__drizzle_migrations', columns: ['hash', 'created_at'] },
  { tool: 'node-pg-migrate', table: 'pgmigrations', columns: ['name', 'run_on'] },
  { tool: 'graphile-migrate', table: 'migrations', columns: ['hash', 'previous_hash'], schema: 'graphile_migrate' },
  { tool: 'tern', table: 'schema_version', columns: ['version'], schema: near, exact: true },
  { tool: 'the Supabase CLI', table: 'schema_migrations', columns: ['version'], schema: 'supabase_migrations' },
  { tool: 'refinery', table: 'refinery_schema_history', columns: ['version', 'applied_on', 'checksum'] },
  { tool: 'Liquibase', table: 'databasechangelog', columns: ['author', 'filename', 'exectype'] },
  { tool: 'Sqitch', table: 'changes', columns: ['change_id', 'project'], schema: 'sqitch' },
  { tool: 'Rails', table: 'ar_internal_metadata', columns: ['key', 'value', 'created_at'] },
  { tool: 'Rails or dbmate', table: 'schema_migrations', columns: ['version'], schema: near, exact: true },
  { tool: 'golang-migrate', table: 'schema_migrations', columns: ['version', 'dirty'], schema: near, exact: true },
  { tool: 'Ecto', table: 'schema_migrations', columns: ['version', 'inserted_at'], schema: near, exact: true },
  { tool: 'Django', table: 'django_migrations', columns: ['app', 'name', 'applied'] },
  { tool: 'Knex', table: 'knex_migrations', columns: ['name', 'batch', 'migration_time'] },
  { tool: 'TypeORM', table: 'migrations', columns: ['id', 'timestamp', 'name'], schema: near, exact: true },
  { tool: 'postgres-migrations', table: 'migrations', columns: ['id', 'name', 'hash', 'executed_at'], schema: near },
  { tool: 'Laravel', table: 'migrations', columns: ['id', 'migration', 'batch'], schema: near, exact: true },
  { tool: 'Kysely', table: 'kysely_migration', columns: ['name', 'timestamp'] },
  { tool: 'Sequelize', table: 'SequelizeMeta', columns: ['name'] },
  { tool: 'MikroORM', table: 'mikro_orm_migrations', columns: ['name', 'executed_at'] },
  { tool: 'pgroll', table: 'migrations', columns: ['migration', 'parent', 'done'], schema: 'pgroll' },
  { tool: 'Atlas', table: 'atlas_schema_revisions', columns: ['version', 'applied'] },
  { tool: 'sql-migrate', table: 'gorp_migrations', columns: ['id', 'applied_at'] },
  { tool: 'Diesel', table: '__diesel_schema_migrations', columns: ['version', 'run_on'] },
  { tool: 'SeaORM', table: 'seaql_migrations', columns: ['version', 'applied_at'] },
  { tool: 'Doctrine', table: 'doctrine_migration_versions', columns: ['version', 'executed_at'] },
  { tool: 'Entity Framework', table: '__EFMigrationsHistory', columns: ['MigrationId', 'ProductVersion'] },
  { tool: 'Phinx', table: 'phinxlog', columns: ['version', 'migration_name'] },
  { tool: 'micrate', table: 'micrate_db_version', columns: ['version_id', 'is_applied'] },
  { tool: 'yoyo', table: '_yoyo_migration', columns: ['migration_hash', 'migration_id'] },
];

const values = tools.map(({ tool, table, columns, schema, exact = false }) => {
  const list = `ARRAY[${columns.map(quoteLiteral).join(', ')}]`;
  return `(${quoteLiteral(tool)}, ${quoteLiteral(table)}, ${list}, ${quoteLiteral(schema ?? null)}, ${exact})`;
});

/** A query under our own search path that lists those that are there as JSON; `$schema` is the one of our history. */
export const otherTools = `SELECT json_agg(json_build_object('tool', t.tool, 'schema', n.nspname, 'table', c.relname) ORDER BY t.tool) AS rows
  FROM (VALUES ${values.join(', ')}) t(tool, name, columns, schema, exact)
  JOIN pg_class c ON c.relname = t.name AND c.relkind IN ('r', 'p') JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT array_agg(a.attname::text) AS columns FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) a
  WHERE n.nspname !~ '^pg_' AND t.columns <@ a.columns AND (NOT t.exact OR a.columns <@ t.columns)
    AND (t.schema IS NULL OR n.nspname = t.schema OR t.schema = '${near}' AND n.nspname IN ('public', $schema))`;
