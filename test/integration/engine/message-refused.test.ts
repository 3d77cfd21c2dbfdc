// Any one of our messages may be refused while others are in flight behind it: a cancel that was meant for another
// statement hits it. Whatever the database then holds is what the history and the report say.
import { describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { startProxy } from '../../support/proxy.ts';

const names = ['a', 'b', 'c', 'd'];
const files = Object.fromEntries(
  names.map((name, i) => [
    `${i + 1}_${name}.sql`,
    `CREATE TABLE ${name} (id int);\nINSERT INTO ${name} VALUES (1);\nCREATE TABLE ${name}_too (id int);\n`,
  ]),
);

/** The tables of the migrations, and what the history says is applied. */
async function stateOf(db: TestDatabase) {
  const [state] = await db.query<{ tables: string[] | null; applied: string[] | null }>(`SELECT
    (SELECT json_agg(relname ORDER BY relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
      AND relname <> 'schema_migrations') AS tables,
    (SELECT json_agg(name ORDER BY version) FROM schema_migrations) AS applied`);
  return { tables: state?.tables ?? [], applied: state?.applied ?? [] };
}

const tablesOf = (applied: readonly string[]) => applied.flatMap((name) => [name, `${name}_too`]);

describe.each([
  ['a BEGIN', (text: string, version: number) => text.startsWith('BEGIN') && text.includes(`'${version}/`)],
  ['a first statement', (text: string, version: number) => text.startsWith(`CREATE TABLE ${names[version - 1]} `)],
  ['a record', (text: string, version: number) => text.startsWith('SET CONSTRAINTS') && text.includes(`'${version}/`)],
])('%s that is refused', (_, fits) => {
  it.each([1, 2, 3, 4])('takes back its migration and those behind it: of version %i', async (version) => {
    // Given four pending migrations, and a history
    const db = await freshDatabase();
    const folder = folderOf(files);
    await db.query(
      'CREATE TABLE schema_migrations (version int PRIMARY KEY, applied_at timestamptz DEFAULT now(), name text)',
    );
    const proxy = await startProxy(db.url);
    // When that message of one of them is refused
    proxy.fail({ what: 'fail', at: ({ type, text }) => type === 'Q' && fits(text, version) });
    const outcome = await engineFor(proxy.url, folder)
      .migrate()
      .catch((error: unknown) => error);
    expect(proxy.struck()).toBe(true);
    // Then those before it are applied, and nothing of it or of those behind it
    const { tables, applied } = await stateOf(db);
    expect(applied).toEqual(names.slice(0, version - 1));
    expect(tables).toEqual(tablesOf(applied));
    expect(outcome).toMatchObject({ exitStatus: 1 });
    // And the next run applies the rest
    await engineFor(db.url, folder).migrate();
    expect(await stateOf(db)).toEqual({ applied: names, tables: tablesOf(names) });
  });
});

it('applies nothing when what is sent before the first BEGIN is refused', async () => {
  // Given the same
  const db = await freshDatabase();
  const folder = folderOf(files);
  const proxy = await startProxy(db.url);
  // When the message is refused that makes all outside of our transactions read-only
  proxy.fail({
    what: 'fail',
    at: ({ type, text }) => type === 'Q' && text.startsWith('SET default_transaction_read_only'),
  });
  await expect(engineFor(proxy.url, folder).migrate()).rejects.toMatchObject({ exitStatus: 1 });
  expect(proxy.struck()).toBe(true);
  // Then nothing is applied, and the next run applies all
  expect(await stateOf(db)).toEqual({ applied: [], tables: [] });
  await engineFor(db.url, folder).migrate();
  expect(await stateOf(db)).toEqual({ applied: names, tables: tablesOf(names) });
});

it.each([
  'SET default_transaction_read_only = off;',
  'SET SESSION "default_transaction_read_only" TO DEFAULT;',
  'RESET default_transaction_read_only;',
  'RESET ALL;',
  'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;',
  "SELECT pg_catalog.set_config('default_transaction_read_only', 'off', false);",
])('nor does a file that makes its session writable: %s', async (statement) => {
  // Given two migrations, of which the second makes what follows writable
  const db = await freshDatabase();
  const folder = folderOf({ ...files, '2_b.sql': `${statement}\n${files['2_b.sql']}` });
  const proxy = await startProxy(db.url);
  // When its BEGIN is refused
  proxy.fail({
    what: 'fail',
    at: ({ type, text }) => type === 'Q' && text.startsWith('BEGIN') && text.includes(`'2/`),
  });
  await expect(engineFor(proxy.url, folder).migrate()).rejects.toMatchObject({ exitStatus: 1 });
  expect(proxy.struck()).toBe(true);
  // Then the first is applied, and nothing of the second
  expect(await stateOf(db)).toEqual({ applied: ['a'], tables: ['a', 'a_too'] });
});
