import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { isAmeliaError } from '../../../src/errors.ts';
import { planBaseline, planDown, planRepair, planUp, resolve } from '../../../src/migration/plan.ts';
import type { History, MigrationFile, Plan } from '../../../src/migration/types.ts';
import { thrown } from './thrown.ts';

// A slow machine is not a failure.
vi.setConfig({ testTimeout: 60_000 });

interface Given {
  /** Versions that have a file. */
  readonly files?: readonly number[];
  /** Those of them that have no rollback. */
  readonly irreversible?: readonly number[];
  readonly applied?: readonly number[];
  /** Applied, and the file is another now. */
  readonly modified?: readonly number[];
  /** Applied by a program that records no checksum. */
  readonly unrecorded?: readonly number[];
  readonly unfinished?: readonly number[];
}

const file = (version: number, reversible = true): MigrationFile => ({
  version: BigInt(version),
  name: `m${version}`,
  path: `m/${version}_m${version}.sql`,
  ...(reversible && { rollbackPath: `m/${version}_m${version}.down.sql` }),
});
const checksumOf = (version: number) => `sha256:${String(version).padStart(64, '0')}`;

const given = ({
  files = [],
  irreversible = [],
  applied = [],
  modified = [],
  unrecorded = [],
  unfinished = [],
}: Given) => {
  const history: History = {
    applied: [...applied, ...modified, ...unrecorded].map((version) => ({
      version: BigInt(version),
      name: `m${version}`,
      checksum: unrecorded.includes(version) ? null : checksumOf(modified.includes(version) ? 1000 + version : version),
      appliedAt: new Date('2026-11-22T09:30:00Z'),
      durationMs: 1,
      appliedBy: 'amelia',
      statementsChecksum: null,
      toolVersion: null,
    })),
    unfinished: unfinished.map((version) => ({
      version: BigInt(version),
      name: `m${version}`,
      direction: applied.includes(version) ? 'down' : 'up',
      completed: 2,
      statements: 5,
      started: null,
      prefix: '',
      startedAt: null,
      updatedAt: null,
      error: null,
    })),
  };
  return resolve(
    files.map((version) => file(version, !irreversible.includes(version))),
    new Map(files.map((version) => [BigInt(version), checksumOf(version)])),
    history,
  );
};
const versions = (plan: Plan) => plan.steps.map((step) => Number(step.file.version));
const states = (world: Given) => given(world).map(({ version, state }) => `${version} ${state}`);

describe('how migrations stand', () => {
  test.each<[string, Given, string[]]>([
    ['nothing at all', {}, []],
    ['a new database', { files: [2, 1] }, ['1 pending', '2 pending']],
    ['a database that is up to date', { files: [1, 2], applied: [1, 2] }, ['1 applied', '2 applied']],
    ['a late file', { files: [1, 2, 3], applied: [1, 3] }, ['1 applied', '2 out-of-order', '3 applied']],
    ['a late file below what is missing', { files: [1], applied: [2] }, ['1 out-of-order', '2 missing']],
    ['a file that is gone', { files: [2], applied: [1, 2] }, ['1 missing', '2 applied']],
    ['a file that was edited', { files: [1], modified: [1] }, ['1 modified']],
    ['rows of another program', { files: [1, 2], unrecorded: [1] }, ['1 applied', '2 pending']],
    ['one that did not complete', { files: [1, 2], applied: [1], unfinished: [2] }, ['1 applied', '2 unfinished']],
    ['one that did not complete, and has no file', { unfinished: [2] }, ['2 unfinished']],
    ['a rollback that did not complete', { files: [1], applied: [1], unfinished: [1] }, ['1 unfinished']],
    ['versions as numbers, not as text', { files: [10, 9], applied: [9] }, ['9 applied', '10 pending']],
  ])('%s', (_, world, expected) => {
    expect(states(world)).toEqual(expected);
  });

  test('with everything that is known of each', () => {
    const [status] = given({ files: [1], modified: [1], unfinished: [1] });
    expect(status).toMatchObject({
      version: 1n,
      name: 'm1',
      file: { path: 'm/1_m1.sql' },
      fileChecksum: checksumOf(1),
      applied: { checksum: checksumOf(1001) },
      unfinished: { completed: 2 },
    });
  });

  test('a file whose checksum was not asked for counts as unchanged', () => {
    const { applied } = given({ files: [1], modified: [1] })[0]!;
    expect(resolve([file(1)], new Map(), { applied: [applied!], unfinished: [] })[0]!.state).toBe('applied');
  });
});

describe('migrate', () => {
  test.each<[string, Given, { to?: bigint; outOfOrder?: boolean }, number[]]>([
    ['applies what is pending, in order', { files: [3, 1, 2], applied: [1] }, {}, [2, 3]],
    ['has nothing to do with no files', {}, {}, []],
    ['has nothing to do when all is applied', { files: [1], applied: [1] }, {}, []],
    ['stops at --to', { files: [1, 2, 3] }, { to: 2n }, [1, 2]],
    ['has nothing to do when --to is reached', { files: [1, 2, 3], applied: [1, 2] }, { to: 2n }, []],
    ['applies late files first when told to', { files: [1, 2, 3, 4], applied: [1, 3] }, { outOfOrder: true }, [2, 4]],
    [
      'applies only a late file when told to',
      { files: [1, 2, 3, 4], applied: [3] },
      { outOfOrder: true, to: 2n },
      [1, 2],
    ],
    ['goes on behind rows of another program', { files: [1, 2], unrecorded: [1] }, {}, [2]],
  ])('%s', (_, world, options, expected) => {
    expect(versions(planUp(given(world), options))).toEqual(expected);
  });

  test('gives a frozen plan', () => {
    const plan = planUp(given({ files: [1] }));
    expect([plan, plan.steps, plan.steps[0]].every(Object.isFrozen)).toBe(true);
    expect(plan).toEqual({ direction: 'up', steps: [{ direction: 'up', file: file(1) }] });
  });

  type Refused = 'plan.unfinished' | 'plan.missing' | 'plan.modified' | 'plan.out-of-order';
  test.each<[string, Given, { to?: bigint; outOfOrder?: boolean }, Refused, string[]]>([
    ['unfinished, without a file to go on with', { files: [2], unfinished: [1] }, {}, 'plan.unfinished', ['1']],
    ['a rollback that is unfinished', { files: [1, 2], applied: [1], unfinished: [1] }, {}, 'plan.unfinished', ['1']],
    ['missing', { files: [2], applied: [1, 2] }, {}, 'plan.missing', ['1']],
    ['modified', { files: [1, 2], modified: [1] }, {}, 'plan.modified', ['1']],
    ['out of order', { files: [1, 2, 3], applied: [3] }, {}, 'plan.out-of-order', ['1', '2']],
    ['modified although nothing is pending', { files: [1], modified: [1] }, {}, 'plan.modified', ['1']],
    ['modified above the target', { files: [1, 2], modified: [2] }, { to: 1n }, 'plan.modified', ['2']],
    ['missing with --out-of-order', { files: [1], applied: [2] }, { outOfOrder: true }, 'plan.missing', ['2']],
  ])('is refused when a migration is %s', (_, world, options, code, refused) => {
    const { facts, exitStatus } = thrown(code, () => planUp(given(world), options));
    expect(facts.refusals.map(({ version }) => version)).toEqual(refused);
    expect(exitStatus).toBe(4);
  });

  test('names every refusal at once, the gravest first', () => {
    const world = { files: [3, 4, 5], applied: [2, 5], modified: [3], unfinished: [1] };
    const { facts, message } = thrown('plan.unfinished', () => planUp(given(world)));
    expect(facts.refusals).toEqual([
      { version: '1', name: 'm1', reason: '2 of 5 statements completed, then it stopped' },
    ]);
    expect(facts.others?.map(({ version, reason }) => `${version} ${reason}`)).toEqual([
      '2 applied to this database, but its file is gone',
      '3 the file is not what was applied on 2026-11-22 (then sha256:000000000000…, now sha256:000000000000…)',
      '4 not applied, though 5 is',
    ]);
    for (const name of ['1 m1', '2 m2', '3 m3', '4 m4']) expect(message).toContain(name);
  });

  test('says it when the database is ahead of the folder', () => {
    const { message, hint } = thrown('plan.missing', () => planUp(given({ files: [1], applied: [1, 2] })));
    expect(message).toContain('the database is ahead of this folder');
    expect(hint).toContain('deployed last');
  });

  test.each<[string, Given, bigint, string]>([
    ['too high', { files: [1, 2] }, 7n, 'the nearest: 2 m2'],
    ['too low', { files: [5, 7] }, 1n, 'the nearest: 5 m5'],
    ['in between', { files: [5, 7], applied: [5] }, 6n, 'the nearest: 5 m5 and 7 m7'],
    ['anything, with no files', {}, 6n, 'there are no migrations at all'],
  ])('does not know a target that is %s', (_, world, to, known) => {
    expect(thrown('plan.unknown-version', () => planUp(given(world), { to })).hint).toBe(known);
  });

  test('never goes back: a target behind is refused with the command that does', () => {
    const { facts, hint } = thrown('plan.target-behind', () =>
      planUp(given({ files: [1, 2, 3, 4], applied: [1, 2, 3] }), { to: 2n }),
    );
    expect(facts).toEqual({ version: '2', current: '3' });
    expect(hint).toContain('amelia-db rollback --to 2');
  });
});

describe('rollback', () => {
  test.each<[string, Given, { to?: bigint; steps?: number }, number[]]>([
    ['undoes the newest', { files: [1, 2, 3], applied: [1, 2] }, {}, [2]],
    ['undoes several, newest first', { files: [1, 2, 3], applied: [1, 2, 3] }, { steps: 2 }, [3, 2]],
    ['undoes no more than there are', { files: [1, 2], applied: [1, 2] }, { steps: 9 }, [2, 1]],
    ['undoes what is above --to', { files: [1, 2, 3], applied: [1, 2, 3] }, { to: 1n }, [3, 2]],
    ['undoes everything', { files: [1, 2], applied: [1, 2] }, { to: 0n }, [2, 1]],
    ['has nothing to do on an empty history', { files: [1] }, {}, []],
    ['has nothing to do when --to 0 is reached', {}, { to: 0n }, []],
    ['has nothing to do when --to is reached', { files: [1, 2], applied: [1] }, { to: 1n }, []],
    [
      'undoes an edited migration, so that it can be tried again',
      { files: [1, 2], applied: [1], modified: [2] },
      {},
      [2],
    ],
    ['does not mind what is missing or late further down', { files: [2, 3], applied: [1, 3] }, {}, [3]],
    ['leaves what was never applied', { files: [1, 2, 3], applied: [1, 3] }, { to: 0n }, [3, 1]],
  ])('%s', (_, world, options, expected) => {
    const plan = planDown(given(world), options);
    expect(versions(plan)).toEqual(expected);
    expect(plan.direction).toBe('down');
    expect(plan.steps.every(({ direction }) => direction === 'down')).toBe(true);
  });

  test('is refused as a whole when one step cannot be undone, all of those named', () => {
    const world = { files: [1, 2, 3], irreversible: [1], applied: [1, 2, 3, 4] };
    const { facts } = thrown('plan.irreversible', () => planDown(given(world), { to: 0n }));
    expect(facts.refusals).toEqual([
      { version: '4', name: 'm4', reason: 'its files are missing' },
      { version: '1', name: 'm1', reason: 'there is no m/1_m1.down.sql' },
    ]);
  });

  test('is refused while a migration is unfinished', () => {
    thrown('plan.unfinished', () => planDown(given({ files: [1, 2], applied: [1], unfinished: [2] })));
  });

  test('does not know a version that is nowhere', () => {
    thrown('plan.unknown-version', () => planDown(given({ files: [1], applied: [1] }), { to: 5n }));
  });

  test.each<[string, Given, string | null]>([
    ['pending', { files: [1, 2], applied: [1] }, '1'],
    ['out of order', { files: [1, 2, 3], applied: [1, 3] }, '3'],
    ['pending, with nothing applied', { files: [2] }, null],
  ])('cannot go to a version that is %s', (_, world, current) => {
    const { facts } = thrown('plan.target-ahead', () => planDown(given(world), { to: 2n }));
    expect(facts).toEqual({ version: '2', current });
  });
});

describe('baseline', () => {
  test('records every file up to the version', () => {
    const files = planBaseline(given({ files: [1, 2, 3] }), 2n);
    expect(files).toEqual([file(1), file(2)]);
    expect(Object.isFrozen(files)).toBe(true);
  });

  test.each<[string, Given, number, string]>([
    ['a migration is applied', { files: [1, 2], applied: [1] }, 1, '1'],
    ['one is missing', { files: [1, 2], applied: [8, 9] }, 2, '9'],
    ['one is unfinished', { files: [1, 2], unfinished: [1] }, 1, '1'],
  ])('is refused when %s', (_, world, count, current) => {
    const { facts } = thrown('plan.history-exists', () => planBaseline(given(world), 2n));
    expect(facts).toEqual({ count, current });
  });

  test('is refused for a version that unused numbers', () => {
    thrown('plan.unknown-version', () => planBaseline(given({ files: [1, 3] }), 2n));
  });
});

describe('repair', () => {
  const world = { files: [1, 2, 3, 4, 6], applied: [1], modified: [2, 3], unfinished: [4, 5] };

  test('accepts what is modified and resolves what is unfinished', () => {
    const repairs = planRepair(given(world), {
      acceptModified: [3n, 2n],
      resolve: [
        { version: 4n, as: 'applied' },
        { version: 5n, as: 'pending' },
      ],
    });
    expect(repairs.map(({ status, as }) => `${status.version} ${as}`)).toEqual([
      '3 accepted',
      '2 accepted',
      '4 applied',
      '5 pending',
    ]);
  });

  test.each<[string, Parameters<typeof planRepair>[1], string]>([
    ['accept what is not modified', { acceptModified: [2n, 1n] }, 'it is applied, not modified'],
    ['accept what is pending', { acceptModified: [6n] }, 'it is pending, not modified'],
    ['resolve what is modified', { resolve: [{ version: 2n, as: 'applied' }] }, 'it is modified, not unfinished'],
    [
      'resolve what has no row',
      { resolve: [{ version: 6n, as: 'pending' }] },
      'it is pending, not unfinished or applied or modified or missing',
    ],
    ['repair one twice', { acceptModified: [2n, 2n] }, 'it is named twice'],
    [
      'resolve one both ways',
      {
        resolve: [
          { version: 4n, as: 'applied' },
          { version: 4n, as: 'pending' },
        ],
      },
      'it is named twice',
    ],
  ])('does not %s', (_, asked, problem) => {
    expect(thrown('plan.nothing-to-repair', () => planRepair(given(world), asked)).facts.problem).toBe(problem);
  });

  test('does not know a version that is nowhere', () => {
    thrown('plan.unknown-version', () => planRepair(given(world), { acceptModified: [99n] }));
  });
});

describe('whatever the folder and the history hold', () => {
  const some = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 });
  const world = fc
    .tuple(some, some, some, fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 1 }), some)
    .map(([files, applied, modified, unfinished, irreversible]) => ({
      files,
      irreversible,
      applied: applied.filter((version) => !modified.includes(version)),
      modified: modified.filter((version) => files.includes(version)),
      unfinished: unfinished.filter((version) => !applied.includes(version) && !modified.includes(version)),
    }));
  const target = fc.option(fc.integer({ min: 0, max: 13 }).map(BigInt), { nil: undefined });
  const planned = (plan: () => Plan): number[] | undefined => {
    try {
      return versions(plan());
    } catch (error) {
      expect(isAmeliaError(error) && error.code.startsWith('plan.')).toBe(true);
      return undefined;
    }
  };

  test('migrate never applies what is applied, goes up, and with nothing refused leaves nothing behind', () => {
    fc.assert(
      fc.property(world, target, fc.boolean(), (folder, to, outOfOrder) => {
        const statuses = given(folder);
        const steps = planned(() => planUp(statuses, { ...(to !== undefined && { to }), outOfOrder }));
        if (steps === undefined) return;
        const applied = [...folder.applied, ...folder.modified];
        expect(steps.some((version) => applied.includes(version))).toBe(false);
        expect(steps).toEqual([...steps].sort((a, b) => a - b));
        const within = folder.files.filter((version) => to === undefined || BigInt(version) <= to);
        expect(new Set([...applied, ...steps])).toEqual(new Set([...applied, ...within]));
        // One that was begun late goes on, whatever has been applied since.
        const late = (version: number) => version < Math.max(0, ...applied) && !folder.unfinished.includes(version);
        if (!outOfOrder) expect(steps.some(late)).toBe(false);
        expect(statuses.some(({ state }) => ['missing', 'modified'].includes(state))).toBe(false);
        expect(statuses.every(({ unfinished, file }) => !unfinished || (unfinished.direction === 'up' && file))).toBe(
          true,
        );
      }),
      { numRuns: 3_000 },
    );
  });

  test('rollback undoes only what is applied, newest first, without leaving one out', () => {
    fc.assert(
      fc.property(world, target, fc.integer({ min: 0, max: 5 }), (folder, to, count) => {
        const steps = planned(() => planDown(given(folder), to === undefined ? { steps: count } : { to }));
        if (steps === undefined) return;
        const newestFirst = [...folder.applied, ...folder.modified].sort((a, b) => b - a);
        expect(steps).toEqual(newestFirst.slice(0, steps.length));
        if (to === undefined) expect(steps).toHaveLength(Math.min(count, newestFirst.length));
        else expect(newestFirst.slice(steps.length).every((version) => BigInt(version) <= to)).toBe(true);
        expect(steps.every((version) => !folder.irreversible.includes(version))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
