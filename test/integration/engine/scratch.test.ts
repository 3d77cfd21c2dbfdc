// The database of --scratch-url: refused when it holds anything, left as empty as it was found.
import { expect, it } from 'vitest';
import { parseTarget } from '../../../src/database/target.ts';
import { check } from '../../../src/check/check.ts';
import { freshDatabase } from '../../support/database.ts';
import { failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';

const signal = new AbortController().signal;
const target = (url: string) => parseTarget({ url, env: {} });

const everything = {
  '1_all.sql': `CREATE SCHEMA app;
CREATE EXTENSION citext SCHEMA public;
CREATE TYPE mood AS ENUM ('well'); CREATE DOMAIN short AS varchar(3) CHECK (VALUE <> ''); CREATE TYPE pair AS (a int, b int);
CREATE TYPE span AS RANGE (subtype = int4);
CREATE TABLE app.users (id serial PRIMARY KEY, name text); CREATE TABLE things (id serial PRIMARY KEY, m mood, email citext);
CREATE VIEW names AS SELECT name FROM app.users;
CREATE FUNCTION same(a int4, b text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR === (LEFTARG = int4, RIGHTARG = text, FUNCTION = same);
CREATE AGGREGATE total(int4) (SFUNC = int4pl, STYPE = int4);
CREATE CAST (pair AS text) WITH INOUT;
CREATE COLLATION plain FROM "C";
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
CREATE FUNCTION ended() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION ended();
CREATE PUBLICATION all_of_it FOR TABLE things;`,
  '1_all.down.sql': 'SELECT 1;',
};

it('is left empty, whatever the migrations made, and although a rollback left it all', async () => {
  const scratch = await freshDatabase();
  const run = async () => await check({ migrations: folderOf(everything), scratch: target(scratch.url), signal });

  const first = await run();

  expect(first.findings.map(({ error }) => error.code)).toContain('check.not-restored');
  expect(first.migrations.map(({ replayed }) => replayed)).toEqual([true]);
  // A second run would refuse what the first one left.
  expect((await run()).findings.length).toBe(first.findings.length);
});

it('keeps the extensions that were there before', async () => {
  const scratch = await freshDatabase();
  await scratch.query('CREATE EXTENSION citext; CREATE EXTENSION hstore');
  const migrations = folderOf({
    '1_a.sql': 'CREATE EXTENSION IF NOT EXISTS citext; CREATE TABLE a (id int PRIMARY KEY, email citext UNIQUE);',
  });

  const { findings } = await check({ migrations, scratch: target(scratch.url), signal });

  expect(findings).toEqual([]);
  expect(await scratch.query('SELECT extname FROM pg_extension ORDER BY 1')).toEqual([
    { extname: 'citext' },
    { extname: 'hstore' },
    { extname: 'plpgsql' },
  ]);
});

it.each([
  ['a table', 'CREATE TABLE kept (id int)', 'table public.kept'],
  ['a schema', 'CREATE SCHEMA app', 'schema app'],
  [
    'an operator',
    'CREATE OPERATOR public.=== (LEFTARG = int4, RIGHTARG = int4, FUNCTION = int4eq)',
    'operator public.===',
  ],
  [
    'an event trigger',
    `CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION f()`,
    'event trigger watcher',
  ],
])('is refused where it holds %s, and nothing of it is touched', async (_, sql, found) => {
  const scratch = await freshDatabase();
  await scratch.query(sql);
  const migrations = folderOf({ '1_a.sql': 'CREATE TABLE a (id int PRIMARY KEY);' });

  const error = await failureOf(
    check({ migrations, scratch: target(scratch.url), signal }),
    'verify.scratch-not-empty',
  );

  expect(error.message).toContain(found);
  expect(await scratch.query("SELECT to_regclass('public.a') AS a")).toEqual([{ a: null }]);
});
