// Applies a folder's files without the engine, and reads the schema they leave from the catalog, in words that a
// test can write out by hand. Knows nothing about any one schema.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';

export interface Table {
  /** In their order: `status text NOT NULL DEFAULT 'pending'::text`. */
  columns: string[];
  /** By name, as PostgreSQL prints them; a list of values as `CHECK (status IN ('a', 'b'))`. NOT NULL is the column's. */
  constraints: Record<string, string>;
  /** Those that no constraint owns, by name: `UNIQUE btree (a, b) WHERE …`. */
  indexes: Record<string, string>;
}

export interface Schema {
  tables: Record<string, Table>;
  /** The columns of each. */
  views: Record<string, string[]>;
  /** By name: `ON table BEFORE UPDATE …`. */
  triggers: Record<string, string>;
  /** By signature, with their source. */
  functions: Record<string, string>;
  sequences: string[];
}

export const EMPTY: Schema = { tables: {}, views: {}, triggers: {}, functions: {}, sequences: [] };

interface Files {
  up: string[];
  /** Newest first; the same versions as `up`. */
  down: string[];
}

/** Runs the folder's migrations, each file as one query in one transaction. */
export async function applyAll(db: TestDatabase, folder: string): Promise<void> {
  for (const file of filesOf(folder).up) await run(db, file);
}

/** Runs one file of a folder, in one transaction. */
export async function applyFile(db: TestDatabase, folder: string, name: string): Promise<void> {
  await run(db, join(folder, name));
}

/** The schema that the folder's migrations produce, read from a database of its own. */
export async function schemaOf(folder: string): Promise<Schema> {
  const db = await freshDatabase();
  try {
    await applyAll(db, folder);
    return await readSchema(db);
  } finally {
    await db.drop();
  }
}

/** What there is before each migration, and what its rollback leaves: equal where the rollbacks are true. */
export async function thereAndBack(db: TestDatabase, folder: string): Promise<{ before: State[]; after: State[] }> {
  const { up, down } = filesOf(folder);
  const before: State[] = [];
  const after: State[] = [];
  for (const file of up) {
    before.push(await readState(db));
    await run(db, file);
  }
  for (const file of down) {
    await run(db, file);
    after.unshift(await readState(db));
  }
  return { before, after };
}

interface State {
  schema: Schema;
  /** Of the whole database and not only of its public schema, by catalog. */
  objects: Record<string, unknown>;
  /** Of each table that has any. */
  rows: Record<string, unknown[]>;
}

async function readState(db: TestDatabase): Promise<State> {
  const schema = await readSchema(db);
  const catalogs = ['class', 'type', 'proc', 'constraint', 'trigger', 'rewrite', 'attrdef', 'namespace', 'extension'];
  const counts = catalogs.map((name) => `(SELECT count(*)::int FROM pg_${name} WHERE oid >= 16384) AS ${name}`);
  const [objects = {}] = await db.query(`SELECT ${counts.join(', ')}`);
  const rows: Record<string, unknown[]> = {};
  for (const table of Object.keys(schema.tables)) {
    // Times are those of the run.
    const found = await db.query<{ row: Record<string, unknown> }>(
      `SELECT to_jsonb(t) - '{applied_at,created_at,updated_at}'::text[] AS row FROM ${table} t ORDER BY 1`,
    );
    if (found.length > 0) rows[table] = found.map(({ row }) => row);
  }
  return { schema, objects, rows };
}

/** Reads what the public schema holds. */
export async function readSchema(db: TestDatabase): Promise<Schema> {
  const schema = structuredClone(EMPTY);
  const relations = await db.query<{ name: string; kind: string }>(`
    SELECT relname AS name, relkind::text AS kind FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I') ORDER BY relname`);
  for (const { name, kind } of relations) {
    if (kind === 'r') schema.tables[name] = { columns: [], constraints: {}, indexes: {} };
    else if (kind === 'v') schema.views[name] = [];
    else if (kind === 'S') schema.sequences.push(name);
    else throw new Error(`${name}: a relation of kind ${kind} is not expected in any of the schemas`);
  }

  const columns = await db.query<{ relation: string; column: string }>(`
    SELECT attrelid::regclass::text AS relation,
      concat_ws(' ', attname, format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'NOT NULL' END,
        'DEFAULT ' || pg_get_expr(adbin, adrelid)) AS column
    FROM pg_attribute
      JOIN pg_class c ON c.oid = attrelid AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum`);
  for (const { relation, column } of columns)
    (schema.tables[relation]?.columns ?? schema.views[relation])?.push(column);

  // contype 'n' is PostgreSQL 18's record of a NOT NULL, which the column tells already.
  const constraints = await db.query<{ relation: string; name: string; definition: string }>(`
    SELECT conrelid::regclass::text AS relation, conname AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'`);
  for (const { relation, name, definition } of constraints) {
    table(schema, relation).constraints[name] = inWords(definition);
  }

  const indexes = await db.query<{ relation: string; name: string; definition: string; usable: boolean }>(`
    SELECT indrelid::regclass::text AS relation, indexrelid::regclass::text AS name,
      pg_get_indexdef(indexrelid) AS definition, indisvalid AND indisready AND indislive AS usable
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid AND relnamespace = 'public'::regnamespace
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))`);
  for (const { relation, name, definition, usable } of indexes) {
    const [, unique, rest] = /^CREATE (UNIQUE )?INDEX \S+ ON \S+ USING (.*)$/.exec(definition) ?? [];
    table(schema, relation).indexes[name] = `${unique ?? ''}${rest}${usable ? '' : ' INVALID'}`;
  }

  const triggers = await db.query<{ name: string; definition: string; enabled: string }>(`
    SELECT tgname AS name, pg_get_triggerdef(oid) AS definition, tgenabled::text AS enabled
    FROM pg_trigger WHERE NOT tgisinternal`);
  for (const { name, definition, enabled } of triggers) {
    schema.triggers[name] = definition.replace(/^CREATE TRIGGER \S+ /, '') + (enabled === 'O' ? '' : ` (${enabled})`);
  }

  const functions = await db.query<{ signature: string; source: string }>(`
    SELECT oid::regprocedure || ' ' || pg_get_function_result(oid) AS signature, prosrc AS source
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace`);
  for (const { signature, source } of functions) schema.functions[signature] = source.replace(/\s+/g, ' ').trim();
  return schema;
}

function table(schema: Schema, name: string): Table {
  const found = schema.tables[name];
  if (!found) throw new Error(`${name} is not a table of the public schema`);
  return found;
}

const LIST = /^CHECK \(\((?:\((\w+)\)::text|(\w+)) = ANY \((?:\(ARRAY\[(.*)\]\)::text\[\]|ARRAY\[(.*)\])\)\)\)(.*)$/;

/** A list of values as people write it. Anything else, and anything after the list, stays as PostgreSQL prints it. */
function inWords(definition: string): string {
  const [, cast, plain, castValues, plainValues, rest] = LIST.exec(definition) ?? [];
  const column = cast ?? plain;
  const values = (castValues ?? plainValues)
    ?.split(', ')
    .map((value) => /^('[^']*')::(?:text|character varying)$/.exec(value)?.[1]);
  if (!column || !values || values.includes(undefined)) return definition;
  return `CHECK (${column} IN (${values.join(', ')}))${rest ?? ''}`;
}

function filesOf(folder: string): Files {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const up = names.filter((name) => !name.endsWith('.down.sql'));
  const down = up.map((name) => name.replace(/\.sql$/, '.down.sql')).reverse();
  if (names.length !== 2 * up.length)
    throw new Error(`${folder}: a migration has no rollback, or a rollback no migration`);
  return { up: up.map((name) => join(folder, name)), down: down.map((name) => join(folder, name)) };
}

async function run(db: TestDatabase, file: string): Promise<void> {
  await db.query(`BEGIN;\n${readFileSync(file, 'utf8')}\nCOMMIT;`);
}
