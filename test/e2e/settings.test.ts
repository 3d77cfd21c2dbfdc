// Settings that a database or a role has for its sessions, and that change what is printed or how long may be
// waited: they are nobody's business but theirs, and nothing that is told may depend on them.
import { expect, it } from 'vitest';
import { amelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

it.each([
  'quote_all_identifiers = on',
  "datestyle = 'German, DMY'",
  "bytea_output = 'escape'",
  'standard_conforming_strings = off',
  'array_nulls = off',
  'transform_null_equals = on',
  "client_encoding = 'LATIN1'",
  "default_transaction_isolation = 'serializable'",
])('with %s a schema is applied, healthy, proven and rolled back', async (setting) => {
  const database = await freshDatabase();
  await database.query(`ALTER DATABASE ${database.name} SET ${setting}`);
  const target = ['-m', 'migrations', '-d', database.url];
  const outcomes: Record<string, unknown> = {};
  for (const command of ['migrate', 'status --check', 'verify --strict --live', 'rollback --to 0']) {
    const { status, stderr } = await amelia([...command.split(' '), ...target]);
    outcomes[command] = status === 0 ? 0 : stderr;
  }
  expect(outcomes).toEqual({ migrate: 0, 'status --check': 0, 'verify --strict --live': 0, 'rollback --to 0': 0 });
});

it('with idle_session_timeout verify does not lose the database while the migrations are replayed elsewhere', async () => {
  const [database, scratch] = [await freshDatabase(), await freshDatabase()];
  const folder = folderOf({ '1_slow.sql': 'CREATE TABLE a (id int PRIMARY KEY); SELECT pg_sleep(4);' });
  const target = ['-m', folder, '-d', database.url];
  expect(await amelia(['migrate', ...target])).toMatchObject({ status: 0 });
  await database.query(`ALTER DATABASE ${database.name} SET idle_session_timeout = '3s'`);
  expect(await amelia(['verify', '--scratch-url', scratch.url, ...target])).toMatchObject({ status: 0 });
});
