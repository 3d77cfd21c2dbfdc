import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const run = `amelia-db-test-${randomBytes(4).toString('hex')}`;
const image = `${run}:test`;
const databaseUrl = `postgresql://amelia:amelia@${run}-db:5432/amelia`;
/** More options of `docker build`, such as `--network host` where a registry is only reached that way. */
const buildOptions = process.env.AMELIA_TEST_DOCKER_BUILD_OPTIONS?.split(' ') ?? [];

interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

function docker(...args: string[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    execFile('docker', args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const status = error ? error.code : 0;
      if (typeof status === 'number') resolve({ status, stdout, stderr });
      else reject(new Error('`docker` does not run.', { cause: error }));
    });
  });
}

async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(...args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout.trim();
}

/** Arguments of `docker run` for the image: as strict as a cluster would run it. */
function strictly(migrations: string): string[] {
  const limits = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', run];
  return [...limits, '--env', `DATABASE_URL=${databaseUrl}`, '--volume', `${migrations}:/migrations:ro`];
}

function folder(files: Record<string, string>): string {
  const made = mkdtempSync(join(tmpdir(), 'amelia-db-image-'));
  chmodSync(made, 0o755);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text, { mode: 0o644 });
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function psql(sql: string): Promise<string> {
  return succeed('exec', `${run}-db`, 'psql', '--username', 'amelia', '--no-align', '--tuples-only', '--command', sql);
}

beforeAll(async () => {
  await succeed('network', 'create', run);
  const settings = ['USER', 'PASSWORD', 'DB'].flatMap((name) => ['--env', `POSTGRES_${name}=amelia`]);
  await succeed('run', '--detach', '--name', `${run}-db`, '--network', run, ...settings, 'postgres:17');
  await succeed('build', ...buildOptions, '--tag', image, checkout);
  const ready = ['exec', `${run}-db`, 'pg_isready', '--host', '127.0.0.1', '--username', 'amelia'];
  await vi.waitFor(() => succeed(...ready), { timeout: 60_000, interval: 500 });
});

afterAll(async () => {
  await docker('rm', '--force', '--volumes', `${run}-db`);
  await docker('network', 'rm', run);
  await docker('rmi', '--force', image);
});

test('migrates a database in another container, with a read-only root file system and no rights', async () => {
  const migrate = ['run', '--rm', ...strictly(join(checkout, 'migrations')), image];
  const first = JSON.parse(await succeed(...migrate, 'migrate', '--json')) as { steps: { state: string }[] };
  expect(first.steps.map(({ state }) => state)).toContain('applied');
  expect(await psql("select count(*) from pg_tables where tablename = 'workflows'")).toBe('1');
  await succeed(...migrate, 'status', '--check');
});

test('runs as a numeric user that is not root, and as any other number', async () => {
  expect(await succeed('image', 'inspect', '--format', '{{.Config.User}}', image)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  const other = ['--user', '123456:0', ...strictly(join(checkout, 'migrations'))];
  await succeed('run', '--rm', ...other, image, 'migrate');
});

test('a folder that is not mounted is an error with its own exit status', async () => {
  expect(
    (await docker('run', '--rm', '--network', run, '--env', `DATABASE_URL=${databaseUrl}`, image, 'migrate')).status,
  ).toBe(3);
});

test('docker stop ends a running migration with 143, rolled back, long before the grace period', async () => {
  const slow = folder({ '900_slow.sql': 'create table slow (a int); select pg_sleep(60);' });
  const history = ['migrate', '--history-table', 'slow_history'];
  await succeed('run', '--detach', '--name', `${run}-slow`, ...strictly(slow), image, ...history);
  onTestFinished(async () => void (await docker('rm', '--force', `${run}-slow`)));
  const sleeping =
    "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()";
  await expect.poll(() => psql(sleeping), { timeout: 30_000 }).not.toBe('0');

  const begin = Date.now();
  await succeed('stop', '-t', '30', `${run}-slow`);
  expect(Date.now() - begin).toBeLessThan(15_000);
  expect(await succeed('inspect', '--format', '{{.State.ExitCode}}', `${run}-slow`)).toBe('143');
  expect(await psql("select count(*) from pg_tables where tablename = 'slow'")).toBe('0');
  expect(await psql(sleeping)).toBe('0');
});
