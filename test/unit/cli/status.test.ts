import { expect, it } from 'vitest';
import { problemIn } from '../../../src/cli/commands/status.ts';

const healthy = { applied: 3, pending: 0, modified: 0, missing: 0, outOfOrder: 0, unfinished: 0 };

it.each([
  [{}, undefined],
  [{ pending: 1 }, '1 is pending'],
  [{ pending: 2, modified: 1 }, '1 is modified and 2 are pending'],
  [{ unfinished: 1, missing: 2, outOfOrder: 1 }, '1 is unfinished, 2 are missing and 1 is out of order'],
])('--check with %o says %s', (more, says) => {
  expect(problemIn({ summary: { ...healthy, ...more }, migrations: [] })).toBe(
    says === undefined ? undefined : `not every migration is applied and healthy: ${says}`,
  );
});

it('--check does not mind a file of which only comments were changed', () => {
  const migration = { version: '1', name: 'a', state: 'modified' } as const;
  const check = (...onlyComments: boolean[]) =>
    problemIn({
      summary: { ...healthy, modified: onlyComments.length },
      migrations: onlyComments.map((only) => ({ ...migration, onlyComments: only })),
    });
  expect(check(true)).toBeUndefined();
  expect(check(true, false)).toMatch(/: 1 is modified$/);
});
