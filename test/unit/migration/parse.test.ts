import { describe, expect, test } from 'vitest';
import { checksum } from '../../../src/migration/checksum.ts';
import { parseMigration, parseScript } from '../../../src/migration/parse.ts';
import { thrown } from './thrown.ts';

const parsing = (text: string) => () => parseScript('x.sql', Buffer.from(text));
const shown = (text: string) =>
  Array.from(parsing(text)().statements, ({ start, end }) => Buffer.from(text).toString('utf8', start, end));
const noTransaction = '-- amelia-db: no-transaction\n';

test('a migration is its file, its text as it was read, its checksum, its directives and its statements', () => {
  const file = { version: 7n, name: 'a', path: 'm/007_a.sql', rollbackPath: 'm/007_a.down.sql' };
  const text = Buffer.from('-- amelia-db: lock-timeout 2s\nselect 1;');
  const parsed = parseMigration(file, text);
  expect(parsed).toMatchObject({
    version: 7n,
    name: 'a',
    path: 'm/007_a.sql',
    text,
    checksum: checksum(text),
    transaction: true,
    lockTimeoutMs: 2_000,
  });
  expect([...parsed.statements]).toEqual([{ start: 30, end: 38 }]);
  expect(parsed.reader().read(30, 38).toString()).toBe('select 1');
});

describe('a file is one transaction', () => {
  test.each([
    ['BEGIN; select 1; COMMIT;'],
    ['begin work; select 1; commit work'],
    ['begin transaction; select 1; commit transaction;'],
    ['Start Transaction; select 1; End;'],
    ['-- a\n\nbegin/* b */;\nselect 1; end transaction; -- c\n'],
    ['\\restrict x\nbegin; select 1; commit and no chain;\n\\unrestrict x\n'],
  ])('and a wrapper around it is left out: %s', (text) => {
    expect(shown(text)).toEqual(['select 1']);
  });

  test.each([
    ['BEGIN and COMMIT', 'begin; commit;'],
    ['nothing', ''],
    ['a byte order mark', '\ufeff'],
    ['white space', ' \n\t\r\n'],
    ['comments', '-- nothing\n/* yet; */'],
    ['directives', '-- amelia-db: no-transaction\n'],
    ['semicolons', ';;\n;'],
  ])('a file with %s only is refused: there is nothing in it', (_, text) => {
    const error = thrown('parse.empty', () => parseScript('migrations/7_x.sql', Buffer.from(text)));
    expect(error.message).toContain('migrations/7_x.sql');
    expect(error.location).toMatchObject({ line: 1, column: 1 });
    expect(error.exitStatus).toBe(3);
  });

  test.each([
    ['START TRANSACTION … END', 'start transaction; select 1; end;'],
    ['comments before and after', '-- why\n/* so */ BEGIN;\nselect 1;\nCOMMIT; -- done\n'],
    ['BEGIN WORK … COMMIT WORK', 'begin work; select 1; commit work'],
    ['BEGIN TRANSACTION … END TRANSACTION', 'BEGIN TRANSACTION; select 1; END TRANSACTION;'],
  ])('a wrapper of %s is left out', (_, text) => {
    expect(shown(text)).toEqual(['select 1']);
  });

  test('savepoints are its own business', () => {
    const text =
      'savepoint a; rollback to savepoint a; rollback work to a; release savepoint a; abort transaction to a';
    expect(shown(text)).toHaveLength(5);
    expect(shown(`begin; ${text}; commit`)).toHaveLength(5);
  });

  test.each([
    'prepare transaction as select 1',
    'prepare p as select 1',
    'set transaction isolation level serializable',
    "select 'begin; commit;'",
    'create table begin (commit int)',
    'do $$ begin commit; end $$',
    'create function f() returns int begin atomic select 1; end',
    'call commit()',
  ])('and this is no transaction control: %s', (text) => {
    expect(shown(`${text};`)).toEqual([text]);
  });

  test.each([
    ['select 1;\ncommit;', '2:1', 'commit'],
    ['begin; select 1;', '1:1', 'begin'],
    ['select 1; commit;', '1:11', 'commit'],
    ['begin; select 1; commit; select 2;', '1:1', 'begin'],
    ['begin; select 1; rollback;', '1:1', 'begin'],
    ['begin; select 1; commit;\nbegin; select 2; commit;', '1:18', 'commit'],
    ['BEGIN ISOLATION LEVEL\n  SERIALIZABLE; select 1; commit;', '1:1', 'BEGIN ISOLATION LEVEL SERIALIZABLE'],
    ['start transaction read only; select 1; commit;', '1:1', 'start transaction read only'],
    ['begin; select 1; commit and chain;', '1:1', 'begin'],
    ['select 1; rollback;', '1:11', 'rollback'],
    ['select 1; abort;', '1:11', 'abort'],
    ['select 1; end;', '1:11', 'end'],
    ["select 1; prepare transaction 'x';", '1:11', "prepare transaction 'x'"],
    ["select 1; commit prepared 'x';", '1:11', "commit prepared 'x'"],
    ["select 1; ROLLBACK PREPARED 'x';", '1:11', "ROLLBACK PREPARED 'x'"],
    ['commit;', '1:1', 'commit'],
    ['/* é */ begin;', '1:9', 'begin'],
  ])('and other transaction control is refused: %j', (text, place, statement) => {
    const error = thrown('parse.transaction-control', parsing(text));
    expect(`${error.location?.line}:${error.location?.column}`).toBe(place);
    expect(error.facts).toEqual({ statement });
    expect(error.hint).toContain('-- amelia-db: no-transaction');
  });
});

describe('a no-transaction file', () => {
  const controls = (text: string) => Array.from(parsing(noTransaction + text)().statements, ({ control }) => control);

  test('keeps its blocks, and says what each statement does to them', () => {
    expect(controls('vacuum; begin; select 1; commit; start transaction read only; rollback; vacuum;')).toEqual([
      undefined,
      'begin',
      undefined,
      'commit',
      'begin',
      'rollback',
      undefined,
    ]);
  });

  test('keeps a wrapper around the whole file', () => {
    expect(controls('begin isolation level serializable; select 1; end;')).toEqual(['begin', undefined, 'commit']);
  });

  test('may prepare a transaction and finish one that was prepared', () => {
    expect(controls("begin; prepare transaction 'x'; commit prepared 'x'; rollback prepared 'y';")).toEqual([
      'begin',
      'prepare',
      undefined,
      undefined,
    ]);
  });

  test.each([
    ['a block that stays open', 'parse.unclosed-transaction', 'select 1;\nbegin; select 2;', '3:1'],
    ['a block in a block', 'parse.unclosed-transaction', 'begin; start transaction; commit;', '2:1'],
    ['COMMIT without BEGIN', 'parse.unopened-transaction', 'begin; commit;\ncommit;', '3:1'],
    ['ROLLBACK without BEGIN', 'parse.unopened-transaction', 'rollback;', '2:1'],
    ['PREPARE TRANSACTION without BEGIN', 'parse.unopened-transaction', "prepare transaction 'x';", '2:1'],
    ['AND CHAIN', 'parse.chained-transaction', 'begin; commit and chain; commit;', '2:8'],
    ['AND CHAIN of a rollback', 'parse.chained-transaction', 'begin; rollback work and chain; commit;', '2:8'],
  ] as const)('is refused for %s', (_, code, text, place) => {
    const { location } = thrown(code, parsing(noTransaction + text));
    expect(`${location?.line}:${location?.column}`).toBe(place);
  });
});

describe('COPY to the client has nowhere to go', () => {
  test.each([
    ['copy t to stdout;', '1:1'],
    ['select 1;\nCOPY (select a from stdin) TO STDOUT WITH (format csv);', '2:1'],
    ['copy t (a, b) to stdin;', '1:1'],
    [`${noTransaction}copy t to stdout;`, '2:1'],
    ['begin; copy public.to to stdout; commit;', '1:8'],
  ])('%j', (text, place) => {
    const { location } = thrown('parse.copy-to-stdout', parsing(text));
    expect(`${location?.line}:${location?.column}`).toBe(place);
  });

  test.each(["copy t to '/tmp/stdout';", "copy t to program 'cat';", 'copy "to stdout" from stdin;\n\\.\n'])(
    'but %j has',
    (text) => {
      expect(shown(text)).toHaveLength(1);
    },
  );
});

describe('what makes the server read the rest of the file otherwise is refused', () => {
  test.each([
    ["SET client_encoding = 'LATIN1';", '1:1'],
    ['select 1;\nset local client_encoding to win1252;', '2:1'],
    ['SET SESSION "client_encoding" TO \'SJIS\';', '1:1'],
    ["set names 'gbk';", '1:1'],
    ["select set_config('client_encoding', 'LATIN1', false);", '1:1'],
    ["SELECT 1, pg_catalog.\"set_config\"('client_encoding', current_setting('a.b'), true);", '1:1'],
    ["SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false);", '1:1'],
    [`${noTransaction}set names latin1;`, '2:1'],
  ])('%j', (text, place) => {
    const { location } = thrown('parse.text-setting', parsing(text));
    expect(`${location?.line}:${location?.column}`).toBe(place);
  });

  test.each([
    "SET client_encoding = 'UTF8';",
    "SET client_encoding TO 'utf-8';",
    'set client_encoding = default;',
    "set names 'UNICODE';",
    "SET client_encoding = 'SQL_ASCII';",
    "select pg_catalog.set_config('search_path', '', false);",
    "select set_config('standard_conforming_strings', 'on', false);",
    "select 'set_config(''client_encoding'', ''LATIN1'', false)';",
    'set standard_conforming_strings = off;',
    'reset client_encoding;',
  ])('but %j is not', (text) => {
    expect(shown(text)).toHaveLength(1);
  });
});

test('COPY data stays with its statement', () => {
  const [, copy] = parsing('select 1;\ncopy t from stdin;\na\tb\n\\.\nselect 2;')().statements;
  expect(copy).toEqual({ start: 10, end: 27, copyData: { start: 29, end: 33 } });
});
