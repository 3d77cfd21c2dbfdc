// Several migrations in flight: few round trips, and yet each report is exact.
import postgres from 'postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { startProxy } from '../../support/proxy.ts';
import { soon } from '../../support/soon.ts';

const many = (n: number, change: Record<number, string> = {}) =>
  folderOf(
    Object.fromEntries(
      Array.from({ length: n }, (_, i) => [
        `${String(i + 1).padStart(4, '0')}_m.sql`,
        change[i + 1] ?? `CREATE TABLE t${i + 1} (id int);\nINSERT INTO t${i + 1} VALUES (${i + 1});\n`,
      ]),
    ),
  );

describe('round trips', () => {
  it.each([
    [100, 20],
    [1000, 60],
  ])('%i migrations take at most %i, connection included', async (n, most) => {
    const database = await freshDatabase();
    const proxy = await startProxy(database.url);
    onTestFinished(() => proxy.close());
    const result = await engineFor(proxy.url, many(n)).migrate();
    expect(result.steps.filter(({ state }) => state === 'applied')).toHaveLength(n);
    expect(proxy.counts().roundTrips).toBeLessThanOrEqual(most);
  });

  it('nothing to do with 100 applied takes at most 6', async () => {
    const database = await freshDatabase();
    const folder = many(100);
    await engineFor(database.url, folder).migrate();
    const proxy = await startProxy(database.url);
    onTestFinished(() => proxy.close());
    await engineFor(proxy.url, folder).migrate();
    expect(proxy.counts().roundTrips).toBeLessThanOrEqual(6);
  });
});

describe('a failure in the middle', () => {
  it.each([
    ['a syntax error', 'CREATE TABLE half (); SELEC 1;'],
    ['a runtime error', 'CREATE TABLE half (); SELECT 1 / 0;'],
    [
      'a deferred constraint',
      'CREATE TABLE half (id int PRIMARY KEY, up int REFERENCES half DEFERRABLE INITIALLY DEFERRED); INSERT INTO half VALUES (1, 2);',
    ],
    ['a write into the history', 'CREATE TABLE half (); INSERT INTO schema_migrations (version) VALUES (70);'],
    ['a COPY that is wrong', 'CREATE TABLE half (id int);\nCOPY half FROM stdin;\nx\n\\.\n'],
  ])('%s: those before it are there, it and those after it are not', async (_, sql) => {
    const database = await freshDatabase();
    const error = await engineFor(database.url, many(100, { 60: sql }))
      .migrate()
      .then(
        () => undefined,
        (reason: { result: { steps: { state: string }[]; to: string } }) => reason,
      );
    expect(error?.result.to).toBe('59');
    expect(error?.result.steps.map(({ state }) => state)).toEqual([
      ...Array.from({ length: 59 }, () => 'applied'),
      'rolled-back',
      ...Array.from({ length: 40 }, () => 'not-run'),
    ]);
    expect(
      await database.query(`SELECT (SELECT count(*)::int FROM schema_migrations) AS recorded,
        (SELECT count(*)::int FROM pg_class WHERE relname ~ '^t[0-9]+$') AS made, to_regclass('half') AS half`),
    ).toEqual([{ recorded: 59, made: 59, half: null }]);
  });
});

describe('a lock that is not to be had', () => {
  it('has the migration tried again until it is, and what was in flight behind it', async () => {
    const database = await freshDatabase();
    const folder = many(10, { 4: 'ALTER TABLE busy ADD COLUMN a int;' });
    await database.query('CREATE TABLE busy ()');
    const blocker = postgres(database.url, { max: 1 });
    onTestFinished(() => blocker.end({ timeout: 1 }));
    await blocker.unsafe('BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE').simple();
    const engine = engineFor(database.url, folder, { lockTimeoutMs: 200 });
    const run = engine.migrate();
    await expect.poll(() => engine.events.filter(({ type }) => type === 'retrying').length).toBeGreaterThanOrEqual(2);
    await blocker.unsafe('COMMIT');
    expect(await run).toMatchObject({ to: '10' });
    expect(engine.events.filter(({ type }) => type === 'migration-finished')).toHaveLength(10);
    expect(engine.events.find(({ type }) => type === 'retrying')).toMatchObject({
      version: '4',
      attempt: 1,
      attempts: 10,
    });
  });

  it('fails in the end, and says for what it waited', async () => {
    const database = await freshDatabase();
    await database.query('CREATE TABLE busy ()');
    const blocker = postgres(database.url, { max: 1 });
    onTestFinished(() => blocker.end({ timeout: 1 }));
    await blocker.unsafe('BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE').simple();
    const folder = many(3, { 2: 'ALTER TABLE busy ADD COLUMN a int;' });
    const error = await failureOf(
      engineFor(database.url, folder, { lockTimeoutMs: 100 }).migrate({ lockRetries: 1 }),
      'apply.statement-failed',
    );
    expect(error.facts.sqlstate).toBe('55P03');
    expect(error.result?.steps.map(({ state }) => state)).toEqual(['applied', 'rolled-back', 'not-run']);
  });
});

it('events come in the order of the migrations, each finished before the next is started, notices where they belong', async () => {
  const database = await freshDatabase();
  const folder = folderOf(
    Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${i + 1}_n.sql`, `DO $$ BEGIN RAISE NOTICE 'n'; END $$;`]),
    ),
  );
  const engine = engineFor(database.url, folder);
  await engine.migrate();
  const order = engine.events.flatMap((event) => {
    if (event.type === 'migration-started') return [`+${event.version}`];
    if (event.type === 'notice') return [`!${event.version}`];
    return event.type === 'migration-finished' ? [`-${event.step.version}`] : [];
  });
  expect(order).toEqual(Array.from({ length: 30 }, (_, i) => [`+${i + 1}`, `!${i + 1}`, `-${i + 1}`]).flat());
});

describe('a statement that is blocked', () => {
  async function blocked() {
    const database = await freshDatabase();
    await database.query('CREATE TABLE busy (id int)');
    const blocker = postgres(database.url, { max: 1, connection: { application_name: 'the nightly report' } });
    onTestFinished(() => blocker.end({ timeout: 1 }));
    await blocker.unsafe('BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE; SELECT 42').simple();
    return { database, blocker, folder: many(3, { 2: 'ALTER TABLE busy ADD COLUMN a int;' }) };
  }

  it('says by whom within two seconds, also in the error', async () => {
    const { database, folder } = await blocked();
    const engine = engineFor(database.url, folder, { lockTimeoutMs: 5000 });
    const run = failureOf(engine.migrate({ lockRetries: 0 }), 'apply.statement-failed');
    const told = () => engine.events.find(({ type }) => type === 'blocked');
    await expect.poll(told, { timeout: soon(2000) }).toMatchObject({
      blockers: [{ applicationName: 'the nightly report', user: 'postgres', state: 'idle in transaction' }],
      queued: 0,
    });
    const { notes } = (await run).facts;
    expect(notes?.find(({ label }) => label === 'blocked by')?.text).toMatch(
      /^pid \d+, the nightly report, user postgres, idle in transaction since .*SELECT 42/,
    );
  });

  it('gives way when too many wait behind it, and is tried again', async () => {
    const { database, blocker, folder } = await blocked();
    const engine = engineFor(database.url, folder, { lockTimeoutMs: 60_000 });
    const run = engine.migrate({ maxVictims: 2 });
    await expect.poll(() => engine.events.some(({ type }) => type === 'blocked')).toBe(true);
    const readers = Array.from({ length: 4 }, () => database.query('SELECT count(*) FROM busy'));
    // They wait behind our ALTER TABLE, until that gives way.
    await Promise.all(readers);
    await expect.poll(() => engine.events.find(({ type }) => type === 'retrying')).toMatchObject({ version: '2' });
    await blocker.unsafe('COMMIT');
    expect(await run).toMatchObject({ to: '3' });
  });
});

it('long work tells how far it is', async () => {
  const database = await freshDatabase();
  await database.query('CREATE TABLE big AS SELECT g AS id, md5(g::text) AS t FROM generate_series(1, 300000) g');
  const slow = `CREATE FUNCTION slow(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
      IF random() < 0.0002 THEN PERFORM pg_sleep(0.05); END IF; RETURN $1; END $$;`;
  const engine = engineFor(database.url, folderOf({ '1_i.sql': `${slow}\nCREATE INDEX big_t ON big (slow(t));` }));
  await engine.migrate();
  expect(engine.events.find(({ type }) => type === 'progress')).toMatchObject({
    progress: { command: 'CREATE INDEX', phase: expect.stringContaining('building index') as string },
  });
});
