// A session that holds a lock in an open transaction, an ALTER TABLE that waits for it, and the application
// that queues behind the two: who is to blame is said, the application is let through, and nobody has to come back.
import { describe, expect, it } from 'vitest';
import { blocked, holds, lockTimeoutMs, waits } from './blocked.ts';
import { soon } from '../support/soon.ts';

describe.each(Object.entries(holds))('a transaction that holds %s', (_, lock) => {
  it.each(['text', 'json'])('is named within two seconds (--log %s)', async (form) => {
    const { database, blocker, run } = await blocked(lock, ['--log', form]);
    const begun = await waits(database);
    await run.shows('nightly report');
    expect(performance.now() - begun).toBeLessThan(soon(2000));
    expect(run.output().stderr).toMatch(new RegExp(`\\b${blocker.pid}\\b`));
    await blocker.end();
    expect(await run.result).toMatchObject({ status: 0 });
  });

  it('lets readers through when lock_timeout ends, and succeeds by itself when the transaction does', async () => {
    const { database, blocker, run } = await blocked(lock, ['--json']);
    await waits(database);
    const begun = performance.now();
    expect(await database.query('SELECT count(*)::int AS n FROM accounts')).toEqual([{ n: 3 }]);
    // The reader comes at most a lock_timeout later, and before the transaction ends.
    expect(performance.now() - begun).toBeLessThan(lockTimeoutMs + soon(1000));
    expect(await database.query(columns)).toEqual([]);
    await blocker.end();
    const result = await run.result;
    expect(result).toMatchObject({ status: 0 });
    expect(result.json()).toMatchObject({ ok: true, to: '2', steps: [{ state: 'applied' }, { state: 'applied' }] });
    expect(await database.query('SELECT DISTINCT n, total FROM accounts')).toEqual([{ n: 1, total: 7 }]);
    expect(await database.query(columns)).toEqual([{ attname: 'total' }]);
  });
});

const columns = `SELECT attname FROM pg_attribute WHERE attrelid = 'accounts'::regclass AND attname = 'total'`;
