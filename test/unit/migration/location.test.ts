import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { locate, Locator, offsetOfPosition, summarize } from '../../../src/migration/location.ts';

// A slow machine is not a failure.
vi.setConfig({ testTimeout: 60_000 });

const bytes = (text: string) => Buffer.from(text);
/** Where `needle` stands in `text`, as `line:column source`. */
const placeOf = (text: string, needle: string) => {
  const { line, column, source } = locate('x.sql', bytes(text), bytes(text).indexOf(needle));
  return `${line}:${column} ${source}`;
};

describe('a location', () => {
  test.each([
    ['the first byte', 'HERE', '1:1 HERE'],
    ['a line', 'a\nb HERE c\nd', '2:3 b HERE c'],
    ['CRLF', 'a\r\nb HERE\r\nd', '2:3 b HERE'],
    ['CR', 'a\rb HERE\rd', '2:3 b HERE'],
    ['all three', 'a\r\r\n\nb\rHERE', '5:1 HERE'],
    ['letters of two, three and four bytes', 'é数😀HERE', '1:4 é数😀HERE'],
    ['a tab, which is one column', '\tHERE', '1:2 \tHERE'],
    ['a combining mark, which is a code point of its own', 'e\u0301HERE', '1:3 e\u0301HERE'],
    ['a byte order mark, which is no column', '\ufeffHERE', '1:1 HERE'],
    ['the line behind a byte order mark', '\ufeffa\nHERE', '2:1 HERE'],
  ])('counts %s', (_, text, expected) => {
    expect(placeOf(text, 'HERE')).toBe(expected);
  });

  test('of the end of the text is behind its last character', () => {
    expect(locate('x', bytes('ab\ncd'), 5)).toMatchObject({ line: 2, column: 3, source: 'cd' });
    expect(locate('x', bytes('ab\n'), 3)).toMatchObject({ line: 2, column: 1, source: '' });
    expect(locate('x', bytes(''), 0)).toMatchObject({ line: 1, column: 1, source: '' });
    expect(locate('x', bytes('ab'), 99)).toMatchObject({ line: 1, column: 3 });
  });

  test('of a byte inside of a character is that character', () => {
    expect(locate('x', bytes('a😀b'), 3)).toMatchObject({ line: 1, column: 2 });
  });

  test('is plain data when it is printed as JSON', () => {
    const json: unknown = JSON.parse(JSON.stringify(locate('x.sql', bytes('select 1'), 7)));
    expect(json).toEqual({ path: 'x.sql', line: 1, column: 8, source: 'select 1' });
  });

  test('agrees with counting by hand, in whatever order a locator is asked', () => {
    const text = fc.array(fc.constantFrom('a', '\n', '\r', '\r\n', 'é', '数', '😀', '\t', ' '), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { minLength: 1, maxLength: 10 }), fc.boolean(), (pieces, picks, mark) => {
        const whole = (mark ? '\ufeff' : '') + pieces.join('');
        const locator = new Locator('x', bytes(whole));
        for (const pick of picks) {
          const characters = [...whole];
          const index = Math.max(pick % (characters.length + 1), mark ? 1 : 0);
          const before = characters.slice(mark ? 1 : 0, index).join('');
          // Between CR and LF one is still at the end of the line.
          const lines = before.split(/\r\n|\n|\r(?!$)/).map((line, i, all) => [line, i === all.length - 1] as const);
          let last = lines.at(-1)![0];
          let count = lines.length;
          if (last.endsWith('\r') && characters[index] !== '\n') {
            last = '';
            count++;
          }
          const found = locator.at(Buffer.byteLength(characters.slice(0, index).join('')));
          expect([found.line, found.column]).toEqual([count, [...last].length + 1]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the server's position within a statement", () => {
  test.each([
    ['the first character', 'update t', 1, 'update t'],
    ['a later one', 'update t', 8, 't'],
    ['code points, not bytes or UTF-16 units', "select 'é数😀', x", 15, 'x'],
    ['one behind the end, as for an unexpected end of input', 'select', 7, ''],
    ['more than there is', 'select', 99, ''],
  ])('is %s', (_, statement, position, rest) => {
    const before = 'select 1; -- é\n';
    const text = bytes(before + statement);
    const offset = offsetOfPosition(text, Buffer.byteLength(before), position);
    expect(text.toString('utf8', offset)).toBe(rest);
  });
});

describe('a summary', () => {
  const summary = (text: string, max?: number) => summarize(bytes(text), 0, bytes(text).length, max);

  test.each([
    ['is the statement', 'select 1', 'select 1'],
    ['is on one line', 'create table t (\n  a int,\r\n\tb int\n)', 'create table t ( a int, b int )'],
    ['leaves comments out', '/* x */ select/* y */1 -- z\n, 2', 'select 1 , 2'],
    ['knows what is no comment', "select '-- a', $$ /* b */ $$", "select '-- a', $$ /* b */ $$"],
    ['keeps what touches together', 'select a.b::int[1]', 'select a.b::int[1]'],
    ['of nothing is empty', ' -- nothing\n', ''],
  ])('%s', (_, text, expected) => {
    expect(summary(text)).toBe(expected);
  });

  test.each([
    ['select 1234', 11, 'select 1234'],
    ['select 1234', 10, 'select 12…'],
    ['select 1234', 8, 'select …'],
    ['select 1234', 7, 'select…'],
    ["'😀😀😀😀'", 4, "'😀😀…"],
    ["'😀😀'", 4, "'😀😀'"],
  ])('of %s in %d characters is %s', (text, max, expected) => {
    expect(summary(text, max)).toBe(expected);
  });

  test('of a statement that is longer than any string can be reads its beginning only', () => {
    const text = Buffer.alloc(600_000_000);
    text.write(`select ${'x, '.repeat(1000)}`);
    expect(summarize(text, 0, text.length)).toHaveLength(120);
  });
});
