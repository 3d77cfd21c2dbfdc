import { describe, expect, test } from 'vitest';
import { readDirectives } from '../../../src/migration/directives.ts';
import { scan } from '../../../src/migration/scan.ts';
import { thrown } from './thrown.ts';

const reading = (text: string) => () => {
  const bytes = Buffer.from(text);
  return readDirectives('x.sql', bytes, scan('x.sql', bytes));
};

describe('the comments at the head of a file', () => {
  test.each([
    ['none', 'select 1;', { transaction: true }],
    ['no-transaction', '-- amelia-db: no-transaction\nselect 1;', { transaction: false }],
    ['lock-timeout', '-- amelia-db: lock-timeout 30s\n', { transaction: true, lockTimeoutMs: 30_000 }],
    ['statement-timeout', '-- amelia-db: statement-timeout 10m', { transaction: true, statementTimeoutMs: 600_000 }],
    [
      'all of them, with other comments and empty lines between',
      '-- Adds an index.\n\n-- amelia-db: no-transaction\n/* why: large */\n  -- amelia-db: lock-timeout 1s\n' +
        '-- amelia-db: statement-timeout 0s\n\nselect 1;',
      { transaction: false, lockTimeoutMs: 1_000, statementTimeoutMs: 0 },
    ],
    ['CRLF and a byte order mark', '\ufeff-- amelia-db: no-transaction\r\nselect 1;\r\n', { transaction: false }],
    ['white space of any amount', '--amelia-db:no-transaction  \n', { transaction: false }],
    ['other white space', '--\tAmelia-DB :\tlock-timeout\t5s\t\n', { transaction: true, lockTimeoutMs: 5_000 }],
    ["pg_dump's first line before", '\\restrict x\n-- amelia-db: no-transaction\n', { transaction: false }],
    ['a stray semicolon before', ';\n-- amelia-db: no-transaction\n', { transaction: false }],
  ])('say: %s', (_, text, expected) => {
    expect(reading(text)()).toEqual(expected);
  });

  test.each([
    ['in a block comment', '/*\n-- amelia-db: no-transaction\n*/ select 1;'],
    ['in a string', "select '\n-- amelia-db: no-transaction\n';"],
    ['in a function', 'do $$\n-- amelia-db: no-transaction\n$$;'],
    ['in COPY data', 'copy t from stdin;\n-- amelia-db: no-transaction\n\\.\n'],
    ['in prose', '-- amelia-db runs this file\n-- see amelia-db: no-transaction\nselect 1; -- amelia-db is here'],
    ['in another name', '-- amelia-dbx: no-transaction\n-- amelia-db-notes: none\n'],
  ])('say nothing when the words stand %s', (_, text) => {
    expect(reading(text)()).toEqual({ transaction: true });
  });
});

describe('a directive that would not do what it says is refused, with its place:', () => {
  test.each([
    ['an unknown one', 'directives.unknown', '-- a\n -- amelia-db: no-transactions\n', '2:2', 'no-transactions'],
    ['an empty one', 'directives.unknown', '-- amelia-db:\n', '1:1', ''],
    ['an unknown one behind the first statement', 'directives.unknown', 'select 1; -- amelia-db: x', '1:11', 'x'],
    ['one of another case', 'directives.unknown', '-- amelia-db: No-Transaction\n', '1:1', 'No-Transaction'],
    ['an inherited property', 'directives.unknown', '-- amelia-db: toString\n', '1:1', 'toString'],
    [
      'one behind the first statement',
      'directives.misplaced',
      'select 1;\r\n-- amelia-db: no-transaction',
      '2:1',
      'no-transaction',
    ],
    [
      'one inside of the first statement',
      'directives.misplaced',
      'select -- amelia-db: no-transaction\n1;',
      '1:8',
      'no-transaction',
    ],
    ['one without its colon', 'directives.invalid', '-- amelia-db no-transaction\n', '1:1', 'no-transaction'],
    [
      'one given twice',
      'directives.invalid',
      '-- amelia-db: lock-timeout 1s\n-- amelia-db: lock-timeout 1s\n',
      '2:1',
      'lock-timeout',
    ],
    ['no duration', 'directives.invalid', '-- amelia-db: lock-timeout\n', '1:1', 'lock-timeout'],
    ['a wrong duration', 'directives.invalid', '-- amelia-db: statement-timeout 5 s\n', '1:1', 'statement-timeout'],
    ['a value too many', 'directives.invalid', '-- amelia-db: no-transaction please\n', '1:1', 'no-transaction'],
  ] as const)('%s', (_, code, text, place, directive) => {
    const { location, facts } = thrown(code, reading(text));
    expect(`${location?.line}:${location?.column}`).toBe(place);
    expect(facts.directive).toBe(directive);
  });

  test('an unknown one is told what is known', () => {
    const { hint } = thrown('directives.unknown', reading('-- amelia-db: x'));
    expect(hint).toBe('known are: no-transaction, lock-timeout DURATION, statement-timeout DURATION');
  });
});
