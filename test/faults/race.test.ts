// A race on one empty database, with two files that build an index CONCURRENTLY: what a lock must not get in the way of.
import { describe, expect, it } from 'vitest';
import { exactlyOnce, processes, race, rounds } from './race.ts';

describe(`${processes} processes at once`, () => {
  it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
    'apply everything exactly once, and all exit 0 (round %i)',
    async () => {
      expect(await race(({ url }) => url)).toEqual(exactlyOnce);
    },
    300_000,
  );
});
