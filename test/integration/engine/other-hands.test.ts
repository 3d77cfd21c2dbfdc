// What comes from elsewhere: files of other tools, migrations that write into the history, runs that
// somebody else has going on.
import postgres from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { startProxy } from '../../support/proxy.ts';
import { addFiles, folderOf } from '../../support/folder.ts';

describe('a file of another tool, with its way back in the same file', () => {
  it.each([
    ['goose', '-- +goose Up\nCREATE TABLE t ();\n-- +goose Down\nDROP TABLE t;\n'],
    ['dbmate', '-- migrate:up\nCREATE TABLE t ();\n\n-- migrate:down\nDROP TABLE t;\n'],
    ['sql-migrate', '--+migrate Up\nCREATE TABLE t ();\n--+migrate Down\nDROP TABLE t;\n'],
  ])('of %s is refused before it is applied and undone at once', async (_, text) => {
    const database = await freshDatabase();
    const error = await failureOf(
      engineFor(database.url, folderOf({ '1_t.sql': text })).migrate(),
      'directives.foreign',
    );
    expect(error.location).toMatchObject({ line: 1, column: 1 });
    expect(error.exitStatus).toBe(3);
  });

  it('is refused where it has a way up only, before anything runs', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();', '2_t.sql': '-- migrate:up\nCREATE TABLE t ();\n' });
    await failureOf(engineFor(database.url, folder).migrate(), 'directives.foreign');
    expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
  });
});

describe('a migration that writes into the history', () => {
  it.each([
    ['versions that were never applied', 'INSERT INTO schema_migrations (version) VALUES (2), (3);'],
    ['its own version', 'INSERT INTO schema_migrations (version) VALUES (1);'],
  ])('%s is rolled back', async (_, text) => {
    const database = await freshDatabase();
    const folder = folderOf({
      '001_dump.sql': `CREATE TABLE t ();\n${text}`,
      '002_second.sql': 'CREATE TABLE second ();',
    });
    const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.history-changed');
    expect(error.hint).toContain('--history-table');
    expect(
      await database.query(`SELECT to_regclass('t') AS t, (SELECT count(*)::int FROM schema_migrations) AS n`),
    ).toEqual([{ t: null, n: 0 }]);
  });

  it('may read it, and tidy up what is old', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '001_a.sql': 'SELECT 1;', '002_b.sql': 'SELECT 2;' });
    await engineFor(database.url, folder).migrate();
    addFiles(folder, {
      '003_squash.sql': `DELETE FROM schema_migrations WHERE version < 2;
        CREATE TABLE seen AS SELECT max(version) AS version FROM schema_migrations;`,
    });
    expect(await engineFor(database.url, folder).migrate()).toMatchObject({ to: '3' });
    expect(await database.query('SELECT version FROM seen')).toEqual([{ version: 2 }]);
  });
});

describe('while somebody else migrates', () => {
  it('an unfinished file may be what they are at: migrate waits for them instead of refusing', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_slow.sql': '-- amelia-db: no-transaction\nCREATE TABLE t ();\nSELECT pg_sleep(1.5);\nSELECT 1;',
    });
    const theirs = engineFor(database.url, folder);
    const running = theirs.migrate();
    await expect
      .poll(() => theirs.events.some((event) => event.type === 'statement-started' && event.index === 2))
      .toBe(true);
    const ours = engineFor(database.url, folder);

    expect(await ours.status()).toMatchObject({
      migrations: [{ state: 'unfinished' }],
      running: { applicationName: 'amelia-db', user: 'postgres', query: 'SELECT pg_sleep(1.5)' },
    });
    expect(await ours.migrate()).toMatchObject({ from: '1', to: '1', steps: [] });
    expect(await running).toMatchObject({ to: '1' });
    expect((await ours.status()).running).toBeNull();
  });

  describe('that the history is locked is said, and nothing more until it is free', () => {
    const said = {
      type: 'database-waiting',
      reason: 'no answer yet: schema_migrations is locked, or a pooler has no connection to give',
    };
    /** Locks it; resolves to what gives it back. */
    async function lockHistory(url: string): Promise<() => Promise<void>> {
      const holder = postgres(url, { max: 1, onnotice: () => {} });
      onTestFinished(() => holder.end());
      const locked = await holder.reserve();
      await locked`BEGIN`;
      await locked`LOCK TABLE schema_migrations`;
      return async () => {
        await locked`COMMIT`;
        locked.release();
      };
    }

    it('before anything is known of it', async () => {
      const database = await freshDatabase();
      const engine = engineFor(database.url, folderOf({ '1_a.sql': 'CREATE TABLE a ();' }));
      await engine.migrate();
      const giveBack = await lockHistory(database.url);

      const asked = engine.status();
      await expect.poll(() => engine.events).toContainEqual(said);
      await giveBack();
      expect(await asked).toMatchObject({ current: '1' });
    });

    it('when it is read again behind the lock', async () => {
      const database = await freshDatabase();
      const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();' });
      await engineFor(database.url, folder).migrate();
      addFiles(folder, { '2_b.sql': 'CREATE TABLE b ();' });
      let giveBack = async () => {};
      const proxy = await startProxy(database.url, {
        fault: {
          at: ({ text }) => text.includes('pg_try_advisory_lock'),
          what: 'call-before',
          call: async () => {
            giveBack = await lockHistory(database.url);
            return 'go-on';
          },
        },
      });
      const engine = engineFor(proxy.url, folder);

      const asked = engine.migrate();
      await expect.poll(() => engine.events).toContainEqual(said);
      await giveBack();
      expect(await asked).toMatchObject({ to: '2' });
    });
  });
});
