// Statements that cannot run in a transaction, struck while they wait for a reader: the same command again makes
// good what they left, and nothing of it stays.
import postgres from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

const setup = `CREATE SCHEMA app;
CREATE TABLE app.p (id int, d int) PARTITION BY RANGE (d);
CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (0) TO (10);
CREATE TABLE app.r (id int PRIMARY KEY, note text);
INSERT INTO app.r SELECT generate_series(1, 100);
INSERT INTO app.p SELECT 1, 1;
CREATE INDEX r_note ON app.r (note);
SET search_path TO app;`;

/** What stands in the file, what the statement waits for, and what it leaves for certain. */
const statements: Record<string, { sql: string; reads: string; leaves?: string }> = {
  'DETACH PARTITION CONCURRENTLY': {
    sql: 'ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY',
    reads: 'app.p',
    leaves: 'SELECT FROM pg_inherits WHERE inhdetachpending',
  },
  'REINDEX INDEX CONCURRENTLY': { sql: 'REINDEX INDEX CONCURRENTLY r_pkey', reads: 'app.r' },
  'REINDEX TABLE CONCURRENTLY': { sql: 'REINDEX (VERBOSE, CONCURRENTLY) TABLE "r"', reads: 'app.r' },
  'REINDEX SCHEMA CONCURRENTLY': { sql: 'REINDEX SCHEMA CONCURRENTLY app', reads: 'app.r' },
  'CREATE INDEX CONCURRENTLY': { sql: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS r_id ON r (id)', reads: 'app.r' },
  'DROP INDEX CONCURRENTLY': { sql: 'DROP INDEX CONCURRENTLY r_note', reads: 'app.r' },
};
const invalid = 'SELECT FROM pg_index WHERE NOT indisvalid';

const backend = (ask: string) => `SELECT ${ask}(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND query ~ '^(ALTER|REINDEX|CREATE|DROP)' AND pid <> pg_backend_pid()`;

const strikes: Record<string, (database: TestDatabase, kill: () => void) => unknown> = {
  'kill -9, then the end of its session': async (database, kill) => {
    kill();
    await database.query(backend('pg_terminate_backend'));
  },
  pg_terminate_backend: (database) => database.query(backend('pg_terminate_backend')),
  pg_cancel_backend: (database) => database.query(backend('pg_cancel_backend')),
};

describe.each(Object.entries(statements))('%s', (name, { sql, reads, leaves = invalid }) => {
  const given = async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_setup.sql': setup,
      '2_alone.sql': `-- amelia-db: no-transaction\nSET search_path TO app;\n${sql};\nCREATE TABLE done_after ();`,
    });
    const migrate = (...more: string[]) => ['migrate', '-m', folder, '-d', database.url, '--json', ...more];
    expect(await amelia(migrate('--to', '1'))).toMatchObject({ status: 0 });
    return { database, migrate };
  };

  it.each(Object.entries(strikes))('after %s the same command goes on', async (_, strike) => {
    const { database, migrate } = await given();
    const release = await reader(database.url, reads);
    const run = spawnAmelia(migrate('--lock-timeout', '60s'));
    run.child.stdin.end();
    await expect.poll(() => database.query(leaves), { timeout: 30_000 }).not.toHaveLength(0);
    await strike(database, () => run.child.kill('SIGKILL'));
    await run.result;
    expect(await database.query(leaves)).not.toHaveLength(0);
    await release();
    expect(await amelia(migrate())).toMatchObject({ status: 0 });
    await expectWhole(database, name);
  });

  it('a lock that is not to be had in time is tried for again, and its leftovers are gone', async () => {
    const { database, migrate } = await given();
    const release = await reader(database.url, reads);
    const run = spawnAmelia(migrate('--lock-timeout', '300ms', '--log', 'json'));
    run.child.stdin.end();
    await expect.poll(() => database.query(leaves), { timeout: 30_000 }).not.toHaveLength(0);
    await expect.poll(() => run.output().stderr, { timeout: 30_000 }).toContain('"retrying"');
    await release();
    expect(await run.result).toMatchObject({ status: 0 });
    await expectWhole(database, name);
  });
});

async function expectWhole(database: TestDatabase, name: string) {
  const [held] = await database.query<Record<string, unknown>>(`SELECT
    (SELECT count(*)::int FROM pg_index WHERE NOT indisvalid) AS invalid,
    (SELECT count(*)::int FROM pg_class WHERE relname ~ '_cc(new|old)') AS leftovers,
    (SELECT count(*)::int FROM pg_inherits) AS attached,
    to_regclass('app.r_note') IS NOT NULL AS note, to_regclass('app.r_id') IS NOT NULL AS made,
    to_regclass('app.done_after') IS NOT NULL AS after,
    (SELECT max(version) FROM schema_migrations) AS version,
    (SELECT count(*)::int FROM schema_migrations_journal) AS unfinished`);
  expect(held).toEqual({
    invalid: 0,
    leftovers: 0,
    attached: name.startsWith('DETACH') ? 0 : 1,
    note: !name.startsWith('DROP'),
    made: name.startsWith('CREATE'),
    after: true,
    version: 2,
    unfinished: 0,
  });
}

/** A transaction that has read the table; answers how to end it. */
async function reader(url: string, table: string): Promise<() => Promise<void>> {
  const sql = postgres(url, { max: 1, fetch_types: false, connection: { application_name: 'holder' } });
  const end = () => sql.end({ timeout: 0.2 });
  onTestFinished(end);
  await sql.unsafe(`BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ${table}`).simple();
  return end;
}
