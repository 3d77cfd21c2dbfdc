// rollback, status, dry run, baseline and repair, and what each refuses.
import { describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';

const three = {
  '001_a.sql': 'CREATE TABLE a ();',
  '001_a.down.sql': 'DROP TABLE a;',
  '002_b.sql': 'CREATE TABLE b ();',
  '002_b.down.sql': 'DROP TABLE b;',
  '003_c.sql': 'CREATE TABLE c ();',
  '003_c.down.sql': 'DROP TABLE c;',
};

const tables = async (database: TestDatabase) =>
  (
    await database.query<{ t: string }>(`SELECT relname AS t FROM pg_class WHERE relname IN ('a','b','c') ORDER BY 1`)
  ).map(({ t }) => t);

async function applied(files: Record<string, string> = three) {
  const database = await freshDatabase();
  const folder = folderOf(files);
  const engine = engineFor(database.url, folder);
  await engine.migrate();
  return { database, folder, engine };
}

describe('rollback', () => {
  it('undoes the newest migration', async () => {
    const { database, engine } = await applied();
    expect(await engine.rollback()).toMatchObject({
      direction: 'down',
      from: '3',
      to: '2',
      steps: [{ version: '3', state: 'rolled-back' }],
    });
    expect(await tables(database)).toEqual(['a', 'b']);
    expect(await engine.migrate()).toMatchObject({ from: '2', to: '3' });
  });

  it('undoes everything above a version, newest first, and everything for 0', async () => {
    const { database, engine } = await applied();
    expect((await engine.rollback({ to: 1n })).steps.map(({ version }) => version)).toEqual(['3', '2']);
    expect(await tables(database)).toEqual(['a']);
    expect(await engine.rollback({ to: 0n })).toMatchObject({ from: '1', to: null });
    expect(await tables(database)).toEqual([]);
  });

  it('runs nothing when one of the files is missing', async () => {
    const { database, engine } = await applied({ ...three, '002_b.down.sql': 'DROP TABLE b;' });
    const other = folderOf(Object.fromEntries(Object.entries(three).filter(([name]) => name !== '002_b.down.sql')));
    const error = await failureOf(engineFor(database.url, other).rollback({ to: 0n }), 'plan.irreversible');
    expect(error.facts.refusals).toMatchObject([{ version: '2', name: 'b' }]);
    expect(await tables(database)).toEqual(['a', 'b', 'c']);
    expect((await engine.status()).current).toBe('3');
  });

  it('that fails leaves the migration applied, and says so', async () => {
    const { database, folder, engine } = await applied();
    addFiles(folder, { '002_b.down.sql': 'DROP TABLE b; DROP TABLE nowhere;' });
    const error = await failureOf(engine.rollback({ steps: 3 }), 'apply.statement-failed');
    expect(error.result).toMatchObject({ from: '3', to: '2' });
    expect(error.result?.steps.map(({ state }) => state)).toEqual(['rolled-back', 'not-run', 'not-run']);
    expect(await tables(database)).toEqual(['a', 'b']);
  });
});

describe('status', () => {
  it('tells applied, pending, modified, missing and out of order apart, and changes nothing', async () => {
    const { database, folder } = await applied({
      '001_a.sql': 'CREATE TABLE a ();',
      '003_gone.sql': 'SELECT 1;',
      '005_e.sql': 'SELECT 5;',
    });
    const before = await database.query('SELECT * FROM schema_migrations ORDER BY 1');
    const now = folderOf({
      '001_a.sql': 'CREATE TABLE a (edited int);',
      '002_late.sql': 'SELECT 2;',
      '005_e.sql': 'SELECT 5;\r\n'.replace('\r\n', ''),
      '009_next.sql': 'SELECT 9;',
    });
    const status = await engineFor(database.url, now).status();
    expect(status.migrations.map(({ version, state }) => [version, state])).toEqual([
      ['1', 'modified'],
      ['2', 'out-of-order'],
      ['3', 'missing'],
      ['5', 'applied'],
      ['9', 'pending'],
    ]);
    expect(status.summary).toEqual({ applied: 1, pending: 1, modified: 1, missing: 1, outOfOrder: 1, unfinished: 0 });
    expect(status.gaps).toEqual(['4', '6-8']);
    expect(await database.query('SELECT * FROM schema_migrations ORDER BY 1')).toEqual(before);
    expect((await engineFor(database.url, folder).status()).summary.applied).toBe(3);
  });

  it('creates nothing in a database that was never migrated', async () => {
    const database = await freshDatabase();
    expect(await engineFor(database.url, folderOf(three)).status()).toMatchObject({
      current: null,
      summary: { pending: 3 },
    });
    expect(await database.query(`SELECT to_regclass('schema_migrations') AS t`)).toEqual([{ t: null }]);
  });

  it('does not mind line endings and a byte order mark', async () => {
    const { database } = await applied({ '001_a.sql': 'SELECT 1;\nSELECT 2;\n' });
    const windows = folderOf({ '001_a.sql': '\uFEFFSELECT 1;\r\nSELECT 2;\r\n' });
    expect((await engineFor(database.url, windows).status()).summary).toMatchObject({ applied: 1, modified: 0 });
  });
});

describe('migrate refuses', () => {
  it('a modified migration', async () => {
    const { database } = await applied();
    const folder = folderOf({ ...three, '002_b.sql': 'CREATE TABLE b (x int);', '004_d.sql': 'CREATE TABLE d ();' });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'plan.modified');
    expect(error.facts.refusals).toMatchObject([{ version: '2' }]);
    expect(error.result).toMatchObject({ from: '3', to: '3', steps: [] });
    expect(await database.query(`SELECT to_regclass('d') AS d`)).toEqual([{ d: null }]);
  });

  it('what came too late, and applies it when told to', async () => {
    const { database } = await applied({ '001_a.sql': three['001_a.sql'], '003_c.sql': three['003_c.sql'] });
    const engine = engineFor(database.url, folderOf(three));
    const error = await failureOf(engine.migrate(), 'plan.out-of-order');
    expect(error.facts.refusals).toMatchObject([{ version: '2', name: 'b' }]);
    expect(await engine.migrate({ outOfOrder: true })).toMatchObject({ from: '3', to: '3', steps: [{ version: '2' }] });
    expect(await tables(database)).toEqual(['a', 'b', 'c']);
  });

  it('a folder that lacks what was applied: the wrong folder, or an old one', async () => {
    const { database } = await applied();
    const wrong = folderOf({ '001_other.sql': 'CREATE TABLE other ();' });
    const error = await failureOf(engineFor(database.url, wrong).migrate(), 'plan.missing');
    expect(error.facts.refusals.map(({ version }) => version)).toEqual(expect.arrayContaining(['2', '3']));
    expect(await database.query(`SELECT to_regclass('other') AS o`)).toEqual([{ o: null }]);
  });

  it('a version that no file has', async () => {
    const { engine } = await applied();
    await failureOf(engine.migrate({ to: 7n }), 'plan.unknown-version');
  });
});

describe('a dry run', () => {
  it('shows each statement that migrate would send, and touches nothing', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_t.sql': '-- what for\nCREATE TABLE t (a int);\n\nINSERT INTO t\n  VALUES (1);\n' });
    const { steps, from, to } = await engineFor(database.url, folder).dryRun();
    expect({ from, to }).toEqual({ from: null, to: '1' });
    expect(steps[0]?.statements.map(({ sql, location }) => [location.line, sql])).toEqual([
      [2, 'CREATE TABLE t (a int)'],
      [4, 'INSERT INTO t\n  VALUES (1)'],
    ]);
    expect(await database.query(`SELECT to_regclass('t') AS t, to_regclass('schema_migrations') AS h`)).toEqual([
      { t: null, h: null },
    ]);
  });
});

describe('baseline', () => {
  it('records what a database has already, without running it', async () => {
    const database = await freshDatabase();
    await database.query('CREATE TABLE a (); CREATE TABLE b ();');
    const engine = engineFor(database.url, folderOf(three));
    expect((await engine.baseline(2n)).changes).toMatchObject([
      { version: '1', change: 'baselined' },
      { version: '2', change: 'baselined' },
    ]);
    expect(await engine.migrate()).toMatchObject({ from: '2', to: '3', steps: [{ version: '3' }] });
  });

  it('is refused where there is a history', async () => {
    const { engine } = await applied();
    await failureOf(engine.baseline(2n), 'plan.history-exists');
  });
});

describe('repair', () => {
  it('accepts a modified file, and says which checksum became which', async () => {
    const { database } = await applied();
    const engine = engineFor(database.url, folderOf({ ...three, '002_b.sql': 'CREATE TABLE b (); -- as it is' }));
    const [change] = (await engine.repair({ acceptModified: [2n] })).changes;
    expect(change).toMatchObject({ version: '2', change: 'checksum-accepted' });
    expect(change?.before).not.toBe(change?.after);
    expect((await engine.status()).summary).toMatchObject({ applied: 3, modified: 0 });
  });

  it('changes nothing when one of the versions needs no repair', async () => {
    const { database } = await applied();
    const engine = engineFor(database.url, folderOf({ ...three, '002_b.sql': 'CREATE TABLE b (); -- as it is' }));
    await failureOf(engine.repair({ acceptModified: [2n, 3n] }), 'plan.nothing-to-repair');
    expect((await engine.status()).summary.modified).toBe(1);
  });
});
