import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { chosenMajors } from './test/support/server.ts';

export default defineConfig(async () => {
  const majors = await chosenMajors();
  const newest = majors.at(-1)!;

  // A database test waits for the server most of the time, and a slow machine is not a failure.
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
      globalSetup: [...setup, 'test/support/global-setup.ts'],
      provide: { major, majors: others },
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  });

  return {
    test: {
      pool: 'forks',
      projects: [
        { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
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
    test: { name: 'docker', include: ['test/docker/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 600_000 },
  };
}
