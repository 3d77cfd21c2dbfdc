// wait: what it returns for, what it goes on waiting for, what it gives up at once for, and what it needs.
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/database/target.ts';
import { isAmeliaError } from '../../../src/errors.ts';
import type { MigratorEvent } from '../../../src/events.ts';
import { openMigrator } from '../../../src/migrator.ts';
import type { MigratorSettings, WaitForOptions } from '../../../src/options.ts';
import { at, freshDatabase, query } from '../../support/database.ts';
import { folderOf } from '../../support/folder.ts';

const target = (url: string) => ({ target: parseTarget({ url, env: {} }) });

/** One look and no more, unless a test waits longer. */
async function wait(url: string, wanted: WaitForOptions & { folder?: string; more?: Partial<MigratorSettings> } = {}) {
  const { folder = folderOf(), more = {}, ...options } = wanted;
  const migrator = openMigrator({ database: target(url), migrations: folder, ...more });
  return await migrator.wait({ timeoutMs: 0, ...options });
}

const migrate = (url: string, migrations: string) => openMigrator({ database: target(url), migrations }).migrate();
const three = { '001_a.sql': 'SELECT 1;', '002_b.sql': 'SELECT 2;', '003_c.sql': 'SELECT 3;' };

describe('wait', () => {
  it('asks for nothing but to be let in when no version is named, and then needs no folder', async () => {
    const { url, name } = await freshDatabase();
    expect(await wait(url, { folder: '/nowhere' })).toMatchObject({
      database: { name },
      target: null,
      seen: { state: 'reached', current: null },
    });
  });

  it('returns when each file of the folder is applied, and not before', async () => {
    const { url } = await freshDatabase();
    const folder = folderOf(three);
    expect((await wait(url, { target: 'head', folder })).seen).toEqual({
      state: 'behind',
      current: null,
      missing: ['1', '2', '3'],
      unfinished: [],
      running: null,
    });
    await migrate(url, folderOf({ '001_a.sql': 'SELECT 1;', '003_c.sql': 'SELECT 3;' }));
    // The newest one is there, but not the one that was merged late.
    expect(await wait(url, { target: 'head', folder })).toMatchObject({
      target: '3',
      seen: { state: 'behind', current: '3', missing: ['2'] },
    });
    expect((await wait(url, { target: 3n, folder: '/nowhere' })).seen).toEqual({ state: 'reached', current: '3' });
    await openMigrator({ database: target(url), migrations: folder }).migrate({ outOfOrder: true });
    expect((await wait(url, { target: 'head', folder })).seen).toEqual({ state: 'reached', current: '3' });
  });

  it('is content with a database that is ahead of the folder', async () => {
    const { url } = await freshDatabase();
    await migrate(url, folderOf(three));
    expect(await wait(url, { target: 'head', folder: folderOf({ '001_a.sql': 'SELECT 1;' }) })).toMatchObject({
      target: '1',
      seen: { state: 'reached', current: '3' },
    });
    expect((await wait(url, { target: 2n })).seen).toMatchObject({ state: 'reached' });
  });

  it('goes on while a run goes on, says whose it is, and returns when that is done', async () => {
    const { url } = await freshDatabase();
    const folder = folderOf({ ...three, '004_d.sql': 'SELECT pg_sleep(2);' });
    const running = migrate(url, folder);
    const events: MigratorEvent[] = [];
    const result = await wait(url, {
      target: 'head',
      folder,
      timeoutMs: 60_000,
      more: { onEvent: (e) => events.push(e) },
    });
    await running;
    expect(result.seen).toEqual({ state: 'reached', current: '4' });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'waiting',
        target: '4',
        seen: expect.objectContaining({
          state: 'behind',
          running: expect.objectContaining({ applicationName: 'amelia-db' }) as unknown,
        }) as unknown,
      }),
    );
  });

  it('says what is unfinished, and is content when that lies above the version', async () => {
    const { url } = await freshDatabase();
    const folder = folderOf({
      '001_a.sql': 'CREATE TABLE t (id int);',
      '002_b.sql': '-- amelia-db: no-transaction\nINSERT INTO t VALUES (1);\nSELECT 1 / 0;',
    });
    await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'apply.statement-failed' });
    expect((await wait(url, { target: 'head', folder })).seen).toEqual({
      state: 'behind',
      current: '1',
      missing: ['2'],
      unfinished: ['2'],
      running: null,
    });
    expect((await wait(url, { target: 1n })).seen).toEqual({ state: 'reached', current: '1' });
  });

  it('needs no more than SELECT on the history, and waits for that grant', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '001_a.sql': '-- amelia-db: no-transaction\nSELECT 1;' });
    await migrate(database.url, folder);
    const reader = await database.role();
    const look = async () => (await wait(reader.url, { target: 'head', folder })).seen;
    expect(await look()).toMatchObject({
      state: 'unreachable',
      reason: expect.stringContaining('may not read the history table') as string,
    });
    await database.query(`GRANT SELECT ON schema_migrations TO ${reader.name}`);
    expect(await look()).toEqual({ state: 'reached', current: '1' });
  });

  it('waits for a database that is not there yet', async () => {
    const { url, admin, name } = await freshDatabase();
    const later = `${name}_later`;
    const told: MigratorEvent[] = [];
    const waiting = wait(at(url, { database: later }), {
      timeoutMs: 60_000,
      more: {
        onEvent: (event) => {
          if (told.push(event) === 1) void query(admin, `CREATE DATABASE ${later} TEMPLATE template0`);
        },
      },
    });
    expect(await waiting).toMatchObject({ seen: { state: 'reached' }, database: { name: later } });
    await query(admin, `DROP DATABASE ${later} WITH (FORCE)`);
    expect(told[0]).toMatchObject({
      type: 'waiting',
      seen: { state: 'unreachable', reason: expect.stringContaining(`there is no database ${later}`) as string },
    });
  });

  it('ends when its time is over, however long the server takes to answer', async () => {
    const database = await freshDatabase();
    const folder = folderOf(three);
    await migrate(database.url, folder);
    const blocker = query(database.url, 'BEGIN; LOCK TABLE schema_migrations; SELECT pg_sleep(8); COMMIT').catch(
      () => {},
    );
    await expect
      .poll(
        () =>
          database.query(
            `SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'schema_migrations'::regclass`,
          ),
        { timeout: 10_000 },
      )
      .toHaveLength(1);
    expect(await wait(database.url, { target: 'head', folder })).toMatchObject({
      seen: { state: 'unreachable', reason: 'no answer within 1 s' },
    });
    await database.query(
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(8)%' AND pid <> pg_backend_pid()`,
    );
    await blocker;
  });

  it.each([
    ['a wrong password', { password: 'wrong' }, 'session.authentication'],
    ['an unknown role', { user: 'nobody_of_that_name' }, 'session.authentication'],
  ] as const)('does not wait where only its own configuration can be wrong: %s', async (_, change, code) => {
    const { url } = await freshDatabase();
    await expect(wait(at(url, change), { timeoutMs: 60_000 })).rejects.toMatchObject({ code, exitStatus: 5 });
  });

  it('refuses a folder without migrations, an embedded database and a history of another tool', async () => {
    const database = await freshDatabase();
    const refused = async (waiting: Promise<unknown>) => {
      const error = await waiting.catch((reason: unknown) => reason);
      return isAmeliaError(error) ? [error.code, error.exitStatus] : error;
    };
    expect(await refused(wait(database.url, { target: 'head' }))).toEqual(['discover.empty', 3]);
    const allowed = wait(database.url, { target: 'head', more: { allowEmpty: true } });
    expect(await refused(allowed)).toEqual(['wait.no-head', 3]);
    const embedded = { database: { embedded: folderOf() } };
    expect(await refused(wait(database.url, { more: embedded }))).toEqual(['wait.embedded', 2]);
    await database.query('CREATE TABLE schema_migrations (version varchar PRIMARY KEY)');
    expect(await refused(wait(database.url, { target: 1n, timeoutMs: 60_000 }))).toEqual(['history.foreign', 4]);
  });

  it('ends at once when it is told to', async () => {
    const controller = new AbortController();
    const waiting = wait('postgresql://u@127.0.0.1:1/d', {
      timeoutMs: 600_000,
      more: { signal: controller.signal, onEvent: () => controller.abort('SIGTERM') },
    });
    await expect(waiting).rejects.toMatchObject({ code: 'apply.terminated', exitStatus: 143 });
  });
});
