import { expect, test } from 'vitest';
import { gaps } from '../../../src/migration/gaps.ts';

const files = (...versions: number[]) => versions.map((v) => ({ version: BigInt(v), name: 'x', path: `${v}_x.sql` }));

test.each([
  ['no files', [], []],
  ['one file', [5], []],
  ['a row without gaps', [1, 2, 3], []],
  ['a row that does not begin at 1', [7, 8], []],
  ['one number missing', [1, 2, 3, 5], ['4']],
  ['several missing', [1, 2, 5, 6, 10], ['3-4', '7-9']],
  ['only the ends there', [1, 100], ['2-99']],
  ['tens, which leave room on purpose', [10, 20, 40], []],
  ['times', [20261122093000, 20261122093501], []],
  ['times behind numbers', [1, 3, 20261122], ['2']],
  ['seconds since 1970', [1_763_800_000, 1_763_900_000], []],
])('%s', (_, versions, expected) => {
  expect(gaps(files(...versions))).toEqual(expected);
});
