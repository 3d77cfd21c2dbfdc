// docker-compose.yml as it is shipped: the application starts when the migrations are in, and only then.
// The commands are those of docs/docker.md.
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { checkout, docker, execute, readableFolder, type Result, succeed, uniqueName } from './engine.ts';

interface Container {
  State: { Status: string; ExitCode: number; StartedAt: string; FinishedAt: string };
}

/** The shipped file, and others on top of it, as a project of its own that is gone when the test ends. */
async function project(...files: string[]): Promise<{
  compose: (...args: string[]) => Promise<Result>;
  container: (service: string) => Promise<Container | undefined>;
}> {
  const name = uniqueName();
  const plugin = (await docker('compose', 'version')).status === 0;
  const [program, ...before] = plugin ? ['docker', 'compose'] : ['docker-compose'];
  const given = [join(checkout, 'docker-compose.yml'), ...files].flatMap((file) => ['--file', file]);
  const env = { AMELIA_DB_IMAGE: inject('image'), POSTGRES_PORT: '0' };
  const compose = (...args: string[]) =>
    execute(
      program ?? '',
      [...before, '--project-name', name, '--project-directory', checkout, ...given, ...args],
      env,
    );
  onTestFinished(async () => void (await compose('down', '--volumes', '--timeout', '0')));
  const container = async (service: string) => {
    const filters = ['project', 'service'].flatMap((key, i) => [
      '--filter',
      `label=com.docker.compose.${key}=${[name, service][i]}`,
    ]);
    const id = await succeed('ps', '--all', '--quiet', ...filters);
    return id === '' ? undefined : (JSON.parse(await succeed('inspect', id)) as Container[])[0];
  };
  return { compose, container };
}

test('the application starts after the migrations are in: its first statement finds the table', async () => {
  const { compose, container } = await project();
  const up = await compose('up', '--detach', '--no-build');
  expect(up, up.stderr).toMatchObject({ status: 0 });
  await expect.poll(async () => (await container('application'))?.State.Status, { timeout: 30_000 }).toBe('exited');
  const migrate = (await container('migrate'))!.State;
  const application = (await container('application'))!.State;
  const { stdout } = await compose('logs', '--no-color');
  expect({ migrate: migrate.ExitCode, application: application.ExitCode }, stdout).toEqual({
    migrate: 0,
    application: 0,
  });
  expect(Date.parse(application.StartedAt)).toBeGreaterThan(Date.parse(migrate.FinishedAt));
  expect(stdout).toMatch(/applied 1 migration/);
});

test('the application never starts when a migration fails', async () => {
  const broken = readableFolder({ '1_a.sql': 'create table a ();\nalter table b add c int;' });
  const override = readableFolder({
    'override.yml': JSON.stringify({ services: { migrate: { volumes: [`${broken}:/migrations:ro`] } } }),
  });
  const { compose, container } = await project(join(override, 'override.yml'));
  const up = await compose('up', '--detach', '--no-build');
  expect(up.status).not.toBe(0);
  expect((await container('migrate'))?.State.ExitCode).toBe(1);
  const { stdout } = await compose('logs', '--no-color', 'migrate');
  expect(stdout).toMatch(/relation "b" does not exist/);
  // Not made at all, or made and never started.
  expect(['created', undefined]).toContain((await container('application'))?.State.Status);
});
