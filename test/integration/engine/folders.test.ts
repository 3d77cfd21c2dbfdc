// What folders can be like: files that were empty when they were recorded, files that cannot be read, version 0,
// several mistakes at once, rollbacks that could not be run.
import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseTarget } from '../../../src/database/target.ts';
import { checksum } from '../../../src/migration/checksum.ts';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';

/** The SHA-256 of nothing. */
const ofNothing = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('a file that an older version recorded while it was empty', () => {
  const recorded = async () => {
    const database = await freshDatabase();
    const { url } = database;
    const query = (sql: string) => database.query(sql);
    const folder = folderOf({ '001_a.sql': 'CREATE TABLE a ();' });
    await engineFor(url, folder).migrate();
    await query(`INSERT INTO schema_migrations (version, name, checksum) VALUES (2, 'b', '${ofNothing}')`);
    addFiles(folder, { '002_b.sql': '' });
    const scratch = parseTarget({ url: (await freshDatabase()).url, env: {} });
    return { engine: engineFor(url, folder, { scratch }), folder, url, query };
  };

  it('stays applied while it is empty', async () => {
    const { engine } = await recorded();
    expect((await engine.status()).summary).toMatchObject({ applied: 2, pending: 0, modified: 0 });
    expect(await engine.migrate()).toMatchObject({ to: '2', steps: [] });
  });

  it('is pending again when it is filled in, and is applied once', async () => {
    const { engine, folder, query } = await recorded();
    addFiles(folder, { '002_b.sql': 'CREATE TABLE b ();' });
    expect(await engine.status()).toMatchObject({ current: '1', summary: { applied: 1, pending: 1 } });
    expect(await engine.migrate()).toMatchObject({ from: '1', to: '2', steps: [{ version: '2', state: 'applied' }] });
    expect(await query(`SELECT count(*)::int AS n, to_regclass('b')::text AS b FROM schema_migrations`)).toEqual([
      { n: 2, b: 'b' },
    ]);
    expect(await engine.migrate()).toMatchObject({ steps: [] });
  });

  it.each(['', '-- nothing to do any more\n'])(
    'is passed over by verify while it holds no statement: %j',
    async (text) => {
      const { engine, folder, query } = await recorded();
      addFiles(folder, { '002_b.sql': text, '003_c.sql': 'CREATE TABLE c (id int CHECK (id > 0));' });
      await query(`UPDATE schema_migrations SET checksum = '${checksum(Buffer.from(text))}' WHERE version = 2`);
      await engine.migrate();
      expect(await engine.verify()).toMatchObject({ version: '3', problems: [], summary: { proven: 1 } });
    },
  );

  it('is passed over by verify when it is the last one', async () => {
    const { engine } = await recorded();
    expect(await engine.verify()).toMatchObject({ version: '2', problems: [], warnings: [] });
  });

  it('is pending for verify and for wait when it is filled in, as in status', async () => {
    const { engine, folder } = await recorded();
    addFiles(folder, { '003_c.sql': 'CREATE TABLE c ();' });
    await engine.migrate();
    addFiles(folder, { '002_b.sql': 'CREATE TABLE b ();' });
    expect((await engine.status()).summary).toMatchObject({ outOfOrder: 1 });
    expect(await engine.verify()).toMatchObject({ version: '3', problems: [], warnings: [{ name: '2' }] });
    for (const target of ['head', 2n] as const) {
      expect((await engine.wait({ target, timeoutMs: 0 })).seen).toMatchObject({ state: 'behind', missing: ['2'] });
    }
    await engine.migrate({ outOfOrder: true });
    expect((await engine.wait({ target: 'head', timeoutMs: 0 })).seen).toMatchObject({ state: 'reached' });
  });

  it('counts for wait while it is empty, and where there is no folder to look at', async () => {
    const { engine, url } = await recorded();
    for (const target of ['head', 2n] as const) {
      expect((await engine.wait({ target, timeoutMs: 0 })).seen).toMatchObject({ state: 'reached', current: '2' });
    }
    const elsewhere = engineFor(url, '/nowhere');
    expect((await elsewhere.wait({ target: 2n, timeoutMs: 0 })).seen).toMatchObject({ state: 'reached', current: '2' });
  });
});

describe('a baseline', () => {
  const files = { '1_a.sql': 'CREATE TABLE a ();', '2_b.sql': '', '3_c.sql': '-- +goose Up\nCREATE TABLE c ();' };

  it.each([
    [2n, ['parse.empty']],
    [3n, ['parse.empty', 'directives.foreign']],
  ])('up to %s is refused, as by migrate: such a file is not what was applied', async (version, codes) => {
    const database = await freshDatabase();
    const error = await failureOf(engineFor(database.url, folderOf(files)).baseline(version), 'parse.empty');
    expect([error, ...error.others].map(({ code }) => code)).toEqual(codes);
    expect(error.exitStatus).toBe(3);
    expect(await database.query(`SELECT to_regclass('schema_migrations') AS history`)).toEqual([{ history: null }]);
  });

  it('below them is recorded', async () => {
    const { url } = await freshDatabase();
    expect((await engineFor(url, folderOf(files)).baseline(1n)).changes).toHaveLength(1);
  });

  it('records what cannot be run in our way and was run in another, such as a COMMIT', async () => {
    const { url } = await freshDatabase();
    const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ();' });
    expect((await engineFor(url, folder).baseline(1n)).changes).toHaveLength(1);
  });
});

it('an applied file that cannot be read is one error, whoever asks, and no promise is left behind', async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen));
  const { url } = await freshDatabase();
  const folder = folderOf({ '001_a.sql': 'CREATE TABLE a ();', '001_a.down.sql': 'DROP TABLE a;' });
  const engine = engineFor(url, folder);
  await engine.migrate();
  rmSync(join(folder, '001_a.sql'));
  symlinkSync('nowhere', join(folder, '001_a.sql'));
  const asked = [
    () => engine.status(),
    () => engine.migrate(),
    () => engine.rollback(),
    () => engine.dryRun(),
    () => engine.baseline(1n),
    () => engine.repair({ acceptModified: [1n] }),
    () => engine.wait({ target: 'head', timeoutMs: 0 }),
  ];
  for (const ask of asked) expect((await failureOf(ask(), 'discover.unreadable')).exitStatus).toBe(3);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(unhandled).toEqual([]);
});

it('version 0 is applied, recorded and rolled back as any other', async () => {
  const database = await freshDatabase();
  const { url } = database;
  const files = { '0000_a.sql': 'CREATE TABLE a ();', '0000_a.down.sql': 'DROP TABLE a;' };
  const folder = folderOf({ ...files, '0001_b.sql': 'CREATE TABLE b ();', '0001_b.down.sql': 'DROP TABLE b;' });
  const engine = engineFor(url, folder);
  expect(await engine.migrate({ to: 0n })).toMatchObject({ from: null, to: '0' });
  expect(await engine.migrate()).toMatchObject({ from: '0', to: '1' });
  expect((await engine.wait({ target: 0n, timeoutMs: 0 })).seen).toMatchObject({ state: 'reached' });
  expect(await engine.rollback({ to: 0n })).toMatchObject({ from: '1', to: '0' });
  expect(await engine.rollback()).toMatchObject({ from: '0', to: null });
  expect(await engine.migrate()).toMatchObject({ from: null, to: '1' });
  await database.query('DROP TABLE schema_migrations');
  expect((await engine.baseline(0n)).changes).toMatchObject([{ version: '0', change: 'baselined' }]);
});

it('all mistakes in what is pending are told at once, and nothing is run', async () => {
  const database = await freshDatabase();
  const { url } = database;
  const folder = folderOf({
    '1_a.sql': 'CREATE TABLE a ();',
    '2_b.sql': 'SELECT 1;\nCOMMIT;\nSELECT 2;',
    '3_c.sql': '-- later',
    '4_d.sql': "SELECT 'open",
  });
  const error = await failureOf(engineFor(url, folder).migrate(), 'parse.transaction-control');
  const all = [error, ...error.others].map(({ code, location }) => `${code}:${location?.line}:${location?.column}`);
  expect(all).toEqual(['parse.transaction-control:2:1', 'parse.empty:1:1', 'scan.unterminated:1:8']);
  expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
});

it('a rollback that could not be run is told when its migration is applied, not before and not again', async () => {
  const { url } = await freshDatabase();
  const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();', '1_a.down.sql': 'DROP TABLE a;\nDO $$ BEGIN' });
  const engine = engineFor(url, folder);
  await engine.migrate();
  const told = engine.events.filter(({ type }) => type === 'unusable-rollback');
  expect(told).toMatchObject([{ version: '1', code: 'scan.unterminated', location: { line: 2, column: 4 } }]);
  await engine.migrate();
  expect(engine.events.filter(({ type }) => type === 'unusable-rollback')).toHaveLength(1);
  await failureOf(engine.rollback(), 'scan.unterminated');
});
