// The values of rows that PostgreSQL quotes are not printed; what is needed to mend the migration is.
import { describe, expect, it } from 'vitest';
import { AmeliaError } from '../../../src/errors.ts';
import { withoutData, withoutRows } from '../../../src/report/data.ts';

it.each([
  ['23505', 'detail', 'Key (email)=(ann@example.org) already exists.', 'Key (email)=(***) already exists.'],
  ['23505', 'detail', 'Key (a, lower(b))=(1, x) y)=(z)) is duplicated.', 'Key (a, lower(b))=(***) is duplicated.'],
  [
    '23503',
    'detail',
    'Key (org)=(5) is not present in table "orgs".',
    'Key (org)=(***) is not present in table "orgs".',
  ],
  ['23505', 'detail', 'Schlüssel »(email)=(ann)« existiert bereits.', 'Schlüssel »(email)=(***)« existiert bereits.'],
  [
    '23P01',
    'detail',
    'Key (r, d)=(1, [a,b)) conflicts with existing key (r, d)=(1, [c,d)).',
    'Key (r, d)=(***) conflicts with existing key (r, d)=(***).',
  ],
  ['23514', 'detail', 'Failing row contains (1, ann (x), null).', 'Failing row contains (***).'],
  [
    '23514',
    'detail',
    'Partition key of the failing row contains (a) = (5).',
    'Partition key of the failing row contains (a) = (***).',
  ],
  ['22P02', 'detail', 'Token "ann" is invalid.', 'Token "***" is invalid.'],
  ['22P02', 'context', 'COPY t, line 3, column x: "a "b" c"', 'COPY t, line 3, column x: "***"'],
  ['22P02', 'context', 'COPY "a, b", line 3: "a\nb"', 'COPY "a, b", line 3: "***"'],
  ['22P02', 'context', 'JSON data, line 1: {"a":ann', 'JSON data, line 1: ***'],
  [
    '22P02',
    'context',
    `SQL statement "UPDATE t SET a = 'ann' WHERE b = 1"`,
    `SQL statement "UPDATE t SET a = '***' WHERE b = 1"`,
  ],
  [
    '22P02',
    undefined,
    'invalid input syntax for type integer: "a: "b""',
    'invalid input syntax for type integer: "***"',
  ],
  [
    '22P02',
    undefined,
    'ungültige Eingabesyntax für Typ integer: »ann«',
    'ungültige Eingabesyntax für Typ integer: "***"',
  ],
  [
    '22003',
    undefined,
    'value "99999999999" is out of range for type integer',
    'value "***" is out of range for type integer',
  ],
  [
    '22021',
    undefined,
    'invalid byte sequence for encoding "UTF8": 0xff 0x41',
    'invalid byte sequence for encoding "UTF8": ***',
  ],
  ['23505', undefined, 'duplicate key value violates unique constraint "users_email_key"', undefined],
  ['2BP01', 'detail', 'view "v" depends on table t', undefined],
  ['42703', undefined, 'column "emial" does not exist', undefined],
  ['22P04', undefined, 'missing data for column "x"', undefined],
  ['P0001', undefined, 'no such thing: "the author chose these words"', undefined],
])('%s %s: %s', (sqlstate, label, text, clean = text) => {
  expect(withoutData(text, { sqlstate, ...(label !== undefined && { label }) })).toBe(clean);
});

describe('an error without values', () => {
  it('keeps its code, its place and its words', () => {
    const location = { path: 'm/1_a.sql', line: 1, column: 2, source: 'x' };
    const error = new AmeliaError(
      'apply.statement-failed',
      {
        version: '1',
        reason: 'invalid input syntax for type integer: "ann"',
        sqlstate: '22P02',
        notes: [{ label: 'context', text: 'COPY t, line 1, column a: "ann"' }],
      },
      { location },
    );

    const clean = withoutRows(error);

    expect(clean).toMatchObject({ code: 'apply.statement-failed', location, exitStatus: 1 });
    expect(clean.message).toBe('invalid input syntax for type integer: "***" (22P02)');
    expect(JSON.stringify(clean.facts)).not.toContain('ann');
  });

  it('keeps the errors beside it, without their values', () => {
    const facts = {
      version: '1',
      reason: 'invalid input syntax for type integer: "ann"',
      sqlstate: '22P02',
      notes: [],
    };
    const second = new AmeliaError('apply.statement-failed', facts);

    const [other] = withoutRows(new AmeliaError('apply.statement-failed', facts, { others: [second] })).others;

    expect(other?.message).toBe('invalid input syntax for type integer: "***" (22P02)');
  });
});
