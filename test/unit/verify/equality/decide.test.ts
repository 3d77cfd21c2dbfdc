// Conditions as PostgreSQL prints them, and whether they are shown to say the same to every row.
import { parse } from 'libpg-query';
import { describe, expect, test } from 'vitest';
import { isSameCondition, type Purpose } from '../../../../src/verify/equality/decide.ts';
import { Undecided } from '../../../../src/verify/equality/automaton.ts';
import { readCondition } from '../../../../src/verify/equality/read.ts';
import type { Node } from '../../../../src/verify/equality/tree.ts';

const column = (name: string, type: string, labels: string[] = []) => ({ name, type, labels, collation: null });
const columns = [
  column('n', 'integer'),
  column('m', 'integer'),
  column('big', 'bigint'),
  column('price', 'numeric(10,2)'),
  column('ratio', 'double precision'),
  column('status', 'character varying(20)'),
  column('name', 'text'),
  column('flag', 'boolean'),
  column('other', 'boolean'),
  column('day', 'date'),
  column('at', 'timestamp with time zone'),
  column('id', 'uuid'),
  column('mood', 'public.mood', ['sad', 'ok', 'happy']),
  column('body', 'jsonb'),
];

async function read(condition: string) {
  const { stmts } = (await parse(`SELECT ${condition}`)) as unknown as {
    stmts: { stmt: { SelectStmt: { targetList: { ResTarget: { val: Node } }[] } } }[];
  };
  return readCondition(stmts[0]!.stmt.SelectStmt.targetList[0]!.ResTarget.val, columns);
}

async function decide(a: string, b: string, as: Purpose = 'check', notNull: string[] = []) {
  try {
    return isSameCondition(await read(a), await read(b), as, new Set(notNull)) ? 'same' : 'not shown';
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    return `undecided: ${error.message}`;
  }
}

describe('says the same', () => {
  test.each([
    ['n > 3', 'n >= 4'],
    ['n > 3', '3 < n'],
    ['t.n > 3', 'n >= 4'],
    ['NOT (n <= 3)', 'n > 3'],
    ['n >= 1 AND n <= 5', 'n = ANY (ARRAY[1, 2, 3, 4, 5])'],
    ['n <> 3', '(n < 3) OR (n > 3)'],
    ['(n)::numeric > 1.5', 'n >= 2'],
    ['(n)::bigint = 4', 'n = 4'],
    ['big <= 9223372036854775807', 'true'],
    ['price >= (0)::numeric', 'NOT (price < 0.00)'],
    ['ratio > (0.1)::double precision', "NOT (ratio <= '0.1'::double precision)"],
    [
      "(status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])",
      "((status)::text = 'b'::text) OR ((status)::text = 'a'::text)",
    ],
    ["status = ANY ('{a,b}'::text[])", "status = ANY (ARRAY['b'::text, 'a'::text, 'a'::text])"],
    ["name ~~ 'ab%'::text", "name ~ '^ab'::text"],
    ["name ~~ 'a_c'::text", "name ~ '^a.c$'::text"],
    ["name ~ '^(a|b)+$'::text", "name ~ '^[ab][ab]*$'::text"],
    ["name ~ '^[0-9]{2,3}$'::text", "(name ~ '^[0-9]+$'::text) AND (length(name) >= 2) AND (length(name) < 4)"],
    ["name = 'x'::text", "(name ~~ 'x%'::text) AND (char_length(name) = 1)"],
    ["name <> ''::text", 'length(name) > 0'],
    ["(name IS NULL) OR (name ~~ 'a%'::text)", "name ~~ 'a%'::text"],
    ['flag', 'flag = true'],
    ['flag IS TRUE', '(flag IS NOT NULL) AND flag', 'predicate'],
    ['NOT flag', 'flag = false'],
    ['CASE WHEN flag THEN (n > 0) ELSE true END', '(flag IS NOT TRUE) OR (n > 0)'],
    ['NOT (flag AND other)', '(NOT flag) OR (NOT other)'],
    ['flag = other', '(flag AND other) OR ((NOT flag) AND (NOT other))', 'check', ['flag', 'other']],
    ["day >= '2020-01-01'::date", "day > '2019-12-31'::date"],
    [
      "at < '2020-01-01 00:00:00+00'::timestamp with time zone",
      "NOT (at >= '2020-01-01 01:00:00+01'::timestamp with time zone)",
    ],
    ["mood >= 'ok'::public.mood", "mood <> 'sad'::public.mood"],
    ["mood = ANY (ARRAY['sad'::public.mood, 'ok'::public.mood, 'happy'::public.mood])", 'true'],
    ['n < m', 'm > n'],
    ['n <= m', 'NOT (n > m)'],
    ['COALESCE(n, 0) > 0', '(n IS NOT NULL) AND (n > 0)'],
    ['n IS DISTINCT FROM 3', '(n IS NULL) OR (n <> 3)'],
    ['num_nonnulls(n, m) = 1', '((n IS NULL) AND (m IS NOT NULL)) OR ((n IS NOT NULL) AND (m IS NULL))'],
    ['num_nulls(n, m) = 1', 'num_nonnulls(n, m) = 1'],
    ["lower(name) = 'a'::text", "'a'::text = lower(name)"],
    ["jsonb_typeof(body) = 'object'::text", "NOT (jsonb_typeof(body) <> 'object'::text)"],
    ["(body ->> 'k'::text) = 'v'::text", "NOT ((body ->> 'k'::text) <> 'v'::text)"],
    ['(n > 0) AND (n IS NOT NULL)', 'n > 0', 'check', ['n']],
    ["name ~ '^\\d+$'::text", "(name ~ '^\\d+$'::text) OR (name ~ '^\\d+$'::text)"],
  ] as [string, string, Purpose?, string[]?][])('%s and %s', async (a, b, as, notNull) => {
    expect(await decide(a, b, as, notNull)).toBe('same');
  });
});

describe('is not shown to say the same', () => {
  test.each([
    ['n <= 10', '(n <= 10) OR ((n * 3) = 369)'],
    ['n <= 10', '(n <= 10) OR ((n % 1000003) = 7)'],
    ['n <= 10', "(n <= 10) OR (CURRENT_USER = 'mallory'::name)"],
    ['n > 0', '(n > 0) AND ((n * 2) <> 84)'],
    ['n > 3', 'n > 4'],
    ['price > (3)::numeric', 'price >= (4)::numeric'],
    ['ratio > (3)::double precision', 'ratio >= (4)::double precision'],
    ['n > 0', '(n > 0) AND (n IS NOT NULL)'],
    ['flag', 'flag IS NOT FALSE', 'predicate'],
    ["name ~~ 'a%'::text", "name ~~ 'a_%'::text"],
    ["name ~~ 'a\\_%'::text", "name ~~ 'a_%'::text"],
    ["name ~ 'ab'::text", "name ~ '^ab'::text"],
    ["name ~ '^ab$'::text", "name ~ '^ab'::text"],
    ["name ~ '^a|b$'::text", "name ~ '^(a|b)$'::text"],
    ["name ~ '^[0-9]+$'::text", "name ~ '^\\d+$'::text"],
    ["name ~ '^[a-y]$'::text", "name ~ '^[a-z]$'::text"],
    ["name ~* 'a'::text", "name ~ '[aA]'::text"],
    ['length(name) <= 2048', '(length(name) <= 2048) OR (length(name) = 4001)'],
    ["name = 'a'::text", "lower(name) = 'a'::text"],
    ["status = ANY (ARRAY['a'::text, 'b'::text])", "status = ANY (ARRAY['a'::text, 'b'::text, 'c'::text])"],
    ["mood >= 'ok'::public.mood", "mood = 'ok'::public.mood"],
    ['n < m', 'n <= m'],
    ['n < m', 'm < n'],
    ['COALESCE(n, 1) > 0', 'n > 0', 'predicate'],
    ['COALESCE(n, 0) > 0', 'n > 0'],
    ['n > (1.6)::integer', 'n >= 2'],
    ["day >= '2020-01-01'::date", "day >= '2020-01-02'::date"],
    ['n OPERATOR(public.>) 3', 'n > 3'],
    ['public.positive(n)', 'n > 0'],
    ["id = '00000000-0000-4000-8000-000000000001'::uuid", "id = '00000000-0000-4000-8000-000000000002'::uuid"],
    ["name COLLATE public.loose = 'a'::text", "name = 'a'::text"],
    ['num_nonnulls(n, m) = 1', 'num_nonnulls(n, m) >= 1'],
  ] as [string, string, Purpose?][])('%s and %s', async (a, b, as) => {
    expect(await decide(a, b, as)).not.toBe('same');
  });
});
