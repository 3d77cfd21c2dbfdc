// What pg_dump wrote, as the first migration: real output of pg_dump 15.18 and 17.11 from Amelia's
// finished schema with a few nasty rows (test/conformance/pg_dump).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { serverMajor } from '../../support/server.ts';
import { readSchema } from '../schemas/schema.ts';

const dump = (major: number) => readFileSync(`test/conformance/pg_dump/${major}.sql`);

// transaction_timeout, which pg_dump 17 sets, came with PostgreSQL 17.
const dumps = [15, 17].filter((major) => major <= serverMajor());

describe.each(dumps)('a dump of pg_dump %i', (major) => {
  it('applies to an empty database, and the next migration finds its tables and the history', async () => {
    const database = await freshDatabase();
    const folder = folderOf({
      '001_dump.sql': dump(major),
      '002_next.sql': `ALTER TABLE workflows ADD COLUMN seen int;
        UPDATE workflows SET seen = (SELECT max(version) FROM schema_migrations);`,
    });

    expect(await engineFor(database.url, folder).migrate()).toMatchObject({ from: null, to: '2' });

    expect(await database.query('SELECT worktree_path, plan_cache, seen FROM workflows')).toEqual([
      { worktree_path: '/w/日本 🎉', plan_cache: { 'a;b': '/* no comment' }, seen: 1 },
    ]);
    expect(await database.query('SELECT description FROM prompts')).toEqual([
      { description: 'tab\there; $$ and \\ "quotes"\nsecond line\n\\.\n' },
    ]);
    const [{ n } = { n: 0 }] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM events');
    expect(n).toBe(2);
  });

  it('gives the schema that it was made from', async () => {
    const [dumped, migrated] = [await freshDatabase(), await freshDatabase()];
    await engineFor(dumped.url, folderOf({ '001_dump.sql': dump(major) })).migrate();
    await engineFor(migrated.url, 'migrations').migrate();
    expect(await readSchema(dumped)).toEqual(await readSchema(migrated));
  });
});

it('a dump that holds the history table itself is told how to leave it out', async () => {
  const database = await freshDatabase();
  const folder = folderOf({ '001_dump.sql': 'CREATE TABLE public.schema_migrations (version integer NOT NULL);' });
  const error = await failureOf(engineFor(database.url, folder).migrate(), 'apply.statement-failed');
  expect(error.hint).toContain('pg_dump --exclude-table=schema_migrations');
});
