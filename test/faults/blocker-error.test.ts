// A blocker that outlasts every attempt: the error that ends the run names it, in the document of --json too.
import { expect, it } from 'vitest';
import { blocked, holds } from './blocked.ts';

it('is named in the final error when it does not end in time', async () => {
  const { database, blocker, run } = await blocked(holds['ACCESS SHARE'], ['--json', '--lock-retries', '2'], '900ms');
  const result = await run.result;
  expect(result.status).toBe(1);
  expect(result.json()).toMatchObject({
    error: { sqlstate: '55P03', version: '2' },
    to: '1',
    steps: [{ state: 'applied' }, { state: 'rolled-back' }],
  });
  expect(result.stdout).toContain('nightly report');
  expect(result.stdout).toMatch(new RegExp(`\\b${blocker.pid}\\b`));
  expect(await database.query('SELECT DISTINCT n FROM accounts')).toEqual([{ n: 0 }]);
});
