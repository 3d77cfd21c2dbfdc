// Which edits of a file leave its statements as they are.
import { expect, it } from 'vitest';
import { parseScript } from '../../../src/migration/parse.ts';
import { statementsChecksum } from '../../../src/migration/statements-checksum.ts';

const sumOf = (sql: string) => statementsChecksum(parseScript('1_a.sql', Buffer.from(sql)));

it.each([
  ['a comment', 'SELECT 1;', '-- what it is for\nSELECT /* one */ 1 -- and so on\n;'],
  ['an indentation', 'CREATE TABLE t (id int, n text);', 'CREATE TABLE t (\n  id int,\n\tn text\n);\n\n'],
  ['white space around an operator', 'SELECT 1+2, a->>0, a.b', 'SELECT 1 + 2 , a ->> 0, a . b;'],
  ['a timeout for that file', 'SELECT 1', '-- amelia-db: lock-timeout 30s\nSELECT 1'],
  ['line ends', "SELECT 'a\nb';\nSELECT 2;", "SELECT 'a\r\nb';\r\nSELECT 2;\r\n"],
  ['a byte order mark', 'SELECT 1;', '\uFEFFSELECT 1;'],
  ['a semicolon at the end', 'SELECT 1', 'SELECT 1;'],
  ['a longer break in a continued string', "SELECT 'a'\n'b'", "SELECT 'a' -- and\n\n 'b'"],
])('%s does not count', (_, before, after) => {
  expect(sumOf(before)).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(sumOf(after)).toBe(sumOf(before));
});

it.each([
  ['a value', 'SELECT 1;', 'SELECT 2;'],
  ['white space in a string', "SELECT 'a b'", "SELECT 'a  b'"],
  ['white space in a quoted name', 'SELECT "a b"', 'SELECT "a  b"'],
  ['a comment in a function body', 'DO $$ BEGIN END $$', 'DO $$ BEGIN /* */ END $$'],
  ['a statement more', 'SELECT 1;', 'SELECT 1; SELECT 1;'],
  ['where one statement ends', 'SELECT 1; SELECT 2', 'SELECT 1 SELECT; 2'],
  ['two operators for one', 'SELECT a <= b', 'SELECT a < = b'],
  ['two words for one', 'SELECT ab', 'SELECT a b'],
  ['an alias for an exponent', 'SELECT 1.e5', 'SELECT 1. e5'],
  ['a literal for a cast', "SELECT n'a'", "SELECT n 'a'"],
  ['two strings for one', "SELECT 'a'\n'b'", "SELECT 'a' 'b'"],
  ['a comment that was code', 'SELECT 1 - -1', 'SELECT 1 --1'],
  ['rows', 'COPY t FROM stdin;\n1\n\\.\n', 'COPY t FROM stdin;\n1 \n\\.\n'],
  ['how it runs', 'SELECT 1', '-- amelia-db: no-transaction\nSELECT 1'],
])('%s counts', (_, before, after) => {
  expect(sumOf(after)).not.toBe(sumOf(before));
});

it('is not known where the file itself says how its strings are read, or is large', () => {
  expect(sumOf('SET standard_conforming_strings = off; SELECT 1;')).toBeNull();
  expect(sumOf(`SELECT '${'x'.repeat(5_000_000)}'`)).toBeNull();
});
