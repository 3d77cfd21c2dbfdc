import { expect, it } from 'vitest';
import { problemIn } from '../../../src/cli/commands/status.ts';

const healthy = { applied: 3, pending: 0, modified: 0, missing: 0, outOfOrder: 0, unfinished: 0 };

it.each([
  [{}, undefined],
  [{ pending: 1 }, '1 is pending'],
  [{ pending: 2, modified: 1 }, '1 is modified and 2 are pending'],
  [{ unfinished: 1, missing: 2, outOfOrder: 1 }, '1 is unfinished, 2 are missing and 1 is out of order'],
])('--check with %o says %s', (more, says) => {
  expect(problemIn({ ...healthy, ...more })).toBe(
    says === undefined ? undefined : `not every migration is applied and healthy: ${says}`,
  );
});
