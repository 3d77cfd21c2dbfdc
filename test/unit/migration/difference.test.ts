// What is said of two texts of one file.
import { expect, it } from 'vitest';
import { differenceOf } from '../../../src/migration/difference.ts';
import { parseScript } from '../../../src/migration/parse.ts';

const script = (sql: string) => parseScript('1_a.sql', Buffer.from(sql));
const said = (before: string, now: string) => differenceOf(script(before), script(now));

const table = `CREATE TABLE t (
  id bigint, -- its number
  note varchar(20),
  at date
);`;

it.each([
  [
    'a line of a statement',
    `SELECT 1;\n${table}`,
    `-- new\nSELECT 1;\n\n${table.replace('20', '30').replace('its', 'the')}`,
    'statement 2, line 6 was: note varchar(20),',
  ],
  ['a column more', table, table.replace('  at', '  by text,\n  at'), 'statement 1, line 4 was: at date'],
  ['an end that was cut off', 'SELECT 1\n+ 1;', 'SELECT 1;', 'statement 1, line 1 was: + 1;'],
  ['an end that was added', 'SELECT 1;', 'SELECT 1\n + 1;', 'statement 1, line 2 was: SELECT 1;'],
  [
    'a statement more',
    'SELECT 1; SELECT 3;',
    'SELECT 1;\nSELECT 2;\nSELECT 3;',
    'statement 2, line 2 is new: SELECT 2;',
  ],
  [
    'a statement less',
    'SELECT 1;\nSELECT 2;\nSELECT 3;',
    'SELECT 1; SELECT 3;',
    'statement 2 is gone, it was: SELECT 2;',
  ],
  [
    'several',
    'SELECT 1;\nSELECT 2;\nSELECT 3;\nSELECT 9;',
    'SELECT 4;\nSELECT 5;\nSELECT 6;\nSELECT 9;',
    'statement 1, line 1 was: SELECT 1; (and 2 more statements differ)',
  ],
  [
    'a line in a body',
    'DO $$ BEGIN\n  PERFORM 1;\n  PERFORM 2;\nEND $$;',
    'DO $$ BEGIN\n  PERFORM 1;\n  PERFORM 3;\nEND $$;',
    'statement 1, line 3 was: PERFORM 2;',
  ],
  ['rows', 'COPY t FROM stdin;\n1\n\\.\n', 'COPY t FROM stdin;\n2\n\\.\n', 'statement 1, line 2 was: 1'],
  [
    'how it runs',
    'SELECT 1;',
    '-- amelia-db: no-transaction\nSELECT 1;',
    'it was one transaction, and is no-transaction',
  ],
  [
    'what is far along a line',
    `SELECT ${'1 + '.repeat(100)} 20;`,
    `SELECT ${'1 + '.repeat(100)} 30;`,
    /^statement 1, line 1 was: …(1 \+ )+ 20;$/,
  ],
])('%s', (_, before, now, expected) => {
  expect(said(before, now)).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
});

it('is nothing where only comments differ, and nothing of what is too large to look at', () => {
  expect(said(table, `-- new\n${table.replace(' -- its number', '')}`)).toBeUndefined();
  const large = `SELECT '${'x'.repeat(1_100_000)}';`;
  expect(said(large, `${large} SELECT 1;`)).toBeUndefined();
});
