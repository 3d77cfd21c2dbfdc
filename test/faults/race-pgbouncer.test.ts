// The same race by way of PgBouncer, whose sessions are shared: without a session of one's own, a lock has to hold all the same.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminUrl } from '../support/server.ts';
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts';
import { exactlyOnce, processes, race, rounds } from './race.ts';

// Where a session keeps its connection, a pool that is smaller than their number must not be the end of all.
const pools = [
  ['transaction', 20],
  ['session', 20],
  ['transaction', 2],
  ['session', 2],
] as const;

describe.each(pools)(`${processes} processes at once, PgBouncer in %s mode with %i connections`, (mode, size) => {
  let bouncer: PgBouncer | undefined;
  beforeAll(async () => {
    bouncer = await startPgBouncer(adminUrl(), mode, { default_pool_size: size });
  });
  afterAll(() => bouncer?.close());

  it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
    'apply everything exactly once, and all exit 0 (round %i)',
    async () => {
      expect(await race(({ name }) => bouncer!.urlOf(name))).toEqual(exactlyOnce);
    },
    300_000,
  );
});
