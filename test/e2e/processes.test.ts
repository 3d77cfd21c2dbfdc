// Many processes at once, and signals.
import postgres from 'postgres';
import { describe, expect, it } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { startServer } from '../support/server.ts';
import { soon } from '../support/soon.ts';

describe('twenty at once on one empty database', () => {
  it('all exit 0, and each version is applied exactly once', async () => {
    const database = await freshDatabase();
    await database.query('CREATE TABLE ran (version int)');
    const folder = folderOf(
      Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`${i + 1}_m.sql`, `INSERT INTO ran VALUES (${i + 1});`])),
    );
    const runs = await Promise.all(
      Array.from({ length: 20 }, () => amelia(['migrate', '-m', folder, '-d', database.url, '--json'])),
    );
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 0));
    const steps = runs.flatMap((run) => run.json<{ steps: { version: string }[] }>().steps);
    expect(steps.map(({ version }) => version).sort()).toEqual(['1', '2', '3', '4', '5']);
    expect(await database.query('SELECT version FROM ran ORDER BY 1')).toHaveLength(5);
    const locks = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await expect.poll(() => database.query(locks)).toEqual([]);
  });
});

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, status) => {
  it(`cancels what runs, rolls it back, says so and exits ${status}`, async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '1_done.sql': 'CREATE TABLE done ();',
      '2_long.sql': 'CREATE TABLE half ();\nSELECT pg_sleep(600);',
      '3_next.sql': 'CREATE TABLE next ();',
    });
    const run = spawnAmelia(['migrate', '-m', folder, '-d', database.url, '--verbose']);
    await sleeps(database);
    const begun = performance.now();
    run.child.kill(signal);
    const result = await run.result;
    expect(performance.now() - begun).toBeLessThan(soon(2000));
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toContain('rolled back: 2 · applied before it: 1 · not run: 3 · the database is at 1');
    expect(await database.query(`SELECT to_regclass('half') AS half, to_regclass('done')::text AS done`)).toEqual([
      { half: null, done: 'done' },
    ]);
    expect(
      await database.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'amelia-db' AND datname = current_database()`,
      ),
    ).toEqual([{ n: 0 }]);
  });
});

it('stdout and stderr that nobody reads do not stop a migration half-way', async () => {
  const database = await freshDatabase();
  const folder = folderOf({ '1_a.sql': 'SELECT pg_sleep(1.5);', '2_b.sql': 'CREATE TABLE b ();' });
  const run = spawnAmelia(['migrate', '-m', folder, '-d', database.url, '--verbose']);
  await sleeps(database);
  run.child.stdout.destroy();
  run.child.stderr.destroy();
  expect(await run.result).toMatchObject({ status: 0 });
  expect(await database.query('SELECT version FROM schema_migrations ORDER BY 1')).toHaveLength(2);
});

/** Resolves when a migration's pg_sleep runs. */
async function sleeps(database: TestDatabase): Promise<void> {
  const asleep = () =>
    database.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`);
  await expect.poll(asleep).toHaveLength(1);
}

describe('--wait', () => {
  it('goes on trying until the database is there', async () => {
    const server = await startServer();
    await server.stop('fast');
    const folder = folderOf({ '1_a.sql': 'SELECT 1;' });
    const run = spawnAmelia(['migrate', '-m', folder, '-d', server.url, '--wait', '30s']);
    await run.shows('waiting for the database');
    await server.start();
    expect(await run.result).toMatchObject({ status: 0 });
  });

  it('goes on trying until a connection is free', async () => {
    const database = await freshDatabase();
    const role = await database.role({ attributes: 'CONNECTION LIMIT 1' });
    await database.query(`GRANT CREATE ON SCHEMA public TO ${role.name}`);
    const taken = postgres(role.url, { max: 1 });
    await taken`SELECT 1`;
    const args = ['migrate', '-m', folderOf({ '1_a.sql': 'SELECT 1;' }), '-d', role.url];

    const refused = await amelia(args);
    expect(refused).toMatchObject({ status: 5, stderr: expect.stringContaining('--wait DURATION waits') as string });
    const run = spawnAmelia([...args, '--wait', '60s']);
    await run.shows('waiting for the database');
    await taken.end();
    expect(await run.result).toMatchObject({ status: 0 });
  });

  it('ends with exit status 5 when the time is up', async () => {
    const server = await startServer();
    await server.stop('fast');
    const run = await amelia(['migrate', '--allow-empty', '-m', folderOf(), '-d', server.url, '--wait', '700ms']);
    expect(run).toMatchObject({ status: 5, stderr: expect.stringContaining('error[session.unreachable]') as string });
  });
});
