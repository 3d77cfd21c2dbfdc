// The same race by way of PgBouncer, whose sessions are shared: without a session of one's own, a lock has to hold all the same.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminUrl } from '../support/server.ts';
import { type PgBouncer, startPgBouncer } from './pgbouncer.ts';
import { exactlyOnce, processes, race, rounds } from './race.ts';

describe.each(['transaction', 'session'] as const)(`${processes} processes at once, PgBouncer in %s mode`, (mode) => {
  let bouncer: PgBouncer | undefined;
  beforeAll(async () => {
    bouncer = await startPgBouncer(adminUrl(), mode);
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
