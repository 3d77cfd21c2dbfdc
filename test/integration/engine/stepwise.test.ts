// Non-transactional files that stopped half-way: the next run goes on at the statement that did not
// complete, and every statement takes effect exactly once.
import { describe, expect, it } from 'vitest';
import { lockKey, tryLock } from '../../../src/database/lock.ts';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';

const head = '-- amelia-db: no-transaction\n';

async function started(setup: string, statements: string[]) {
  const database = await freshDatabase();
  const folder = folderOf({ '1_setup.sql': setup });
  await engineFor(database.url, folder).migrate();
  const write = (changed: string[]) =>
    addFiles(folder, { '2_steps.sql': head + changed.map((statement) => `${statement};\n`).join('') });
  write(statements);
  return { database, engine: engineFor(database.url, folder), write };
}

const count = async (database: TestDatabase, sql: string) => (await database.query<{ n: number }>(sql))[0]?.n;

describe('a statement that fails', () => {
  it('is where the next run goes on, once the file is mended there', async () => {
    const steps = ['UPDATE t SET n = n + 1', 'SELECT nix', 'UPDATE t SET n = n + 10'];
    const { database, engine, write } = await started('CREATE TABLE t AS SELECT 0 AS n;', steps);
    const error = await failureOf(engine.migrate(), 'apply.statement-failed');
    expect(error.location).toMatchObject({ line: 3 });
    expect(error.facts.notes).toContainEqual({
      label: 'unfinished',
      text: '1 of 3 statements of this non-transactional file completed and stay; the next migrate goes on from there',
    });
    expect(error.result?.steps).toMatchObject([{ version: '2', state: 'unknown' }]);
    expect((await engine.status()).migrations[1]).toMatchObject({
      state: 'unfinished',
      error: 'column "nix" does not exist (42703)',
      stoppedAt: expect.stringMatching(/^20\d\d-.*Z$/) as string,
      next: { index: 2, path: expect.stringMatching(/2_steps\.sql$/) as string, line: 3, summary: 'SELECT nix' },
      note: expect.stringMatching(
        /^1 of 3 statements completed, stopped on 20.* UTC: column "nix" does not exist \(42703\); next is statement 2, .*2_steps\.sql:3: SELECT nix$/,
      ) as string,
    });

    write(['UPDATE t SET n = n + 1', 'SELECT 1', 'UPDATE t SET n = n + 10']);
    expect(await engine.migrate()).toMatchObject({ from: '1', to: '2' });
    expect(await count(database, 'SELECT n FROM t')).toBe(11);
    expect(await database.query('SELECT * FROM schema_migrations_journal')).toEqual([]);
  });

  it('may not be mended before it: that part has run', async () => {
    const steps = ['UPDATE t SET n = n + 1', 'SELECT nix'];
    const { engine, write } = await started('CREATE TABLE t AS SELECT 0 AS n;', steps);
    await failureOf(engine.migrate(), 'apply.statement-failed');
    write(['UPDATE t SET n = n + 2', 'SELECT 1']);
    const error = await failureOf(engine.migrate(), 'plan.unfinished');
    expect(error.exitStatus).toBe(4);
    expect(error.message).toContain('its first 1 statements have run');
    expect((await engine.repair({ resolve: [{ version: 2n, as: 'applied' }] })).changes).toMatchObject([
      { version: '2', change: 'resolved-applied' },
    ]);
    expect((await engine.status()).summary).toMatchObject({ applied: 2, unfinished: 0 });
  });

  it('inside BEGIN … COMMIT takes its block with it', async () => {
    const steps = ['UPDATE t SET n = n + 1', 'BEGIN', 'UPDATE t SET n = n + 10', 'SELECT nix', 'COMMIT'];
    const { database, engine, write } = await started('CREATE TABLE t AS SELECT 0 AS n;', steps);
    await failureOf(engine.migrate(), 'apply.statement-failed');
    expect(await count(database, 'SELECT n FROM t')).toBe(1);
    write(['UPDATE t SET n = n + 1', 'BEGIN', 'UPDATE t SET n = n + 10', 'SELECT 1', 'COMMIT']);
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await count(database, 'SELECT n FROM t')).toBe(11);
  });

  it('leaves no invalid index behind that IF NOT EXISTS would then pass over', async () => {
    const steps = ['CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "T a" ON t (a)'];
    const { database, engine } = await started('CREATE TABLE t AS SELECT 1 AS a FROM generate_series(1, 2);', steps);
    await failureOf(engine.migrate(), 'apply.statement-failed');
    const valid = `SELECT indisvalid AS n FROM pg_index WHERE indexrelid = '"T a"'::regclass`;
    expect(await count(database, valid)).toBe(false);
    await database.query('DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t)');
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await count(database, valid)).toBe(true);
  });
});

describe('a session setting of what completed', () => {
  it('is set again for the rest', async () => {
    const steps = ['SET search_path = other', 'CREATE TABLE one ()', 'SELECT nix', 'CREATE TABLE two ()'];
    const { database, engine, write } = await started('CREATE SCHEMA other;', steps);
    await failureOf(engine.migrate(), 'apply.statement-failed');
    write(['SET search_path = other', 'CREATE TABLE one ()', 'SELECT 1', 'CREATE TABLE two ()']);
    await engine.migrate();
    expect(await database.query(`SELECT to_regclass('other.two')::text AS two`)).toEqual([{ two: 'other.two' }]);
  });
});

describe('after a crash, a statement that cannot run in a transaction', () => {
  /** What the journal holds when the process was killed while statement `at` ran. */
  const crashed = (database: TestDatabase, at: number) =>
    database.query(`INSERT INTO schema_migrations_journal (version, name, direction, completed, statements, started, prefix)
      SELECT 2, 'steps', 'up', ${at}, ${at + 1}, ${at}, prefix FROM kept`);

  async function crash(setup: string, statement: string, meanwhile: string) {
    const { database, engine, write } = await started(setup, ['SELECT nix']);
    await failureOf(engine.migrate(), 'apply.statement-failed');
    await database.query(`CREATE TABLE kept AS SELECT ''::text AS prefix; ${meanwhile}`);
    write([statement]);
    await crashed(database, 0);
    return { database, engine };
  }

  it('is not run again when the index is there', async () => {
    const { database, engine } = await crash(
      'CREATE TABLE t (a int);',
      'CREATE INDEX CONCURRENTLY t_a ON t (a)',
      'CREATE INDEX t_a ON t (a);',
    );
    const oid = await count(database, `SELECT 't_a'::regclass::oid::text AS n`);
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await count(database, `SELECT 't_a'::regclass::oid::text AS n`)).toBe(oid);
  });

  it('is run when the index is not there', async () => {
    const { database, engine } = await crash('CREATE TABLE t (a int);', 'CREATE INDEX CONCURRENTLY t_a ON t (a)', '');
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await count(database, `SELECT count(*)::int AS n FROM pg_class WHERE relname = 't_a'`)).toBe(1);
  });

  it('is run when the index to drop is still there, and not when it is gone', async () => {
    const drop = 'DROP INDEX CONCURRENTLY t_a';
    const still = await crash('CREATE TABLE t (a int); CREATE INDEX t_a ON t (a);', drop, '');
    expect(await still.engine.migrate()).toMatchObject({ to: '2' });
    const gone = await crash('CREATE TABLE t (a int); CREATE INDEX t_a ON t (a);', drop, 'DROP INDEX t_a;');
    expect(await gone.engine.migrate()).toMatchObject({ to: '2' });
  });

  it('is left to a person when nothing tells whether it took effect', async () => {
    const { database, engine } = await crash('CREATE TABLE t (a int);', 'CREATE INDEX CONCURRENTLY ON t (a)', '');
    const error = await failureOf(engine.migrate(), 'plan.unfinished');
    expect(error.hint).toContain('repair --resolve 2=applied');
    await engine.repair({ resolve: [{ version: 2n, as: 'pending' }] });
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await database.query(tryLock(lockKey({ schema: 'public', table: 'schema_migrations' })))).toEqual([
      { locked: true },
    ]);
  });
});

describe('procedures that commit', () => {
  it('run by themselves', async () => {
    const procedure = `CREATE TABLE t (a int);
      CREATE PROCEDURE batches() LANGUAGE plpgsql AS $$ BEGIN
        FOR i IN 1..3 LOOP INSERT INTO t VALUES (i); COMMIT; END LOOP; END $$;`;
    const { database, engine } = await started(procedure, ['CALL batches()', 'VACUUM t']);
    expect(await engine.migrate()).toMatchObject({ to: '2' });
    expect(await count(database, 'SELECT count(*)::int AS n FROM t')).toBe(3);
  });
});

describe('a rollback that is not one transaction', () => {
  it('goes on where it stopped, too', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_t.sql': 'CREATE TABLE t (a int); CREATE INDEX t_a ON t (a); CREATE TABLE log (a int);',
      '1_t.down.sql': `${head}DROP INDEX CONCURRENTLY t_a;\nINSERT INTO log VALUES (1);\nSELECT nix;\nDROP TABLE t, log;\n`,
    });
    const engine = engineFor(database.url, folder);
    await engine.migrate();
    await failureOf(engine.rollback(), 'apply.statement-failed');
    await failureOf(engine.migrate(), 'plan.unfinished');
    addFiles(folder, {
      '1_t.down.sql': `${head}DROP INDEX CONCURRENTLY t_a;\nINSERT INTO log VALUES (1);\nSELECT 1;\nDROP TABLE t, log;\n`,
    });
    expect(await engine.rollback()).toMatchObject({ from: '1', to: null });
    expect((await engine.status()).summary).toMatchObject({ pending: 1, applied: 0 });
  });
});
