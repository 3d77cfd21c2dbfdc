// Makes the migrations that every tool gets: the same SQL, which each tool then writes in its own format.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Migration {
  /** From 1, without gaps. */
  number: number;
  name: string;
  /** A function, because it may be large. */
  sql: () => string;
}

/** What a database holds when all migrations are applied, exactly once. */
export interface Workload {
  migrations: Migration[];
  /** A query for one boolean. */
  check: string;
}

/** Small migrations of two statements each: a table with a primary key, and an index on it. */
export function smallMigrations(count: number): Workload {
  const migrations = Array.from({ length: count }, (_, index) => {
    const table = `item_${digits(index + 1)}`;
    const sql =
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, name text NOT NULL, created_at timestamptz DEFAULT now());\n` +
      `CREATE INDEX ${table}_name ON ${table} (name);\n`;
    return { number: index + 1, name: `create_${table}`, sql: () => sql };
  });
  const made = (kind: string, like: string) =>
    `(SELECT count(*) FROM pg_class WHERE relkind = '${kind}' AND relname ~ '^item_[0-9]+${like}$') = ${count}`;
  return { migrations, check: `SELECT ${made('r', '')} AND ${made('i', '_name')} AND ${made('i', '_pkey')}` };
}

/** One migration with a table and about that much data: INSERT statements of 100 rows, or one COPY. */
export function dataMigration(kind: 'inserts' | 'copy', megabytes: number): Workload {
  const rows = Math.round((megabytes * 1_000_000) / (kind === 'copy' ? COPY_ROW_BYTES : INSERT_ROW_BYTES) / 100) * 100;
  const rowsFrom = (from: number) => Array.from({ length: 100 }, (_, index) => from + index);
  const chunks = Array.from({ length: rows / 100 }, (_, index) => rowsFrom(1 + index * 100));
  const table = 'CREATE TABLE measurement (id bigint NOT NULL, place text NOT NULL, note text NOT NULL);\n';
  const columns = 'measurement (id, place, note)';
  const insert = (ids: number[]) =>
    `INSERT INTO ${columns} VALUES\n${ids.map((id) => `  (${id}, 'place ${id % 977}', '${NOTE}${id}')`).join(',\n')};\n`;
  const lines = (ids: number[]) => ids.map((id) => `${id}\tplace ${id % 977}\t${NOTE}${id}\n`).join('');
  const sql = () =>
    kind === 'inserts'
      ? table + chunks.map(insert).join('')
      : `${table}COPY ${columns} FROM stdin;\n${chunks.map(lines).join('')}\\.\n`;
  return {
    migrations: [{ number: 1, name: `load_${kind}`, sql }],
    check: `SELECT count(*) = ${rows} AND count(DISTINCT id) = ${rows} AND sum(id) = ${(rows * (rows + 1)) / 2} FROM measurement`,
  };
}

const NOTE = 'the quick brown fox jumps over the lazy dog, again and again ';
const COPY_ROW_BYTES = 85;
const INSERT_ROW_BYTES = 97;

/** Writes one file of a migration's SQL between what a tool's format wants before and after it. */
export function writeMigration(folder: string, file: string, migration: Migration, before = '', after = ''): void {
  writeFileSync(join(folder, file), before + migration.sql() + after);
}

/** An empty folder of that name, whatever was there. */
export function emptyFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The number as names hold it: four digits. */
export const digits = (number: number, length = 4): string => String(number).padStart(length, '0');
