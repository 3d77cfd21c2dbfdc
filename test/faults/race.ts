// Many processes at once on one empty database, by way of any URL; says everything that came of it.
import { amelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { everything } from './points.ts';
import { readLeftovers } from './five.ts';

export const rounds = everything ? 20 : 3;
export const processes = everything ? 50 : 20;

const files = {
  '1_ran.sql': 'CREATE TABLE ran (version int, n int);\nINSERT INTO ran VALUES (1, 0);',
  '2_index.sql': '-- amelia-db: no-transaction\nCREATE INDEX CONCURRENTLY ran_version ON ran (version);',
  '3_more.sql': 'INSERT INTO ran VALUES (3, 0);\nUPDATE ran SET n = n + 1;',
  '4_both.sql':
    '-- amelia-db: no-transaction\nUPDATE ran SET n = n + 1;\nCREATE INDEX CONCURRENTLY ran_n ON ran (n);\nINSERT INTO ran VALUES (4, 0);',
  '5_last.sql': 'INSERT INTO ran VALUES (5, 0);',
};

/** What there must be after a race, however many took part. */
export const exactlyOnce = {
  failures: [],
  applied: ['1', '2', '3', '4', '5'],
  recorded: ['1', '2', '3', '4', '5'],
  ran: ['1: 2', '3: 2', '4: 0', '5: 0'],
  indexes: ['ran_n: true', 'ran_version: true'],
  deadlocks: 0,
  locks: 0,
};

/** Starts so many processes at once and waits for all of them. */
export async function race(urlFor: (database: TestDatabase) => string): Promise<typeof exactlyOnce> {
  const database = await freshDatabase();
  const folder = folderOf(files);
  const args = ['migrate', '-m', folder, '-d', urlFor(database), '--json'];
  const runs = await Promise.all(Array.from({ length: processes }, () => amelia(args, { timeoutMs: 240_000 })));
  const list = async (text: string) => (await database.query<{ it: string }>(text)).map(({ it }) => it);
  const failures = runs
    .filter(({ status }) => status !== 0)
    .map(({ status, signal, stdout, stderr }) => `exit ${status ?? signal}: ${stdout.slice(0, 600)}${stderr}`);
  const applied = runs.flatMap(({ stdout }) => {
    const { steps = [] } = JSON.parse(stdout || '{}') as { steps?: { version: string; state: string }[] };
    return steps.filter(({ state }) => state === 'applied').map(({ version }) => version);
  });
  const [row] = await database.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return {
    failures: failures as never[],
    applied: applied.sort(),
    recorded: await list('SELECT version::text AS it FROM schema_migrations ORDER BY version'),
    ran: await list(`SELECT version || ': ' || n AS it FROM ran ORDER BY version`),
    indexes: await list(
      `SELECT relname || ': ' || indisvalid AS it FROM pg_index JOIN pg_class ON oid = indexrelid
       WHERE indrelid = 'ran'::regclass ORDER BY 1`,
    ),
    deadlocks: row!.deadlocks,
    locks: (await readLeftovers(database.url)).locks,
  };
}
