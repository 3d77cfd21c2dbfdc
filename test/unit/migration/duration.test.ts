import { expect, test } from 'vitest';
import { longestDurationMs, parseDuration } from '../../../src/migration/duration.ts';

test.each([
  ['500ms', 500],
  ['5s', 5_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['1.5s', 1_500],
  ['1.005s', 1_005],
  ['0.25h', 900_000],
  ['0s', 0],
  ['0', 0],
  ['2147483647ms', longestDurationMs],
])('%s is %d milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '5', '00', '0.0', 's', '5 s', ' 5s', '5S', '-5s', '5d', '1e3s', '.5s', '5.s', '5s5s', '5sec'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test('a part of a millisecond is refused, for rounded to 0 it would mean no limit at all', () => {
  expect(parseDuration('0.4ms')).toBeUndefined();
});

test('more than PostgreSQL and timers can hold is refused', () => {
  expect(parseDuration('2147483648ms')).toBeUndefined();
  expect(parseDuration('1000h')).toBeUndefined();
});
