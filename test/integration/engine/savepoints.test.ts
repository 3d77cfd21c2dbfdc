// A statement that fails fails its migration, whatever ROLLBACK TO stands behind it; and a record is only
// committed by the transaction that its own BEGIN opened.
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';

const held = `SELECT (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname !~ '^schema_migrations') AS tables,
  (SELECT string_agg(version::text, ' ' ORDER BY version) FROM schema_migrations) AS recorded`;

async function failing(files: Record<string, string>) {
  const database = await freshDatabase();
  const engine = engineFor(database.url, folderOf(files));
  const error = await failureOf(engine.migrate(), 'apply.statement-failed');
  return { error, states: error.result?.steps.map(({ state }) => state), holds: await database.query(held), database };
}

describe('a statement that fails', () => {
  it.each([
    'ROLLBACK TO s',
    'ROLLBACK TO SAVEPOINT s',
    'rollback work to s',
    'Rollback Transaction To Savepoint "s"',
    'ROLLBACK /* to */ TO -- s\n  SAVEPOINT s',
    'ROLLBACK--\rTO s',
    'RELEASE s;\nROLLBACK TO s',
    '/* first */ ABORT TO s',
  ])('is not made good by %j', async (back) => {
    const { error, states, holds } = await failing({
      '1_a.sql': `CREATE TABLE a ();\nSAVEPOINT s;\nINSERT INTO nowhere VALUES (1);\n${back};\nCREATE TABLE b ();`,
      '2_c.sql': 'CREATE TABLE c ();',
    });
    expect(error.location).toMatchObject({ line: 3, column: 13 });
    expect(states).toEqual(['rolled-back', 'not-run']);
    expect(holds).toEqual([{ tables: null, recorded: null }]);
  });

  it('is not taken up again by a ROLLBACK TO in a later migration, under the same name', async () => {
    const savepoint = (table: string) => `CREATE TABLE ${table} ();\nSAVEPOINT s;\nCREATE TABLE ${table}_try ();`;
    const { error, states, holds } = await failing({
      '1_a.sql': `${savepoint('a')}\nROLLBACK TO s;`,
      '2_b.sql': `${savepoint('b')}\nINSERT INTO nowhere VALUES (1);`,
      '3_c.sql': `${savepoint('c')}\nROLLBACK TO s;\nCREATE TABLE c_rest ();`,
      '4_d.sql': 'ROLLBACK TO s;\nCREATE TABLE d ();',
    });
    expect(error.facts.version).toBe('2');
    expect(states).toEqual(['applied', 'rolled-back', 'not-run', 'not-run']);
    expect(holds).toEqual([{ tables: 'a', recorded: '1' }]);
  });

  it('is what is reported, also where the next migration begins with COPY', async () => {
    const { error, states } = await failing({
      '1_a.sql': 'CREATE TABLE a ();\nSAVEPOINT s;\nSELECT 1 / 0;\nROLLBACK TO s;',
      '2_b.sql': 'COPY a FROM stdin;\n\\.\n',
    });
    expect(error.facts).toMatchObject({ version: '1', sqlstate: '22012' });
    expect(states).toEqual(['rolled-back', 'not-run']);
  });

  it('may be a ROLLBACK TO itself', async () => {
    const { error, holds } = await failing({
      '1_a.sql': 'CREATE TABLE a ();\nSAVEPOINT s;\nCREATE TABLE b ();\nROLLBACK TO other;\nROLLBACK TO s;',
    });
    expect(error).toMatchObject({ facts: { sqlstate: '3B001' }, location: { line: 4 } });
    expect(holds).toEqual([{ tables: null, recorded: null }]);
  });
});

it('a ROLLBACK TO after statements that succeeded does what it says', async () => {
  const database = await freshDatabase();
  const sql = `CREATE TABLE a ();
    SAVEPOINT s; CREATE TABLE gone ();
    SAVEPOINT t; CREATE TABLE gone_too (); ROLLBACK TO t; RELEASE t;
    ROLLBACK WORK TO SAVEPOINT s; CREATE TABLE b (id int);
    COPY b FROM stdin;\n1\n\\.\nRELEASE SAVEPOINT s;`;
  const folder = folderOf({ '1_a.sql': sql, '2_c.sql': 'CREATE TABLE c ();' });
  expect(await engineFor(database.url, folder).migrate()).toMatchObject({ to: '2' });
  expect(await database.query(held)).toEqual([{ tables: 'a b c', recorded: '1 2' }]);
});

describe('RESET ALL', () => {
  it.each(['RESET ALL', 'reset /* every */ all', 'SAVEPOINT s; RESET ALL; ROLLBACK TO s', 'SAVEPOINT s; RESET ALL'])(
    '%j is a statement like any other',
    async (reset) => {
      const database = await freshDatabase();
      const folder = folderOf({ '1_a.sql': `${reset};\nCREATE TABLE a ();`, '2_b.sql': 'CREATE TABLE b ();' });
      expect(await engineFor(database.url, folder).migrate()).toMatchObject({ to: '2' });
    },
  );

  it('leaves the settings of the run as they were', async () => {
    const database = await freshDatabase();
    const shown = `DO $$ BEGIN RAISE NOTICE '%', current_setting('lock_timeout'); END $$;`;
    const engine = engineFor(database.url, folderOf({ '1_a.sql': `RESET ALL;\n${shown}` }), { lockTimeoutMs: 1234 });
    await engine.migrate();
    expect(engine.events.find(({ type }) => type === 'notice')).toMatchObject({ notice: { message: '1234ms' } });
  });
});

it.each([
  `DO $$ BEGIN EXECUTE 'RESET ALL'; END $$;`,
  `SELECT set_config('amelia_db.migration', '1/another', false);`,
  'RESET amelia_db.migration;',
])('without the mark of its transaction nothing is recorded: %s', async (sql) => {
  const database = await freshDatabase();
  const folder = folderOf({ '1_a.sql': `CREATE TABLE a ();\n${sql}`, '2_b.sql': 'CREATE TABLE b ();' });
  const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.transaction-lost');
  expect(error.result?.steps.map(({ state }) => state)).toEqual(['unknown', 'not-run']);
  expect(await database.query(held)).toEqual([{ tables: null, recorded: null }]);
});

describe('without a transaction', () => {
  const head = '-- amelia-db: no-transaction\n';

  it.each(['ROLLBACK', 'ABORT', "PREPARE TRANSACTION 'p'", 'COMMIT', 'END'])(
    'what fails before %s is not counted as done',
    async (end) => {
      const sql = `${head}CREATE TABLE a ();\nBEGIN;\nINSERT INTO nowhere VALUES (1);\nCREATE TABLE b ();\n${end};\nCREATE TABLE c ();`;
      const { error, states, holds, database } = await failing({ '1_a.sql': sql });
      expect(error).toMatchObject({ facts: { sqlstate: '42P01' }, location: { line: 4 } });
      expect(states).toEqual(['unknown']);
      expect(holds).toEqual([{ tables: 'a', recorded: null }]);
      expect(await database.query('SELECT completed FROM schema_migrations_journal')).toEqual([{ completed: 1 }]);
    },
  );

  it('nothing runs behind a BEGIN that fails', async () => {
    const sql = `${head}CREATE TABLE a ();\nBEGIN ISOLATION LEVEL nonsense;\nCREATE TABLE b ();\nCOMMIT;\nCREATE TABLE c ();`;
    const { error, holds } = await failing({ '1_a.sql': sql });
    expect(error).toMatchObject({ facts: { sqlstate: '42601' }, location: { line: 3 } });
    expect(holds).toEqual([{ tables: 'a', recorded: null }]);
  });

  it('a ROLLBACK TO makes nothing good in a block, and does what it says after what succeeded', async () => {
    const block = (second: string) => `BEGIN;\nCREATE TABLE b ();\nSAVEPOINT s;\n${second};\nROLLBACK TO s;\nCOMMIT;`;
    const { error, holds } = await failing({
      '1_a.sql': `${head}${block('CREATE TABLE gone ()')}`,
      '2_b.sql': `${head}DROP TABLE b;\n${block('DROP TABLE nowhere')}`,
    });
    expect(error.location).toMatchObject({ line: 6 });
    expect(holds).toEqual([{ tables: null, recorded: '1' }]);
  });

  it('a RESET ALL in a block, and by itself, is a statement like any other', async () => {
    const database = await freshDatabase();
    const sql = `${head}RESET ALL;\nBEGIN;\nRESET ALL;\nCREATE TABLE a ();\nCOMMIT;\nDISCARD ALL;\nCREATE TABLE b ();`;
    expect(await engineFor(database.url, folderOf({ '1_a.sql': sql })).migrate()).toMatchObject({ to: '1' });
    expect(await database.query(held)).toEqual([{ tables: 'a b', recorded: '1' }]);
  });
});
