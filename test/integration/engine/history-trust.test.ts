// How the history is found and read: never half of it, never another one's, and never with a stranger's code.
import { describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase, type TestRole } from '../../support/database.ts';
import { engineFor, failureOf, type Engine } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { startServer } from '../../support/server.ts';

const two = {
  '001_acc.sql': 'CREATE TABLE IF NOT EXISTS acc (cents int);',
  '002_b.sql': 'INSERT INTO acc VALUES (5);',
};

const every = (engine: Engine): [string, () => Promise<unknown>][] => [
  ['migrate', () => engine.migrate()],
  ['dry run', () => engine.dryRun()],
  ['rollback', () => engine.rollback()],
  ['status', () => engine.status()],
  ['baseline', () => engine.baseline(1n)],
  ['repair', () => engine.repair({ resolve: [{ version: 1n, as: 'pending' }] })],
  ['wait', () => engine.wait({ target: 1n, timeoutMs: 20_000 })],
  ['verify', () => engine.verify()],
];

const historyOf = async (engine: Engine) =>
  (await engine.doctor()).checks.find(({ area, name }) => area === 'state' && name === 'history');

/** A role that owns nothing and may create in public, as any role may where the database comes from PostgreSQL 14. */
async function stranger(database: TestDatabase): Promise<TestRole> {
  const role = await database.role();
  await database.query(
    'GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE called (by name); GRANT ALL ON called TO PUBLIC',
  );
  return role;
}

const as = (role: TestRole, database: TestDatabase, sql: string) => database.query(`SET ROLE ${role.name}; ${sql}`);

// One that says IMMUTABLE is called when a query is planned, and may call one that writes.
const spy = `CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.called VALUES (current_user); RETURN NEW; END $$;
  CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.called VALUES (current_user); END $$;
  CREATE FUNCTION spied(anyelement) RETURNS anyelement IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.tell(); RETURN $1; END $$;`;
const ours = 'schema_migrations (version int PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now()';

describe('a history that is hidden by row-level security', () => {
  it('refuses every command, for a reader and for an owner, and nothing runs again', async () => {
    const database = await freshDatabase();
    const owner = await database.role();
    await database.query(`GRANT CREATE ON SCHEMA public TO ${owner.name}`);
    const folder = folderOf(two);
    await engineFor(owner.url, folder).migrate();
    const reader = await database.role();
    await database.query(
      `ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY; GRANT SELECT ON schema_migrations TO ${reader.name}`,
    );
    await database.query(`ALTER TABLE schema_migrations FORCE ROW LEVEL SECURITY;
      CREATE POLICY first_only ON schema_migrations FOR SELECT USING (version < 2)`);
    for (const role of [reader, owner]) {
      for (const [, run] of every(engineFor(role.url, folder))) {
        const refused = await failureOf(run(), 'session.row-security');
        expect(refused).toMatchObject({
          exitStatus: 5,
          message: expect.stringContaining('public.schema_migrations') as string,
        });
        // FORCE holds for the owner, too, who cannot run as somebody else by running as the owner.
        expect(refused.hint?.includes('its owner')).toBe(role !== owner);
      }
      expect(await historyOf(engineFor(role.url, folder))).toMatchObject({ verdict: 'problem' });
    }
    // Who passes over policies sees all, and where they are off again, so does the owner.
    expect(await engineFor(database.url, folder).status()).toMatchObject({ current: '2' });
    await database.query('ALTER TABLE schema_migrations DISABLE ROW LEVEL SECURITY');
    expect(await engineFor(owner.url, folder).migrate()).toMatchObject({ from: '2', steps: [] });
    expect(await database.query('SELECT * FROM acc')).toHaveLength(1);
  });
});

describe('a history in another schema', () => {
  it.each([
    ['ALTER DATABASE', (name: string) => `CREATE SCHEMA app; ALTER DATABASE ${name} SET search_path = app, public`],
    ['a schema of the user’s name', () => "DO $$ BEGIN EXECUTE format('CREATE SCHEMA %I', current_user); END $$"],
  ])('refuses every command after %s, and names both', async (_, change) => {
    const database = await freshDatabase();
    const folder = folderOf(two);
    await engineFor(database.url, folder).migrate();
    await database.query(change(database.name));
    for (const [, run] of every(engineFor(database.url, folder))) {
      expect(await failureOf(run(), 'history.elsewhere')).toMatchObject({
        exitStatus: 4,
        facts: { found: ['public.schema_migrations'] },
      });
    }
    expect(await historyOf(engineFor(database.url, folder))).toMatchObject({ verdict: 'problem' });
    const named = engineFor(database.url, folder, { historyTable: 'public.schema_migrations' });
    expect(await named.migrate()).toMatchObject({ from: '2', steps: [] });
    expect((await named.verify()).problems).toEqual([]);
    expect(await database.query('SELECT * FROM public.acc')).toHaveLength(1);
  });

  it('is known under a name of its own, where nobody names one any more', async () => {
    const database = await freshDatabase();
    const folder = folderOf(two);
    await engineFor(database.url, folder, { historyTable: 'ledger' }).migrate();
    expect((await failureOf(engineFor(database.url, folder).migrate(), 'history.elsewhere')).facts).toEqual({
      table: 'public.schema_migrations',
      found: ['public.ledger'],
    });
  });

  it('does not matter beside one that is where it is looked for', async () => {
    const database = await freshDatabase();
    const folder = folderOf(two);
    await engineFor(database.url, folder).migrate();
    await database.query(`CREATE SCHEMA tenant`);
    await engineFor(database.url, folder, { historyTable: 'tenant.schema_migrations' }).migrate();
    expect(await engineFor(database.url, folder).status()).toMatchObject({ historyTable: 'public.schema_migrations' });
  });
});

describe("another tool's history", () => {
  it.each([
    ['goose', 'CREATE TABLE goose_db_version (id serial, version_id bigint, is_applied boolean, tstamp timestamp)'],
    [
      'Prisma',
      'CREATE TABLE _prisma_migrations (id text, checksum text, finished_at timestamptz, migration_name text)',
    ],
    ['Alembic', 'CREATE SCHEMA app; CREATE TABLE app.alembic_version (version_num varchar(32) PRIMARY KEY)'],
    [
      'Drizzle',
      'CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial, hash text, created_at bigint)',
    ],
    ['tern', 'CREATE TABLE schema_version (version int)'],
  ])('stops migrate before the first file: %s', async (tool, sql) => {
    const database = await freshDatabase();
    await database.query(sql);
    const engine = engineFor(database.url, folderOf(two));
    for (const run of [() => engine.migrate(), () => engine.dryRun()]) {
      expect(await failureOf(run(), 'history.other-tool')).toMatchObject({
        exitStatus: 4,
        message: expect.stringContaining(tool) as string,
        hint: expect.stringContaining('baseline') as string,
      });
    }
    expect(await database.query(`SELECT to_regclass('acc') AS acc`)).toEqual([{ acc: null }]);
    // What is there can be recorded, and then nothing stands in the way.
    await engine.baseline(1n);
    expect(await engine.migrate({ to: 1n })).toMatchObject({ from: '1', steps: [] });
  });

  it('of the same name stops it under another name of ours, too', async () => {
    const database = await freshDatabase();
    await database.query('CREATE TABLE schema_migrations (version varchar PRIMARY KEY)');
    const engine = engineFor(database.url, folderOf(two), { historyTable: 'amelia_migrations' });
    expect((await failureOf(engine.migrate(), 'history.other-tool')).message).toContain('Rails or dbmate');
    expect(await engine.migrate({ ignoreForeignHistory: true })).toMatchObject({ to: '2' });
    expect(await engine.migrate()).toMatchObject({ steps: [] });
  });

  it.each([
    'CREATE TABLE schema_version (version int, note text)',
    'CREATE TABLE migrations (id int, bird text)',
    'CREATE SCHEMA auth; CREATE TABLE auth.schema_migrations (version varchar PRIMARY KEY)',
  ])('is not seen in a table that only has such a name: %s', async (sql) => {
    const database = await freshDatabase();
    await database.query(sql);
    expect(await engineFor(database.url, folderOf(two)).migrate()).toMatchObject({ to: '2' });
  });
});

describe('code of a stranger', () => {
  it.each([
    [
      'trigger',
      `CREATE TABLE ${ours}); CREATE TRIGGER t BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION spy()`,
    ],
    ['default', `CREATE TABLE ${ours}, note int DEFAULT spied(1))`],
    ['check', `CREATE TABLE ${ours}, CHECK (spied(version) > 0))`],
    ['index', `CREATE TABLE ${ours}); CREATE INDEX ON schema_migrations ((spied(1)))`],
    ['domain', `CREATE DOMAIN odd AS int CHECK (spied(1) = 1); CREATE TABLE ${ours}, note odd)`],
    ['rule', `CREATE TABLE ${ours}); CREATE RULE r AS ON INSERT TO schema_migrations DO ALSO SELECT spied(1)`],
    ['nothing yet', `CREATE TABLE ${ours})`],
    [
      'journal',
      `CREATE TABLE schema_migrations_journal (version bigint PRIMARY KEY, name text, direction text NOT NULL, completed integer NOT NULL,
      statements integer NOT NULL, started integer, prefix text NOT NULL, started_at timestamptz NOT NULL DEFAULT now());
      CREATE TRIGGER t BEFORE INSERT ON schema_migrations_journal FOR EACH ROW EXECUTE FUNCTION spy()`,
    ],
  ])('on a table of ours that he made is never run: %s', async (_, sql) => {
    const database = await freshDatabase();
    const mallory = await stranger(database);
    // He may build such an index, or table, himself: that calls it as him.
    await as(mallory, database, `${spy} ${sql}; DELETE FROM called`);
    const folder = folderOf({ ...two, '003_c.sql': '-- amelia-db: no-transaction\nSELECT 1;' });
    const engine = engineFor(database.url, folder);
    const error = await failureOf(engine.migrate(), 'history.untrusted');
    expect(error).toMatchObject({ exitStatus: 4, message: expect.stringContaining(mallory.name) as string });
    await engine.status().catch(() => {});
    await engine.doctor();
    await failureOf(engine.baseline(1n), 'history.untrusted');
    expect(await database.query('SELECT * FROM called')).toEqual([]);
    expect(await database.query(`SELECT to_regclass('acc') AS acc`)).toEqual([{ acc: null }]);
  });

  it.each([
    `CREATE VIEW schema_migrations AS SELECT spied(1) AS version, now() AS applied_at`,
    `CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz);
     CREATE VIEW schema_migrations_journal AS SELECT spied(1) AS version`,
    `CREATE TYPE odd AS (a int); CREATE FUNCTION told(odd) RETURNS json LANGUAGE plpgsql AS $$ BEGIN INSERT INTO called VALUES (current_user); RETURN '1'; END $$;
     CREATE CAST (odd AS json) WITH FUNCTION told(odd); CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz, name odd);
     INSERT INTO schema_migrations VALUES (1, now(), ROW(1))`,
  ])('that would run when it is read is never run: %s', async (sql) => {
    const database = await freshDatabase();
    const mallory = await stranger(database);
    await as(mallory, database, `${spy} ${sql}; DELETE FROM called`);
    const engine = engineFor(database.url, folderOf(two));
    for (const run of [() => engine.migrate(), () => engine.status()]) await failureOf(run(), 'history.foreign');
    await engine.doctor();
    expect(await database.query('SELECT * FROM called')).toEqual([]);
  });

  it('would run when such a table is only read: the trap is a trap', async () => {
    const database = await freshDatabase();
    const mallory = await stranger(database);
    await as(
      mallory,
      database,
      `${spy} CREATE TABLE ${ours}); CREATE INDEX ON schema_migrations ((spied(1))); DELETE FROM called`,
    );
    await database.query('SELECT version FROM schema_migrations');
    expect(await database.query('SELECT * FROM called')).not.toEqual([]);
  });

  it('is no matter where it is our own: an audit trigger of the owner, with the search path that it knows', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '001_a.sql': 'CREATE TABLE audit (version int);' });
    await engineFor(database.url, folder).migrate();
    await database.query(`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.version); RETURN NEW; END $$;
      CREATE TRIGGER keep AFTER INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION keep()`);
    await engineFor(
      database.url,
      folderOf({ '001_a.sql': 'CREATE TABLE audit (version int);', '002_b.sql': 'SELECT 1;' }),
    ).migrate();
    expect(await database.query('SELECT * FROM audit')).toEqual([{ version: 2 }]);
  });

  it('is not chosen as an operator of ours', async () => {
    const database = await freshDatabase();
    const mallory = await stranger(database);
    await as(
      mallory,
      database,
      `CREATE FUNCTION own(float8, int4) RETURNS float8 LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.called VALUES (current_user); RETURN 1; END $$;
      CREATE OPERATOR public.* (LEFTARG = float8, RIGHTARG = int4, FUNCTION = own);
      CREATE FUNCTION own(interval, unknown) RETURNS bool LANGUAGE sql AS 'SELECT true'`,
    ).catch(() => {});
    await as(
      mallory,
      database,
      `CREATE FUNCTION eq(oid, regclass) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.called VALUES (current_user); RETURN false; END $$;
      CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = eq)`,
    );
    const engine = engineFor(
      database.url,
      folderOf({ ...two, '003_c.sql': '-- amelia-db: no-transaction\nSELECT pg_advisory_lock(1); SELECT 1;' }),
    );
    await engine.migrate();
    await engine.repair({ resolve: [{ version: 2n, as: 'pending' }] });
    await engine.status();
    expect(await database.query('SELECT * FROM called')).toEqual([]);
  });
});

describe('reading', () => {
  it('gives back each text as it is, and tells an empty one from none', async () => {
    const database = await freshDatabase();
    const names = [`a<b>&amp;"'\\`, '\u0001\t\r\n\u007f', 'é🦉\u202e', '', null, '</rows>', '%s $oid'];
    await database.query(
      `CREATE TABLE schema_migrations (version bigint PRIMARY KEY, applied_at timestamp, name text, checksum text, duration_ms bigint, applied_by text)`,
    );
    for (const [i, name] of names.entries()) {
      const text = name === null ? 'NULL' : `convert_from('\\x${Buffer.from(name).toString('hex')}', 'UTF8')`;
      await database.query(
        `INSERT INTO schema_migrations VALUES (${9007199254740993n + BigInt(i)}, 'infinity', ${text}, ${text})`,
      );
    }
    const { migrations } = await engineFor(database.url, folderOf(two)).status();
    const read = migrations.filter(({ state }) => state === 'missing');
    expect(read.map(({ version, name }) => [version, name])).toEqual(
      names.map((name, i) => [String(9007199254740993n + BigInt(i)), name]),
    );
    expect(read.every(({ appliedAt }) => appliedAt === undefined)).toBe(true);
  });

  it('is one look that fails at nothing: the server logs no error, with a history or without', async () => {
    const server = await startServer();
    const database = await freshDatabase({ admin: server.url });
    const folder = folderOf({ ...two, '003_c.sql': '-- amelia-db: no-transaction\nSELECT 1;' });
    const engine = engineFor(database.url, folder);
    await engine.status();
    await engine.wait({ target: 1n, timeoutMs: 0 });
    await engine.doctor();
    await engine.migrate();
    await engine.status();
    expect(
      server
        .logs()
        .split('\n')
        .filter((line) => /\b(ERROR|WARNING):/.test(line)),
    ).toEqual([]);
  });

  it('needs SELECT on the history only: status says what it does not see, and who changes something must see it', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '001_c.sql': '-- amelia-db: no-transaction\nSELECT 1;' });
    await engineFor(database.url, folder).migrate();
    const reader = await database.role();
    await database.query(`GRANT SELECT ON schema_migrations TO ${reader.name}`);
    const engine = engineFor(reader.url, folder);
    expect(await engine.status()).toMatchObject({
      current: '1',
      unseen: expect.stringContaining('schema_migrations_journal') as string,
    });
    expect(await engine.wait({ target: 'head', timeoutMs: 0 })).toMatchObject({ seen: { state: 'reached' } });
    await failureOf(engine.migrate(), 'session.privilege');
    expect(await historyOf(engine)).toMatchObject({ verdict: 'warning' });
  });

  it('of an unlogged table is a warning of doctor', async () => {
    const database = await freshDatabase();
    await database.query(`CREATE UNLOGGED TABLE ${ours})`);
    expect(await historyOf(engineFor(database.url, folderOf(two)))).toMatchObject({
      verdict: 'warning',
      hint: expect.stringContaining('SET LOGGED') as string,
    });
  });
});

describe('repair --resolve VERSION=pending', () => {
  it('removes the row of an applied, a modified and a missing migration, and says what it held', async () => {
    const database = await freshDatabase();
    await engineFor(database.url, folderOf({ ...two, '003_c.sql': 'SELECT 3;' })).migrate();
    const engine = engineFor(database.url, folderOf({ ...two, '002_b.sql': 'SELECT 2;' }));
    const resolve = [1n, 2n, 3n].map((version) => ({ version, as: 'pending' as const }));
    const { changes } = await engine.repair({ resolve });
    expect(changes.map(({ version, change, removed }) => [version, change, removed?.state])).toEqual([
      ['1', 'resolved-pending', 'applied'],
      ['2', 'resolved-pending', 'modified'],
      ['3', 'resolved-pending', 'missing'],
    ]);
    expect(changes[0]?.removed?.checksum).toMatch(/^sha256:/);
    expect((await engine.status()).summary).toMatchObject({ applied: 0, pending: 2, missing: 0 });
  });
});
