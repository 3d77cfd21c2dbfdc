// The guesses that PostgreSQL judges: constants, columns, patterns, values of each type.
import { describe, expect, it } from 'vitest';
import { candidatesFor } from '../../../src/verify/candidates.ts';
import { columnsIn, constantsOf } from '../../../src/verify/constants.ts';
import { samplesOfLike, samplesOfRegex } from '../../../src/verify/pattern.ts';
import { freshValue, type BaseType } from '../../../src/verify/values.ts';

const base = (type: string, category: string, element: string | null = null): BaseType => ({
  type,
  category,
  kind: 'b',
  element,
  checks: [],
  labels: [],
});

describe('constants', () => {
  it('are strings and numbers, each once, with the elements of arrays', () => {
    const found = constantsOf(
      "((a = ANY (ARRAY['x'::text, 'it''s'::text])) AND (b > 10) AND c1 <> '{u,v}'::text[] AND a <> 'x')",
    );
    expect(found.map(({ value }) => value)).toEqual(['x', "it's", '10', '{u,v}', 'u', 'v']);
  });

  it('columns are told from strings, functions and parts of names', () => {
    expect(
      columnsIn(`((length("Odd Name") > 3) AND (status <> 'kind'))`, ['Odd Name', 'status', 'kind', 'stat']),
    ).toEqual(['Odd Name', 'status']);
  });
});

it.each([
  '^[a-z0-9]+@[a-z]+\\.[a-z]{2,3}$',
  '^(foo|bar)-\\d{3}$',
  '^[A-Z][a-z]*( [A-Z][a-z]*)*$',
  '^#[0-9a-f]{6}$',
  '^[^@ ]+$',
  '^v\\d+\\.\\d+$',
])('a sample matches %s', (pattern) => {
  const regex = new RegExp(pattern);
  expect(samplesOfRegex(pattern).some((sample) => regex.test(sample))).toBe(true);
});

it('a LIKE pattern is filled in', () => {
  expect(samplesOfLike('a_c%')).toContain('aac');
  expect(samplesOfLike('100\\%')).toContain('100%');
});

it('bounds are tried on both sides', () => {
  expect(candidatesFor(base('integer', 'N'), ['((n >= 1) AND (n <= 10))'])).toEqual(
    expect.arrayContaining(['0', '1', '2', '9', '10', '11']),
  );
  expect(candidatesFor(base('text', 'S'), ['(length(t) <= 3)'])).toEqual(expect.arrayContaining(['aa', 'aaa', 'aaaa']));
});

it.each([
  ['integer', 'N'],
  ['uuid', 'U'],
  ['character varying(8)', 'S'],
  ['timestamp with time zone', 'D'],
  ['numeric(10,2)', 'N'],
  ['jsonb', 'U'],
  ['int4range', 'R'],
])('no two fresh values of %s are equal', (type, category) => {
  const values = Array.from({ length: 500 }, (_, n) => freshValue(base(type, category), n));
  expect(new Set(values).size).toBe(500);
});
