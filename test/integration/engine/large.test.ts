// A file too large to be held while it runs: applied as any other, and rolled back when somebody writes to it meanwhile.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';

const note = 'x'.repeat(1000);
const inserts = Array.from({ length: 18_000 }, (_, i) => `INSERT INTO t VALUES (${i}, '${note}');\n`);
const rows = Array.from({ length: 18_000 }, (_, i) => `${i}\t${note}\n`);

it.each([
  ['INSERTs', inserts.join('')],
  ['rows of a COPY', `COPY t FROM stdin;\n${rows.join('')}\\.\n`],
])('%s of eighteen megabytes are applied, each once', async (_, sql) => {
  const database = await freshDatabase();
  const folder = folderOf({ '1_large.sql': `CREATE TABLE t (id int PRIMARY KEY, note text);\n${sql}SELECT 1;` });
  expect(await engineFor(database.url, folder).migrate()).toMatchObject({ steps: [{ state: 'applied' }] });
  expect(await database.query('SELECT count(*)::int AS n, min(length(note)) AS short FROM t')).toEqual([
    { n: 18_000, short: 1000 },
  ]);
});

it.each([
  ['grows', (path: string) => appendFileSync(path, 'SELECT 2;')],
  ['is emptied', (path: string) => writeFileSync(path, '')],
])('a file that %s while it runs is rolled back, and says so', async (_, change) => {
  const database = await freshDatabase();
  const folder = folderOf({
    '1_first.sql': 'CREATE TABLE first ();',
    '2_large.sql': `CREATE TABLE t (id int PRIMARY KEY, note text);\n${inserts.join('')}`,
    '3_last.sql': 'CREATE TABLE last ();',
  });
  let changed = false;
  const engine = engineFor(database.url, folder, {
    onEvent: (event) => {
      if (changed || event.type !== 'statement-finished' || event.version !== '2') return;
      changed = true;
      change(join(folder, '2_large.sql'));
    },
  });
  const error = await failureOf(engine.migrate(), 'apply.file-changed');
  expect(error.exitStatus).toBe(1);
  expect(error.result?.steps.map(({ state }) => state)).toEqual(['applied', 'rolled-back', 'not-run']);
  expect(await database.query(`SELECT to_regclass('first')::text AS first, to_regclass('t') AS t`)).toEqual([
    { first: 'first', t: null },
  ]);
});
