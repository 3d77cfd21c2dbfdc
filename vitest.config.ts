import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { describeLeftOut, leftOut } from './test/support/needed-programs.ts';
import { chosenMajors } from './test/support/server.ts';

// What is waited for comes when the machine gets round to it: a slow one is not a failure.
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000 } } };

const left = leftOut();
const exclude = [...configDefaults.exclude, ...left.flatMap(({ files }) => files)];
// At the end, where it is seen.
if (left.length > 0) process.once('exit', () => process.stderr.write(describeLeftOut(left)));

export default defineConfig(async () => {
  const majors = await chosenMajors();
  const newest = majors.at(-1)!;

  const onServers = (
    name: string,
    folder: string,
    major: number,
    others: number[],
    setup: string[] = [],
  ): TestProjectInlineConfiguration => ({
    test: {
      name,
      include: [`test/${folder}/**/*.test.ts`],
      exclude,
      globalSetup: [...setup, 'test/support/global-setup.ts'],
      provide: { major, majors: others },
      ...patient,
    },
  });

  return {
    test: {
      pool: 'forks',
      // Vitest would leave one core idle; a database test waits for the server most of the time.
      maxWorkers: availableParallelism(),
      projects: [
        { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], exclude, ...patient } },
        ...majors.map((major) => onServers(`pg${major}`, 'integration', major, [major])),
        onServers('e2e', 'e2e', newest, majors, ['test/support/package-setup.ts']),
        // A sample of the faults; all of them when AMELIA_TEST_FAULTS says so.
        onServers('faults', 'faults', newest, [newest], ['test/support/package-setup.ts']),
        ...(process.env.AMELIA_TEST_DOCKER === '1' ? [dockerProject()] : []),
      ],
    },
  };
});

/** Needs a Docker engine and the public images, so it runs only when asked for. */
function dockerProject(): TestProjectInlineConfiguration {
  return {
    test: {
      name: 'docker',
      include: ['test/docker/**/*.test.ts'],
      globalSetup: ['test/docker/setup.ts'],
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  };
}
