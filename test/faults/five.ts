// The folder that the faults strike: five migrations whose every statement shows how often it took effect,
// and what a database holds of them. Counts only, no sequences: what was rolled back must leave no mark.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query } from '../support/database.ts';
import { addFiles } from '../support/folder.ts';

const entry = (version: number) => `INSERT INTO ledger VALUES ('${version}');`;

const files = {
  '1_accounts.sql': `
CREATE TABLE accounts (id int PRIMARY KEY, email text NOT NULL, n int NOT NULL DEFAULT 0);
CREATE TABLE ledger (entry text NOT NULL);
INSERT INTO accounts (id, email) SELECT i, 'user' || i || '@example.com' FROM generate_series(1, 300) AS i;
${entry(1)}
`,
  '2_totals.sql': `
ALTER TABLE accounts ADD COLUMN total int NOT NULL DEFAULT 3;
UPDATE accounts SET total = total * 2;
${entry(2)}
`,
  '3_indexes.sql': `-- amelia-db: no-transaction
CREATE UNIQUE INDEX CONCURRENTLY accounts_email ON accounts (email);
UPDATE accounts SET n = n + 1;
CREATE INDEX CONCURRENTLY accounts_n ON accounts (n) WHERE n > 0;
`,
  '4_more.sql': `
COPY accounts (id, email) FROM stdin;
301\tuser301@example.com
302\tuser302@example.com
\\.
UPDATE accounts SET total = total + 1;
${entry(4)}
`,
  '5_view.sql': `
CREATE VIEW active AS SELECT id, email FROM accounts WHERE n > 0;
DELETE FROM accounts WHERE id % 100 = 0;
UPDATE accounts SET n = n + 10 WHERE id <= 10;
${entry(5)}
`,
};

/** The migration that is not one transaction. */
export const statementByStatement = '3';

/** A new folder with the five; the caller deletes it. */
export function fiveMigrations(): string {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  addFiles(folder, files);
  return folder;
}

export interface Holds {
  /** The versions that the history holds, ascending. */
  readonly recorded: string[];
  /** Each entry of the ledger, ascending: which of the transactions took effect, and how often. */
  readonly entries: string[];
  /** Which of the three statements of the other migration left something, an invalid index included. */
  readonly traces: string[];
}

/** What the database holds now, at whatever point a run stopped. */
export async function readHolds(url: string): Promise<Holds> {
  const [exists] = await query<Record<'history' | 'ledger', boolean>>(
    url,
    `SELECT to_regclass('schema_migrations') IS NOT NULL AS history, to_regclass('ledger') IS NOT NULL AS ledger`,
  );
  const list = async (wanted: boolean | undefined, text: string) =>
    wanted ? (await query<{ it: string }>(url, text)).map(({ it }) => it) : [];
  return {
    recorded: await list(exists?.history, 'SELECT version::text AS it FROM schema_migrations ORDER BY version'),
    entries: await list(exists?.ledger, 'SELECT entry AS it FROM ledger ORDER BY 1'),
    traces: await list(
      exists?.ledger,
      `SELECT relname::text AS it FROM pg_class WHERE relname ~ '^accounts_(email|n)(_cc|$)'
       UNION ALL SELECT 'update' FROM accounts WHERE n > 0 GROUP BY 1 ORDER BY 1`,
    ),
  };
}

/** Catalog, data and history as one value; two databases are alike when their pictures are equal. */
export async function readPicture(url: string): Promise<unknown> {
  const rows = await query<{ kind: string; of: string; what: string }>(
    url,
    `WITH ours AS (
       SELECT c.* FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
       WHERE s.nspname !~ '^pg_' AND s.nspname <> 'information_schema'
     )
     SELECT 'relation' AS kind, relname::text AS of, relkind::text AS what FROM ours
     UNION ALL SELECT 'column', relname || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull,
         pg_get_expr(adbin, adrelid))
       FROM ours JOIN pg_attribute a ON attrelid = ours.oid LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
       WHERE attnum > 0 AND NOT attisdropped
     UNION ALL SELECT 'index', relname, concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, indisready, indislive)
       FROM ours JOIN pg_index ON indexrelid = ours.oid
     UNION ALL SELECT 'constraint', relname, conname || ' ' || pg_get_constraintdef(k.oid)
       FROM ours JOIN pg_constraint k ON conrelid = ours.oid
     UNION ALL SELECT 'view', relname, pg_get_viewdef(oid) FROM ours WHERE relkind = 'v'
     UNION ALL SELECT 'accounts', concat('n ', n, ', total ', total), count(*)::text FROM accounts GROUP BY n, total
     UNION ALL SELECT 'ledger', entry, count(*)::text FROM ledger GROUP BY entry
     UNION ALL SELECT 'history', version::text, concat_ws(' ', name, checksum, applied_by, applied_at IS NOT NULL)
       FROM schema_migrations
     ORDER BY 1, 2, 3`,
  );
  // Whatever else the tool keeps beside its history: as much of it as after an undisturbed run.
  const beside = rows.filter(
    ({ kind, of, what }) => kind === 'relation' && /^schema_migrations_/.test(of) && what === 'r',
  );
  const counts = beside.map(({ of }) => `SELECT '${of}' AS of, count(*)::int AS rows FROM "${of}"`);
  const left = counts.length === 0 ? [] : await query(url, `${counts.join(' UNION ALL ')} ORDER BY 1`);
  return { rows: rows.map(({ kind, of, what }) => `${kind} ${of}: ${what}`), left };
}

/** Sessions of the tool's in this database, and advisory locks: both 0 once a run is over. */
export async function readLeftovers(url: string): Promise<{ sessions: number; locks: number }> {
  const [row] = await query<{ sessions: number; locks: number }>(
    url,
    `SELECT (SELECT count(*)::int FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
               AND application_name <> 'holder') AS sessions,
            (SELECT count(*)::int FROM pg_locks JOIN pg_database d ON d.oid = database
             WHERE locktype = 'advisory' AND datname = current_database()) AS locks`,
  );
  return row!;
}
