// A history that an older version made lacks columns: they are added by who may, and nobody stumbles over them.
import postgres from 'postgres';
import { expect, it, onTestFinished } from 'vitest';
import about from '../../../package.json' with { type: 'json' };
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';

const olderHistory = `CREATE TABLE schema_migrations (version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now(), name text, checksum text, duration_ms bigint, applied_by text);
  CREATE TABLE schema_migrations_journal (version bigint PRIMARY KEY, name text, direction text NOT NULL,
    completed integer NOT NULL, statements integer NOT NULL, started integer, prefix text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO schema_migrations (version, name) VALUES (1, 'a')`;

const folder = () =>
  folderOf({
    '1_a.sql': 'SELECT 1;',
    '2_b.sql': 'CREATE TABLE b ();',
    '3_c.sql': '-- amelia-db: no-transaction\nCREATE TABLE c ();\nSELECT 1/0;',
  });

const said = `SELECT to_jsonb(h) ->> 'tool_version' AS tool, to_jsonb(h) ->> 'statements_checksum' AS sum
  FROM schema_migrations h WHERE version = 2`;
const journal = `SELECT completed, to_jsonb(j) ->> 'error' AS error, to_jsonb(j) ->> 'updated_at' IS NOT NULL AS dated
  FROM schema_migrations_journal j`;

it('its owner adds them, and they are written', async () => {
  const database = await freshDatabase();
  await database.query(olderHistory);
  await failureOf(engineFor(database.url, folder()).migrate(), 'apply.statement-failed');
  expect(await database.query(said)).toEqual([
    { tool: about.version, sum: expect.stringMatching(/^sha256:/) as string },
  ]);
  expect(await database.query(journal)).toEqual([
    { completed: 1, error: expect.stringContaining('division') as string, dated: true },
  ]);
});

it('a role that may write into it, and not alter it, goes on without', async () => {
  const database = await freshDatabase();
  const role = await database.role();
  await database.query(`${olderHistory}; GRANT CREATE ON SCHEMA public TO ${role.name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON schema_migrations, schema_migrations_journal TO ${role.name}`);
  await failureOf(engineFor(role.url, folder()).migrate(), 'apply.statement-failed');
  expect(await database.query(said)).toEqual([{ tool: null, sum: null }]);
  expect(await database.query(journal)).toEqual([{ completed: 1, error: null, dated: false }]);
});

it('a role that may only read it sees how it stands', async () => {
  const database = await freshDatabase();
  const role = await database.role();
  await database.query(`${olderHistory}; GRANT SELECT ON schema_migrations, schema_migrations_journal TO ${role.name};
    INSERT INTO schema_migrations_journal VALUES (3, 'c', 'up', 1, 2, 1, '')`);
  const { summary } = await engineFor(role.url, folder()).status();
  expect(summary).toMatchObject({ applied: 1, pending: 1, unfinished: 1 });
});

it('who reads it for long, such as a backup, keeps nobody from migrating', async () => {
  const database = await freshDatabase();
  await database.query(olderHistory);
  const reader = postgres(database.url, { max: 1, fetch_types: false });
  onTestFinished(() => reader.end({ timeout: 0.2 }));
  await reader.unsafe('BEGIN; SELECT FROM schema_migrations').simple();
  expect(await engineFor(database.url, folder(), { lockTimeoutMs: 50 }).migrate({ to: 2n })).toMatchObject({ to: '2' });
  expect(await database.query(said)).toEqual([{ tool: null, sum: null }]);
});

it('a column of that name that is somebody else’s stays theirs', async () => {
  const database = await freshDatabase();
  await database.query(`${olderHistory}; ALTER TABLE schema_migrations ADD COLUMN tool_version integer`);
  await engineFor(database.url, folder()).migrate({ to: 2n });
  expect(await database.query(said)).toEqual([{ tool: null, sum: expect.stringMatching(/^sha256:/) as string }]);
});
