// The history table: made as documented, taken over from other programs, refused when it is theirs.
import { describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';

const two = { '001_a.sql': 'CREATE TABLE a ();', '002_b.sql': 'CREATE TABLE b ();' };

function columns(database: TestDatabase, table = 'schema_migrations') {
  return database.query<{ name: string; type: string; nullable: boolean }>(`
    SELECT attname AS name, format_type(atttypid, NULL) AS type, NOT attnotnull AS nullable
    FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 ORDER BY attnum`);
}

/** What Amelia's own Python runner does on start-up (the design document, "Migration runner"). */
const pythonTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER PRIMARY KEY,
    applied_at TIMESTAMP DEFAULT NOW()
);`;

describe('the history table', () => {
  it('is made with an INTEGER version, as documented, and columns that others need not know', async () => {
    const database = await freshDatabase();
    await engineFor(database.url, folderOf(two)).migrate();
    expect(await columns(database)).toEqual([
      { name: 'version', type: 'integer', nullable: false },
      { name: 'applied_at', type: 'timestamp with time zone', nullable: false },
      { name: 'name', type: 'text', nullable: true },
      { name: 'checksum', type: 'text', nullable: true },
      { name: 'duration_ms', type: 'bigint', nullable: true },
      { name: 'applied_by', type: 'text', nullable: true },
      { name: 'statements_checksum', type: 'text', nullable: true },
      { name: 'tool_version', type: 'text', nullable: true },
    ]);
    await database.query('INSERT INTO schema_migrations (version) VALUES (3)');
  });

  it('is widened to BIGINT by itself the first time a version needs it, and keeps its rows', async () => {
    const database = await freshDatabase();
    const folder = folderOf(two);
    await engineFor(database.url, folder).migrate();
    addFiles(folder, { '20261122093000_c.sql': 'CREATE TABLE c ();' });
    const engine = engineFor(database.url, folder);

    expect(await engine.migrate()).toMatchObject({ from: '2', to: '20261122093000' });

    expect((await columns(database))[0]).toMatchObject({ name: 'version', type: 'bigint' });
    expect(engine.events).toContainEqual({ type: 'history-widened', table: 'public.schema_migrations' });
    expect((await engine.status()).summary).toMatchObject({ applied: 3, pending: 0 });
  });

  it('holds the largest version there is', async () => {
    const database = await freshDatabase();
    const engine = engineFor(database.url, folderOf({ '9223372036854775807_last.sql': 'SELECT 1;' }));
    expect(await engine.migrate()).toMatchObject({ to: '9223372036854775807' });
    expect(await engine.status()).toMatchObject({ current: '9223372036854775807', summary: { applied: 1 } });
  });

  it("is taken over from Amelia's Python runner without losing a row, and that runner can go on", async () => {
    const database = await freshDatabase();
    await database.query(`${pythonTable} CREATE TABLE a ();
      INSERT INTO schema_migrations (version, applied_at) VALUES (1, '2026-01-31 12:00:00')`);
    const engine = engineFor(database.url, folderOf({ ...two, '003_c.sql': 'CREATE TABLE c ();' }));

    // Only looking changes nothing.
    expect((await engine.status()).migrations[0]).toMatchObject({ version: '1', state: 'applied', name: 'a' });
    expect(await columns(database)).toHaveLength(2);

    expect(await engine.migrate({ to: 2n })).toMatchObject({ from: '1', to: '2' });
    // The Python runner applies 003 and records it as it always did.
    await database.query(`${pythonTable} CREATE TABLE c (); INSERT INTO schema_migrations (version) VALUES (3)`);

    expect(await engine.migrate()).toMatchObject({ from: '3', to: '3', steps: [] });
    expect(
      await database.query(
        `SELECT version, applied_at IS NOT NULL AS dated, checksum IS NOT NULL AS known FROM schema_migrations ORDER BY 1`,
      ),
    ).toEqual([
      { version: 1, dated: true, known: false },
      { version: 2, dated: true, known: true },
      { version: 3, dated: true, known: false },
    ]);
    expect(await database.query(`SELECT applied_at::text AS at FROM schema_migrations WHERE version = 1`)).toEqual([
      { at: '2026-01-31 12:00:00' },
    ]);
  });

  it.each([
    ['golang-migrate', 'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)'],
    ['Rails or dbmate', 'CREATE TABLE schema_migrations (version varchar PRIMARY KEY)'],
    ['Ecto', 'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp(0))'],
    [null, 'CREATE TABLE schema_migrations (version int, applied_at timestamptz)'],
    [null, 'CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz, who text NOT NULL)'],
    [null, 'CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at text)'],
    [null, 'CREATE VIEW schema_migrations AS SELECT 1 AS version, now() AS applied_at'],
    [null, 'CREATE MATERIALIZED VIEW schema_migrations AS SELECT 1 AS version, now() AS applied_at'],
    [
      null,
      'CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz) PARTITION BY RANGE (version)',
    ],
    [
      null,
      'CREATE TABLE mother (version int, applied_at timestamptz); CREATE TABLE schema_migrations (PRIMARY KEY (version)) INHERITS (mother)',
    ],
    [
      null,
      'CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz); CREATE TABLE child () INHERITS (schema_migrations)',
    ],
  ])('of %s is refused and left as it is: %s', async (tool, sql) => {
    const database = await freshDatabase();
    await database.query(sql);
    const before = await columns(database);
    const engine = engineFor(database.url, folderOf(two));
    for (const run of [() => engine.migrate(), () => engine.status(), () => engine.baseline(1n)]) {
      expect((await failureOf(run(), 'history.foreign')).facts).toMatchObject({
        table: 'public.schema_migrations',
        tool,
      });
    }
    expect(await columns(database)).toEqual(before);
    expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
  });

  it('can be elsewhere, under a name that needs quotes', async () => {
    const database = await freshDatabase();
    await database.query('CREATE SCHEMA "Ops; --"');
    const historyTable = '"Ops; --"."history \'of\' ""it"""';
    const engine = engineFor(database.url, folderOf(two), { historyTable });
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await engine.migrate()).toMatchObject({ steps: [] });
    expect(await columns(database, historyTable.replaceAll("'", "''"))).toHaveLength(8);
  });

  it("is the first schema's own, not one that lies further down the search path", async () => {
    const database = await freshDatabase();
    await engineFor(database.url, folderOf({ '001_public.sql': 'SELECT 1;' })).migrate();
    await database.query('CREATE SCHEMA tenant');
    const tenant = engineFor(
      `${database.url}?options=${encodeURIComponent('-c search_path=tenant,public')}`,
      folderOf(two),
      { historyTable: 'tenant.schema_migrations' },
    );
    expect(await tenant.migrate()).toMatchObject({ from: null, to: '2' });
    expect(await database.query(`SELECT to_regclass('tenant.schema_migrations')::text AS t`)).toEqual([
      { t: 'tenant.schema_migrations' },
    ]);
  });

  it('is found after a migration that empties the search path, as pg_dump does', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '001_dump.sql': `SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.t ();`,
      '002_next.sql': 'ALTER TABLE t ADD COLUMN a int;',
    });
    expect(await engineFor(database.url, folder).migrate()).toMatchObject({ to: '2' });
  });
});

describe('who may not', () => {
  it('a role without CREATE is told what it lacks, and nothing is run', async () => {
    const database = await freshDatabase();
    const role = await database.role();
    const error = await failureOf(engineFor(role.url, folderOf(two)).migrate(), 'session.privilege');
    expect(error.message).toContain(role.name);
    expect(error.exitStatus).toBe(5);
    expect(await database.query(`SELECT to_regclass('schema_migrations') AS t`)).toEqual([{ t: null }]);
  });

  it('a role that may not read the history is told so', async () => {
    const database = await freshDatabase();
    const role = await database.role();
    const folder = folderOf(two);
    await engineFor(database.url, folder).migrate();
    const error = await failureOf(engineFor(role.url, folder).status(), 'session.privilege');
    expect(error.message).toContain('may not read the history table public.schema_migrations');
    await database.query(`GRANT SELECT ON schema_migrations TO ${role.name}`);
    expect((await engineFor(role.url, folder).status()).current).toBe('2');
  });

  it('--role does the work in another role', async () => {
    const database = await freshDatabase();
    const [owner, deployer] = [await database.role(), await database.role()];
    await database.query(
      `GRANT ${owner.name} TO ${deployer.name}; GRANT CREATE, USAGE ON SCHEMA public TO ${owner.name}`,
    );
    const engine = engineFor(deployer.url, folderOf(two), { role: owner.name });
    await engine.migrate();
    expect(
      await database.query(
        `SELECT DISTINCT relowner::regrole::text AS o FROM pg_class WHERE relname IN ('a', 'b', 'schema_migrations')`,
      ),
    ).toEqual([{ o: owner.name }]);
    const nobody = engineFor(deployer.url, folderOf(two), { role: 'nobody"there' });
    expect((await failureOf(nobody.migrate(), 'session.privilege')).message).toContain(
      'role "nobody"there" does not exist',
    );
  });

  it('a read-only database is refused before anything is tried', async () => {
    const database = await freshDatabase();
    const folder = folderOf(two);
    await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    await failureOf(engineFor(database.url, folder).migrate(), 'session.read-only');
    expect((await engineFor(database.url, folder).status()).summary.pending).toBe(2);
  });
});
