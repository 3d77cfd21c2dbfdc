// migrate: what is pending is applied in order, each migration whole or not at all, and recorded with it.
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockKey, tryLock } from '../../../src/database/lock.ts';
import { Session } from '../../../src/database/session.ts';
import { parseTarget } from '../../../src/database/target.ts';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';
import { soon } from '../../support/soon.ts';

const three = {
  '001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY);\nINSERT INTO users VALUES (1), (2);\n',
  '002_add_email.sql': 'ALTER TABLE users ADD COLUMN email text;',
  '003_fill email.sql': "UPDATE users SET email = id || '@example.org';",
};

function history(database: TestDatabase) {
  return database.query<{ version: number; name: string | null; checksum: string | null }>(
    'SELECT * FROM schema_migrations ORDER BY version',
  );
}

describe('migrate', () => {
  it('applies everything to an empty database, in order, and records each', async () => {
    const database = await freshDatabase();
    const engine = engineFor(database.url, folderOf(three));

    const result = await engine.migrate();

    expect(result).toMatchObject({ from: null, to: '3', direction: 'up' });
    expect(result.steps.map(({ version, name, state, statements }) => [version, name, state, statements])).toEqual([
      ['1', 'users', 'applied', 2],
      ['2', 'add_email', 'applied', 1],
      ['3', 'fill email', 'applied', 1],
    ]);
    expect(await database.query('SELECT * FROM users ORDER BY id')).toEqual([
      { id: 1, email: '1@example.org' },
      { id: 2, email: '2@example.org' },
    ]);
    const rows = await history(database);
    expect(rows).toMatchObject([
      { version: 1, name: 'users', applied_by: 'postgres' },
      { version: 2, name: 'add_email' },
      { version: 3, name: 'fill email' },
    ]);
    for (const row of rows) {
      expect(row.checksum).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(row).toMatchObject({ applied_at: expect.any(Date) as Date, duration_ms: expect.anything() as string });
    }
  });

  it('does nothing the second time, and takes no lock for it', async () => {
    const database = await freshDatabase();
    const folder = folderOf(three);
    await engineFor(database.url, folder).migrate();
    // Somebody else holds the lock: who has nothing to do must not care.
    const { session } = await Session.open(
      parseTarget({ url: database.url, env: {} }),
      tryLock(lockKey({ schema: 'public', table: 'schema_migrations' })),
    );
    onTestFinished(() => session.close());
    const engine = engineFor(database.url, folder);
    const before = await history(database);

    const result = await engine.migrate({ lockWaitMs: 0 });

    expect(result).toMatchObject({ from: '3', to: '3', steps: [] });
    expect(engine.events.map(({ type }) => type)).toEqual(['connected']);
    expect(await history(database)).toEqual(before);
  });

  it('applies only what was added since', async () => {
    const database = await freshDatabase();
    const folder = folderOf(three);
    await engineFor(database.url, folder).migrate();
    addFiles(folder, { '004_more.sql': 'CREATE TABLE more ();' });

    expect(await engineFor(database.url, folder).migrate()).toMatchObject({
      from: '3',
      to: '4',
      steps: [{ version: '4', state: 'applied' }],
    });
  });

  it('stops at --to', async () => {
    const database = await freshDatabase();
    const engine = engineFor(database.url, folderOf(three));
    expect(await engine.migrate({ to: 2n })).toMatchObject({ from: null, to: '2' });
    expect((await history(database)).map(({ version }) => version)).toEqual([1, 2]);
  });

  it('rolls the migration that fails back, keeps those before it, runs none after it, and says so', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      ...three,
      '002_add_email.sql':
        'ALTER TABLE users ADD COLUMN email text;\nCREATE TABLE half ();\nSELECT emial FROM users;\n',
    });

    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');

    expect(error.message).toBe('column "emial" does not exist (42703)');
    expect(error.location).toMatchObject({ path: `${folder}/002_add_email.sql`, line: 3, column: 8 });
    expect(error.location?.source).toBe('SELECT emial FROM users;');
    expect(error.result).toMatchObject({
      from: null,
      to: '1',
      steps: [
        { version: '1', state: 'applied' },
        { version: '2', state: 'rolled-back' },
        { version: '3', state: 'not-run' },
      ],
    });
    expect((await history(database)).map(({ version }) => version)).toEqual([1]);
    expect(await database.query(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
  });

  it('reads every pending file before it runs the first: a mistake in the last leaves nothing behind', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ ...three, '004_open.sql': "SELECT 'never closed;\n" });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'scan.unterminated');
    expect(error.location).toMatchObject({ line: 1, column: 8 });
    expect(await database.query(`SELECT to_regclass('schema_migrations') AS t, to_regclass('users') AS u`)).toEqual([
      { t: null, u: null },
    ]);
  });

  it('finds a deferred violation before COMMIT and rolls back', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_keys.sql': `CREATE TABLE a (id int PRIMARY KEY);
        CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO b VALUES (1);`,
    });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.commit-failed');
    expect(error.message).toContain('violates foreign key constraint "b_a_fkey"');
    expect(error.result?.steps).toMatchObject([{ state: 'rolled-back' }]);
    expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
  });

  it('points at the right character after wide ones, tabs and a CRLF', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_wide.sql': "CREATE TABLE t (x int);\r\n\tSELECT '日本', '🎉', nix FROM t;\r\n" });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
    expect(error.location).toMatchObject({ line: 2, column: 20, source: "\tSELECT '日本', '🎉', nix FROM t;" });
  });

  it('tells notices with the statement that raised them', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_note.sql': "SELECT 1;\nDO $$ BEGIN RAISE WARNING 'mind this'; END $$;\n" });
    const engine = engineFor(database.url, folder);
    await engine.migrate();
    expect(engine.events.filter(({ type }) => type === 'notice')).toMatchObject([
      { version: '1', notice: { severity: 'WARNING', message: 'mind this' }, location: { line: 2 } },
    ]);
  });

  it('leaves no setting, role or search path of one migration to the next', async () => {
    const database = await freshDatabase();
    const role = await database.role();
    await database.query(`GRANT CREATE, USAGE ON SCHEMA public TO ${role.name}`);
    const folder = folderOf({
      '1_messy.sql': `SET ROLE ${role.name}; CREATE TABLE theirs (); SET search_path = pg_catalog;
        SELECT set_config('lock_timeout', '123', false); SET standard_conforming_strings = off;`,
      '2_session.sql': `SET SESSION AUTHORIZATION ${role.name}; CREATE TABLE also_theirs ();`,
      '3_clean.sql': `CREATE TABLE seen AS SELECT current_user::text AS u, session_user::text AS s,
        current_setting('search_path') AS p, current_setting('standard_conforming_strings') AS c,
        current_setting('lock_timeout') AS l;`,
    });
    await engineFor(database.url, folder).migrate();
    expect(await database.query('SELECT * FROM seen')).toEqual([
      { u: 'postgres', s: 'postgres', p: '"$user", public', c: 'on', l: '5s' },
    ]);
    expect(await history(database)).toMatchObject([{ applied_by: 'postgres' }, { applied_by: 'postgres' }, {}]);
  });

  it.each(['', '-- amelia-db: no-transaction\n'])(
    'gives back the advisory locks that a migration leaves, and keeps its own (%j)',
    async (head) => {
      const database = await freshDatabase();
      const locks = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`;
      const folder = folderOf({
        '1_before.sql': `CREATE TABLE seen AS ${locks};`,
        '2_takes.sql': `${head}SELECT pg_advisory_lock(42), pg_advisory_lock(42), pg_advisory_lock(-1);
          SELECT pg_advisory_lock_shared(-7, 2147483647), pg_try_advisory_lock(7, -8);`,
        '3_after.sql': `INSERT INTO seen ${locks};`,
      });
      await engineFor(database.url, folder).migrate();
      expect(await database.query('SELECT count::int FROM seen')).toEqual([{ count: 1 }, { count: 1 }]);
    },
  );

  it('runs twenty at once on one empty database, and each version once', async () => {
    const database = await freshDatabase();
    const folder = folderOf(three);
    const results = await Promise.all(Array.from({ length: 20 }, () => engineFor(database.url, folder).migrate()));
    expect(results.every(({ to }) => to === '3')).toBe(true);
    expect(results.flatMap(({ steps }) => steps)).toHaveLength(3);
    expect(await database.query('SELECT count(*)::int AS n FROM users')).toEqual([{ n: 2 }]);
  });

  it('gives up waiting for the lock and names who holds it', async () => {
    const database = await freshDatabase();
    const slow = engineFor(database.url, folderOf({ '1_slow.sql': 'SELECT pg_sleep(6);' }));
    const running = slow.migrate();
    await expect.poll(() => slow.events.some(({ type }) => type === 'migration-started')).toBe(true);
    const impatient = engineFor(database.url, folderOf(three));
    const error = await failureOf(impatient.migrate({ lockWaitMs: 3500 }), 'lock.timeout');
    expect(error.message).toMatch(/pid \d+, amelia-db, user postgres, since 20/);
    expect(impatient.events.filter(({ type }) => type === 'lock-waiting')[0]).toMatchObject({
      holder: { applicationName: 'amelia-db', query: expect.stringContaining('pg_sleep') as string },
    });
    await running;
  });

  it('stops when it is told to: what runs is cancelled and rolled back', async () => {
    const database = await freshDatabase();
    const stop = new AbortController();
    const engine = engineFor(
      database.url,
      folderOf({ ...three, '002_add_email.sql': 'CREATE TABLE half (); SELECT pg_sleep(600);' }),
      { signal: stop.signal },
    );
    const run = failureOf(engine.migrate(), 'apply.terminated');
    await expect
      .poll(() =>
        engine.events.some((event) => event.type === 'statement-started' && event.index === 2 && event.version === '2'),
      )
      .toBe(true);
    const begun = performance.now();
    stop.abort('SIGTERM');
    const error = await run;
    expect(performance.now() - begun).toBeLessThan(soon(2000));
    expect(error.result?.steps.map(({ state }) => state)).toEqual(['applied', 'rolled-back', 'not-run']);
    expect((await history(database)).map(({ version }) => version)).toEqual([1]);
  });
});

describe('a non-transactional file', () => {
  it('runs statement by statement', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_t.sql': 'CREATE TABLE t (a int);',
      '2_index.sql': `-- amelia-db: no-transaction
        CREATE INDEX CONCURRENTLY t_a ON t (a);
        BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); COMMIT;
        VACUUM t;`,
    });
    expect(await engineFor(database.url, folder).migrate()).toMatchObject({ to: '2' });
    expect(await database.query('SELECT a FROM t ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await database.query('SELECT * FROM schema_migrations_journal')).toEqual([]);
  });

  it('is pending again when its first statement fails', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_bad.sql': '-- amelia-db: no-transaction\nVACUUM nowhere;\nSELECT 1;' });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
    expect(error.result?.steps).toMatchObject([{ state: 'rolled-back' }]);
    expect((await engineFor(database.url, folder).status()).summary).toMatchObject({ pending: 1, unfinished: 0 });
  });

  it('is named in the hint when a file needs to be one', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_t.sql': 'CREATE TABLE t (a int); CREATE INDEX CONCURRENTLY i ON t (a);' });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
    expect(error.hint).toContain('-- amelia-db: no-transaction');
  });
});

describe('COPY … FROM stdin in a migration', () => {
  it('loads the rows with the statements around it', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_copy.sql':
        "CREATE TABLE t (a int, b text);\nCOPY t (a, b) FROM stdin;\n1\tone; 'two'\n2\t\\N\n\\.\n\nUPDATE t SET a = a + 1;\n",
    });
    await engineFor(database.url, folder).migrate();
    expect(await database.query('SELECT * FROM t ORDER BY a')).toEqual([
      { a: 2, b: "one; 'two'" },
      { a: 3, b: null },
    ]);
  });

  it('rolls everything back when a row is wrong', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_copy.sql': 'CREATE TABLE t (a int);\nCOPY t FROM stdin;\n1\nx\n\\.\n' });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
    expect(error.facts.notes).toContainEqual({ label: 'context', text: 'COPY t, line 2, column a: "x"' });
    expect(await database.query(`SELECT to_regclass('t') AS t`)).toEqual([{ t: null }]);
  });
});
