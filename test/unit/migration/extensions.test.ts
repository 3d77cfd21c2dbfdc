// Which extensions a folder creates, and which the embedded server has.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { embeddedExtensions, extensionsIn } from '../../../src/migration/extensions.ts';
import { folderOf } from '../../support/folder.ts';

it('knows each extension that PGlite carries', () => {
  const pglite = path.dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  const carried = readdirSync(path.join(pglite, 'contrib'))
    .filter((name) => name.endsWith('.js') && name !== 'auto_explain.js') // a library, not an extension
    .map((name) => name.replace('.js', '').replace('uuid_ossp', 'uuid-ossp'));
  expect([...carried, 'vector'].sort()).toEqual([...embeddedExtensions].sort());
});

it.each([
  ['CREATE EXTENSION vector;', ['vector']],
  ['create extension if not exists "uuid-ossp" with schema tools cascade;', ['uuid-ossp']],
  ['CREATE\n  EXTENSION -- why\n IF NOT /* ** */ EXISTS Hstore;', ['hstore']],
  ["DO $$ BEGIN EXECUTE 'CREATE EXTENSION pg_trgm'; END $$;", ['pg_trgm']],
  ['CREATE EXTENSION earthdistance CASCADE;', ['earthdistance', 'cube']],
  ['CREATE TABLE extension (id int);', []],
  [`CREATE ${'/**/'.repeat(20_000)}`, []],
])('finds the extensions of %.60j', (sql, names) => {
  expect(extensionsIn(folderOf({ '1_a.sql': sql }))).toEqual(names);
});
