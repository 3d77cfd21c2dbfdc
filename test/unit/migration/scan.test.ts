import { describe, expect, test, vi } from 'vitest';
import { scan } from '../../../src/migration/scan.ts';
import { placeOf, thrown } from './thrown.ts';

// A slow machine is not a failure.
vi.setConfig({ testTimeout: 60_000 });

const bytes = (text: string) => Buffer.from(text);
const statements = (text: string) =>
  Array.from(scan('x.sql', bytes(text)).statements, ({ start, end }) => bytes(text).toString('utf8', start, end));
const scanning = (text: string) => () => scan('x.sql', bytes(text));

describe('a file is split at its semicolons', () => {
  test('into offsets of first and last token, the text left as it is', () => {
    expect([...scan('x.sql', bytes('-- é\n select 1 ;\n\nselect 2')).statements]).toEqual([
      { start: 7, end: 15 },
      { start: 19, end: 27 },
    ]);
  });

  test.each([
    ['nothing', ''],
    ['a byte order mark', '\ufeff'],
    ['comments', '-- a;\n/* b; /* c; */ */'],
    ['semicolons', ';;\r\n;'],
  ])('and %s gives no statement', (_, text) => {
    expect(statements(text)).toEqual([]);
  });

  test('where a view of other memory is given, within that view', () => {
    const memory = new TextEncoder().encode("'select 1;select 2'");
    expect(scan('x.sql', memory.subarray(1, 18)).statements).toHaveLength(2);
  });
});

// What the oracle cannot be asked: see scan-oracle.test.ts for all the rest.
describe('strings are read as the server reads them', () => {
  test.each([
    // Measured on PostgreSQL 18.3; libpg-query takes comments for the end of a string.
    [
      'a comment before the continuation',
      "select E'a' -- c\n '\\'; b'; select 2",
      ["select E'a' -- c\n '\\'; b'", 'select 2'],
    ],
    ['a line comment between', "select E'a'\n -- '\n '\\';'; select 2", ["select E'a'\n -- '\n '\\';'", 'select 2']],
    ['no continuation without a line break', "select E'a' 'b\\'; select 2", ["select E'a' 'b\\'", 'select 2']],
    ['nor over a block comment', "select E'a' /*\n*/\n'b\\'; select 2", ["select E'a' /*\n*/\n'b\\'", 'select 2']],
  ])('with %s', (_, text, expected) => {
    expect(statements(text)).toEqual(expected);
  });
});

test('a parameter is no dollar tag', () => {
  expect(statements('select $1$;$1$')).toEqual(['select $1$', '$1$']);
});

describe('standard_conforming_strings', () => {
  const escaped = "select 'a\\'; b'; select 2";
  const off = ["select 'a\\'; b'", 'select 2'];

  test.each([
    'SET standard_conforming_strings = off;',
    'set standard_conforming_strings to OFF;',
    "set session standard_conforming_strings = 'off';",
    'SET LOCAL standard_conforming_strings = false;',
    'set /* a */ standard_conforming_strings -- b\n = no;',
    'set standard_conforming_strings=0;',
    'set "standard_conforming_strings" = f;',
  ])('is off behind %s', (setting) => {
    expect(statements(setting + escaped).slice(1)).toEqual(off);
  });

  test.each([
    'SET standard_conforming_strings = on;',
    'set standard_conforming_strings = off; set standard_conforming_strings = true;',
    'set standard_conforming_strings = off; reset standard_conforming_strings;',
    'set standard_conforming_strings = off; set standard_conforming_strings to default;',
    'set standard_conforming_strings = off; reset all;',
    'set standard_conforming_strings = off; discard all;',
    'begin; set local standard_conforming_strings = off; commit;',
    'begin; set local standard_conforming_strings = off; rollback;',
    'set standard_conforming_strings_ = off;',
    "select 'set standard_conforming_strings = off;';",
  ])('is on behind %s', (setting) => {
    thrown('scan.unterminated', scanning(setting + escaped));
  });

  test('being off reads continuations and bit strings as the server does', () => {
    const set = 'set standard_conforming_strings = off;';
    expect(statements(`${set}select 'a'\n'\\';'; select 2`)).toHaveLength(3);
    expect(statements(`${set}select B'1', U&'a\\'; select 2`)).toHaveLength(3);
  });
});

describe('COPY … FROM stdin is followed by its data', () => {
  const data = (text: string) =>
    Array.from(scan('x.sql', bytes(text)).statements, ({ copyData }) =>
      copyData ? bytes(text).toString('utf8', copyData.start, copyData.end) : undefined,
    );

  test.each([
    ['rows', "copy t from stdin;\na\t';--\nb\n\\.\nselect 1;", ["a\t';--\nb\n", undefined]],
    ['no rows', 'copy t from stdin;\n\\.\n', ['']],
    ['CRLF', 'copy t from stdin;\r\na\r\n\\.\r\nselect 1', ['a\r\n', undefined]],
    ['CR', 'copy t from stdin;\ra\r\\.\rselect 1', ['a\r', undefined]],
    ['the end of the file', 'copy t from stdin;\na\n\\.', ['a\n']],
    ['CR at the end of the file', 'copy t from stdin;\r\na\r\n\\.\r', ['a\r\n']],
    [
      'lines that only look like the end',
      'copy t from stdin;\n \\.\n\\.x\n\\. \n\\\\.\n\\.\n',
      [' \\.\n\\.x\n\\. \n\\\\.\n'],
    ],
    ['a CR in quotes', 'copy t from stdin csv;\n"a\r\\.\rb"\n\\.\n', ['"a\r\\.\rb"\n']],
    ['a comment behind COPY', 'copy t from stdin; -- ; \na\n\\.\n', ['a\n']],
    ['comments behind COPY', 'copy t from stdin; /* a /* b */ */ /**/ \na\n\\.\n', ['a\n']],
    ['the grammar, which takes stdout for stdin', 'copy t from stdout;\na\n\\.\n', ['a\n']],
    ['options and a condition', "copy t (a, \"b\") from stdin with (delimiter ';') where a > '';\na\n\\.\n", ['a\n']],
    ['a name that looks like the rest', 'copy "from stdin" from\nstdin;\na\n\\.\n', ['a\n']],
    ['two of them', 'copy t from stdin;\na\n\\.\ncopy u from stdin;\nb\n\\.\n', ['a\n', 'b\n']],
  ])('with %s', (_, text, expected) => {
    expect(data(text)).toEqual(expected);
  });

  test.each([
    "copy t from '/tmp/stdin';",
    'copy t from program $$stdin$$;',
    'copy "stdin" to stdout;',
    'select copy from stdin;',
  ])('and %s is not', (text) => {
    expect(data(text)).toEqual([undefined]);
  });

  test.each([
    ['no end', 'select 1;\n copy t from stdin;\na\nb\n', '2:2'],
    ['no end but a longer line', 'copy t from stdin;\n\\.x', '1:1'],
    ['no data at all', 'copy t from stdin;', '1:1'],
    ['no semicolon', 'copy t from stdin\n', '1:1'],
  ])('and with %s it is unterminated', (_, text, place) => {
    expect(placeOf('scan.unterminated', scanning(text))).toBe(place);
  });

  test.each([
    ['a statement', 'copy t from stdin; select 1;\n\\.\n', '1:20'],
    ['the end of the data', 'copy t from stdin; \\.\n', '1:20'],
    ['a comment over several lines', 'copy t from stdin; /* a\n */\n\\.\n', '1:20'],
  ])('and %s on its line is refused', (_, text, place) => {
    expect(placeOf('scan.after-copy', scanning(text))).toBe(place);
  });
});

describe('what psql alone understands', () => {
  test.each(['\\restrict abc\nselect 1;\n\\unrestrict abc\n', '-- c\n  \\restrict abc\r\nselect 1; \\unrestrict abc'])(
    "pg_dump's %j is passed over",
    (text) => {
      expect(statements(text)).toEqual(['select 1']);
    },
  );

  test.each([
    ['select 1;\n\\connect db\n', '\\connect', '2:1'],
    ['select 1 \\gexec\n', '\\gexec', '1:10'],
    ['select \\restrict x\n1', '\\restrict', '1:8'],
    ['\\restricted x', '\\restricted', '1:1'],
    ['\\.', '\\.', '1:1'],
    ['select 1 \\;', '\\;', '1:10'],
  ])('%j is refused, with its place', (text, command, place) => {
    const error = thrown('scan.backslash-command', scanning(text));
    expect(error.facts).toEqual({ command });
    expect(`${error.location?.line}:${error.location?.column}`).toBe(place);
  });
});

describe('what is not closed is refused where it opens', () => {
  test.each([
    ["select 1;\nselect 'a;\n", 'string', "'", '2:8'],
    ["select E'a\\';", 'string', "'", '1:8'],
    ["select E'a'\n'b\\';", 'string', "'", '1:8'],
    ["select U&'a;", 'string', "'", '1:8'],
    ["select B'01;", 'bit string', "'", '1:8'],
    ['select "a""', 'quoted name', '"', '1:8'],
    ['select 1; /* a /* b */', 'comment', '*/', '1:11'],
    ['do $body$ begin end $bod$;', 'dollar-quoted string $body$', '$body$', '1:4'],
    ['do $$ begin end $;', 'dollar-quoted string $$', '$$', '1:4'],
    ['select 1;\ncreate table t (\n  a int check (a > 0);\nselect 2;', 'parenthesis', ')', '2:16'],
    ['create function f() returns int\nbegin atomic select case 1 when 1 then 2 end;', 'BEGIN ATOMIC', 'END', '2:1'],
  ])('%j', (text, what, closing, place) => {
    const error = thrown('scan.unterminated', scanning(text));
    expect(error.facts).toEqual({ what, closing });
    expect(error.hint).toContain(closing);
    expect(`${error.location?.line}:${error.location?.column}`).toBe(place);
  });

  test('a parenthesis too many is left to the server, which says it better', () => {
    expect(statements('select 1); select 2')).toEqual(['select 1)', 'select 2']);
  });
});

describe('what is not text is refused with its byte offset', () => {
  test.each([
    ['a byte of Latin-1', Buffer.from('select \xe9', 'latin1'), 7],
    ['a character cut off at the end', Buffer.from('select 數').subarray(0, -1), 7],
    ['a stray continuation byte', Buffer.concat([bytes('é'), Buffer.from([0x80])]), 2],
    ['many of them', Buffer.concat([bytes('x'), Buffer.alloc(5000, 0x80)]), 1],
    ['an overlong form', Buffer.from([0x41, 0xc0, 0xaf]), 1],
    ['a surrogate', Buffer.from([0x41, 0xed, 0xa0, 0x80]), 1],
    [
      'a byte far inside',
      Buffer.concat([Buffer.from('數'.repeat(1_000_000)), Buffer.from([0xff]), bytes('é')]),
      3_000_000,
    ],
  ])('%s', (_, text, offset) => {
    const error = thrown('scan.invalid-utf8', () => scan('x.sql', text));
    expect(error.facts).toEqual({ path: 'x.sql', offset });
  });

  test('a NUL byte, as every file in UTF-16 has', () => {
    const error = thrown('scan.nul-byte', () => scan('x.sql', Buffer.from('\ufeffselect', 'utf16le')));
    expect(error.facts.offset).toBe(3);
    expect(error.hint).toContain('UTF-16');
  });
});

// Whatever takes time in proportion to the square of this would not end within the test's time.
test.each(["select 'a';", "E'a' -- c\n", '$a ', '/*/**/*/', '$x$ $y $x$ ', '-- c\n', 'begin ', '\ufeff', 'a$'])(
  'a scan of 400,000 times %j ends',
  (piece) => {
    const text = bytes(piece.repeat(400_000));
    expect(scan('x.sql', text).statements.length).toBeLessThanOrEqual(400_000);
  },
);

describe('what is only sent when all before it has succeeded', () => {
  const barriers = (sql: string) => [...scan('f', Buffer.from(sql)).statements].map(({ barrier }) => barrier);

  test.each([
    'ROLLBACK TO s',
    'rollback to savepoint s',
    'ROLLBACK WORK TO s',
    'Rollback Transaction To Savepoint "to"',
    'ROLLBACK/**/TO -- x\n s',
  ])('%j', (sql) => {
    expect(barriers(`SAVEPOINT s; ${sql}; RELEASE s`)).toEqual([undefined, 'rollback-to', undefined]);
  });

  test.each(['RESET ALL', 'reset\n/* a */ all', 'DISCARD ALL'])('%j', (sql) => {
    expect(barriers(`RESET search_path; ${sql}; RESET "all"; SET x TO all`)).toEqual([
      undefined,
      'reset-all',
      undefined,
      undefined,
    ]);
  });

  test('is nothing else', () => {
    expect(barriers('ROLLBACK; ROLLBACK PREPARED $$to$$; ROLLBACK AND CHAIN; SELECT rollback to s')).toEqual(
      Array.from({ length: 4 }),
    );
  });
});
