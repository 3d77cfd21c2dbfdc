// Whatever is decided to say the same, PostgreSQL answers the same for: random conditions on random rows.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readSchema } from '../../../src/schema/catalog.ts';
import { decideEquality } from '../../../src/verify/equality/equality.ts';
import { freshDatabase } from '../../support/database.ts';
import { sessionWith } from './sessions.ts';

const pairs = Number(process.env.EQUALITY_PAIRS ?? 150);
const seed = Number(process.env.EQUALITY_SEED ?? 7);

const pick = fc.constantFrom;
const comparison = pick('=', '<>', '<', '<=', '>', '>=');
const strings = ['', 'a', 'ab', 'b', 'abc', 'a%', 'X-1'];
const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Conditions that the decision reads. */
const atom = fc.oneof(
  fc.tuple(pick('n', 'price', 'm'), comparison, pick('-1', '0', '1', '2', '3', '1.5')).map((parts) => parts.join(' ')),
  fc.tuple(comparison, pick('0.1', '0.5', '2')).map(([operator, value]) => `ratio ${operator} ${value}::float8`),
  fc.tuple(pick('status', 'name'), pick('=', '<>'), pick(...strings)).map(([c, o, v]) => `${c} ${o} ${quote(v)}`),
  fc
    .tuple(pick('status', 'name'), pick('IN', 'NOT IN'), fc.subarray(strings, { minLength: 1 }))
    .map(([c, o, list]) => `${c} ${o} (${list.map(quote).join(', ')})`),
  fc
    .tuple(pick('LIKE', 'NOT LIKE'), pick('a%', '%b', '_', '%', 'a_', 'a\\%', '%a%b%'))
    .map(([o, v]) => `name ${o} ${quote(v)}`),
  fc
    .tuple(
      pick('~', '!~'),
      pick('^a', 'b$', '^(a|b)*$', '^[a-c]{1,2}$', '^a?b+$', '^[^a]', 'ab|^$', '^X-[0-9]$', '\\d'),
    )
    .map(([o, v]) => `name ${o} ${quote(v)}`),
  fc.tuple(comparison, fc.nat(4)).map(([o, n]) => `length(name) ${o} ${n}`),
  fc
    .tuple(pick('n', 'm', 'status', 'name', 'flag', 'day', 'mood'), pick('', 'NOT '))
    .map(([c, o]) => `${c} IS ${o}NULL`),
  fc.tuple(comparison, pick('2020-01-01', '2020-01-02', '2020-02-01')).map(([o, v]) => `day ${o} '${v}'`),
  fc.tuple(comparison, pick('sad', 'ok', 'glad')).map(([o, v]) => `mood ${o} '${v}'`),
  fc
    .tuple(pick('n', 'm'), fc.integer({ min: -1, max: 3 }), fc.nat(3))
    .map(([c, a, b]) => `${c} BETWEEN ${a} AND ${a + b}`),
  pick('flag', 'NOT flag', 'flag IS TRUE', 'flag IS NOT FALSE', 'flag IS UNKNOWN', 'n < m', 'm >= n', 'n = m'),
  pick(
    'coalesce(n, 0) > 1',
    'coalesce(n, m) = 1',
    'n IS DISTINCT FROM 1',
    'num_nonnulls(n, m) = 1',
    'num_nulls(n, m) > 0',
  ),
);
const condition = fc.letrec<{ formula: string }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc.tuple(tie('formula'), pick('AND', 'OR'), tie('formula')).map(([a, o, b]) => `(${a}) ${o} (${b})`),
    tie('formula').map((a) => `NOT (${a})`),
    fc.tuple(tie('formula'), tie('formula')).map(([a, b]) => `CASE WHEN ${a} THEN ${b} ELSE NOT (${b}) END`),
  ),
})).formula;

/** The same by De Morgan, commuted, doubled, absorbed; or something else. */
const partner = (a: string) =>
  fc.oneof(
    pick(
      `NOT (NOT (${a}))`,
      `(${a}) AND (${a})`,
      `(${a}) OR ((${a}) AND n > 0)`,
      `CASE WHEN ${a} THEN true ELSE (${a}) END`,
    ),
    condition.map((b) => `(${a}) OR ((${b}) AND (${a}))`),
    condition.map((b) => `(${a}) AND (${b})`),
    condition,
  );

it('never calls two conditions the same that PostgreSQL tells apart', async () => {
  // Given a table with rows around all constants
  const db = await freshDatabase();
  await db.query(`CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
    CREATE TABLE t (n int, m int, price numeric(6,2), ratio float8, status varchar(20), name text, flag boolean, day date, mood mood);
    SELECT setseed(0.5);
    CREATE FUNCTION pg_temp.pick(list text[]) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT list[1 + floor(random() * cardinality(list))]';
    INSERT INTO t SELECT pg_temp.pick('{NULL,-2,-1,0,1,2,3,4}')::int, pg_temp.pick('{NULL,-1,0,1,2,3,4}')::int,
      pg_temp.pick('{NULL,-1,0,0.01,1.49,1.5,1.51,2.5,3,NaN}')::numeric, pg_temp.pick('{NULL,0.1,0.100000001,0.3,0.5,2,NaN,Infinity}')::float8,
      pg_temp.pick(ARRAY[NULL,'','a','ab','b','abc','a%','X-1','zz','a ']), pg_temp.pick(ARRAY[NULL,'','a','ab','b','abc','a%','X-1','X-12','bb','aab','c','ä','aXb','7']),
      pg_temp.pick('{NULL,t,f}')::boolean, pg_temp.pick('{NULL,2019-12-31,2020-01-01,2020-01-02,2020-01-15,2020-02-01,infinity}')::date,
      pg_temp.pick('{NULL,sad,ok,glad}')::mood FROM generate_series(1, 3000)`);
  // When random pairs of conditions are printed by the server, and decided
  const drawn = fc.sample(
    condition.chain((a) => fc.tuple(fc.constant(a), partner(a))),
    { numRuns: pairs, seed },
  );
  await db.query(
    drawn
      .map(([a, b], i) => `CREATE TABLE t${i} (LIKE t, CONSTRAINT a CHECK (${a}), CONSTRAINT b CHECK (${b}))`)
      .join(';'),
  );
  const session = await sessionWith(db.url);
  const schema = await readSchema(session);
  const table = schema.tables.find(({ name }) => name === 't')!;
  const printed = new Map(
    schema.tables.map(({ name, constraints: [a, b] }) => [
      name,
      { expected: a?.expression ?? '', found: b?.expression ?? '' },
    ]),
  );
  const decided: { as: 'check' | 'predicate'; expected: string; found: string; is: string }[] = [];
  for (let i = 0; i < drawn.length; i++) {
    for (const as of ['check', 'predicate'] as const) {
      const both = printed.get(`t${i}`)!;
      decided.push({ as, ...both, is: (await decideEquality(schema, table, both, as, new Set())).is });
    }
  }
  // Then no row tells those apart that are the same
  const same = decided.filter(({ is }) => is === 'same');
  const lets = { check: 'IS NOT FALSE', predicate: 'IS TRUE' };
  const questions = same.map(
    ({ as, expected, found }) =>
      `SELECT count(*)::int FROM t WHERE ((${expected}) ${lets[as]}) <> ((${found}) ${lets[as]})`,
  );
  const [row] = await db.query<{ counts: number[] }>(
    `SELECT to_json(ARRAY[${questions.map((each) => `(${each})`).join(', ')}]) AS counts`,
  );
  expect(same.filter((_, i) => row!.counts[i] !== 0)).toEqual([]);
  // And what no row tells apart is mostly shown to be the same
  const others = decided.filter(({ is }) => is !== 'same');
  const [apart] = await db.query<{ counts: number[] }>(
    `SELECT to_json(ARRAY[${others.map(({ as, expected, found }) => `(SELECT count(*)::int FROM t WHERE ((${expected}) ${lets[as]}) <> ((${found}) ${lets[as]}))`).join(', ')}]) AS counts`,
  );
  const unseen = others.filter((_, i) => apart!.counts[i] === 0);
  if (process.env.SHOW)
    console.log(same.length, others.length, unseen.length, JSON.stringify(unseen.slice(0, 12), null, 1));
  expect(same.length).toBeGreaterThan(pairs / 2);
  expect(unseen.length).toBeLessThan(same.length / 20);
});
