// Timeouts that a role or a database has set for its application do not end a migration; those of the command do.
import { expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { serverMajor } from '../../support/server.ts';
import { run } from '../../unit/cli/host.ts';

const settings = [
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  ...(serverMajor() >= 17 ? ['transaction_timeout'] : []),
];

it.each(['', '-- amelia-db: no-transaction\n'])('none but our own end a migration (%j)', async (head) => {
  const database = await freshDatabase();
  for (const name of settings) await database.query(`ALTER DATABASE ${database.name} SET ${name} = '700ms'`);
  const folder = folderOf({
    '1_slow.sql': `${head}CREATE TABLE first ();\nSELECT pg_sleep(1.2);`,
    '2_next.sql': 'SELECT 1;',
  });
  const result = await engineFor(database.url, folder).migrate();
  expect(result.steps.map(({ state }) => state)).toEqual(['applied', 'applied']);
});

it('0 is none, and any other is kept', async () => {
  const database = await freshDatabase();
  await database.query(`ALTER DATABASE ${database.name} SET statement_timeout = '700ms'`);
  const folder = folderOf({ '1_slow.sql': 'SELECT pg_sleep(1.2);' });
  const error = await failureOf(
    engineFor(database.url, folder, { statementTimeoutMs: 100 }).migrate(),
    'apply.statement-failed',
  );
  expect(error.facts).toMatchObject({ sqlstate: '57014' });
  const { steps } = await engineFor(database.url, folder, { statementTimeoutMs: 0 }).migrate();
  expect(steps.map(({ state }) => state)).toEqual(['applied']);
});

it.each([
  ['0', '0'],
  ['0s', '0'],
  ['90s', '90s'],
])(
  '--lock-timeout and --statement-timeout %s: the server has %s, whatever the database is set to',
  async (given, has) => {
    const database = await freshDatabase();
    for (const name of ['lock_timeout', 'statement_timeout'])
      await database.query(`ALTER DATABASE ${database.name} SET ${name} = '100s'`);
    const seen = `CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement;`;
    const folder = folderOf({ '1_seen.sql': seen });
    const timeouts = ['--lock-timeout', given, '--statement-timeout', given];
    expect(await run(['migrate', '-d', database.url, '-m', folder, ...timeouts])).toMatchObject({ status: 0 });
    expect(await database.query('SELECT * FROM seen')).toEqual([{ lock: has, statement: has }]);
  },
);

it('a statement that somebody cancelled is to be run again', async () => {
  const database = await freshDatabase();
  const folder = folderOf({ '1_cancels.sql': 'SELECT pg_cancel_backend(pg_backend_pid()); SELECT pg_sleep(5);' });
  const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
  expect(error.facts).toMatchObject({ sqlstate: '57014' });
  expect(error.hint).toContain('run the same command again');
});

it('a routine that commits by itself is told to be put outside of a transaction', async () => {
  const database = await freshDatabase();
  const folder = folderOf({ '1_commits.sql': 'DO $$ BEGIN COMMIT; END $$;' });
  const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
  expect(error.facts).toMatchObject({ sqlstate: '2D000' });
  expect(error.hint).toContain('no-transaction');
});

it('an object in use is explained', async () => {
  const database = await freshDatabase();
  const folder = folderOf({
    '1_events.sql': `CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
INSERT INTO b VALUES (1);
ALTER TABLE b ADD COLUMN c int;`,
  });
  const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
  expect(error.facts).toMatchObject({ sqlstate: '55006' });
  expect(error.hint).toContain('trigger events');
});
