// The Docker engine's command line, and PostgreSQL in a container beside the image.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';

export const checkout = fileURLToPath(new URL('../../', import.meta.url));

/** More options of `docker build`, such as `--network host` where a registry is only reached that way. */
const buildOptions = process.env.AMELIA_TEST_DOCKER_BUILD_OPTIONS?.split(' ') ?? [];

export interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, whatever its exit status is. */
export function execute(program: string, args: string[], env: Record<string, string> = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 1 << 26, env: { ...process.env, ...env } };
    execFile(program, args, options, (error, stdout, stderr) => {
      const status = error ? error.code : 0;
      if (typeof status === 'number') resolve({ status, stdout, stderr });
      else reject(new Error(`\`${program}\` does not run.`, { cause: error }));
    });
  });
}

export const docker = (...args: string[]): Promise<Result> => execute('docker', args);

/** Runs `docker` and returns what it prints. Throws, with all output, when its exit status is not 0. */
export async function succeed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(...args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout.trim();
}

export const uniqueName = (): string => `amelia-db-test-${randomBytes(4).toString('hex')}`;

/** Builds the image of a context. */
export async function build(tag: string, context: string): Promise<void> {
  await succeed('build', ...buildOptions, '--tag', tag, context);
}

/** A folder with these files that any user can read, gone when the test ends. */
export function readableFolder(files: Record<string, string>): string {
  const made = mkdtempSync(join(tmpdir(), 'amelia-db-image-'));
  chmodSync(made, 0o755);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made, name)), { recursive: true, mode: 0o755 });
    writeFileSync(join(made, name), text, { mode: 0o644 });
  }
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

/** PostgreSQL in a container on a network of its own. */
export class DatabaseContainer {
  readonly network = uniqueName();
  readonly #name = `${this.network}-db`;

  async start(): Promise<void> {
    await succeed('network', 'create', this.network);
    const settings = ['USER', 'PASSWORD', 'DB'].flatMap((name) => ['--env', `POSTGRES_${name}=amelia`]);
    await succeed('run', '--detach', '--name', this.#name, '--network', this.network, ...settings, 'postgres:17');
    const ready = ['exec', this.#name, 'pg_isready', '--host', '127.0.0.1', '--username', 'amelia'];
    await vi.waitFor(() => succeed(...ready), { timeout: 60_000, interval: 500 });
  }

  async remove(): Promise<void> {
    await docker('rm', '--force', '--volumes', this.#name);
    await docker('network', 'rm', this.network);
  }

  /** A new, empty database and its URL, as other containers of the network see it. */
  async createDatabase(): Promise<{ url: string; psql: (sql: string) => Promise<string> }> {
    const name = `test_${randomBytes(4).toString('hex')}`;
    await this.#psql('amelia', `CREATE DATABASE ${name}`);
    const url = `postgresql://amelia:amelia@${this.#name}:5432/${name}`;
    return { url, psql: (sql) => this.#psql(name, sql) };
  }

  #psql(database: string, sql: string): Promise<string> {
    const as = ['--username', 'amelia', '--dbname', database];
    return succeed('exec', this.#name, 'psql', ...as, '--no-align', '--tuples-only', '--command', sql);
  }
}
