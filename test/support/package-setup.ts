// Builds and packs the package, or takes the tarball that AMELIA_TEST_TARBALL names, and installs it as README.md
// says, in a place of its own: the end-to-end tests run that, so a file that is missing from the tarball fails them.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder whose node_modules holds the packed package. */
    installed: string;
    /** The folder that a global installation puts `amelia-db` into. */
    bin: string;
    /** The packed package, which can be installed elsewhere. */
    tarball: string;
  }
}

let folder: string | undefined;

export function setup(project: TestProject): void {
  folder = mkdtempSync(join(tmpdir(), 'amelia-db-package-'));
  chmodSync(folder, 0o755); // as a global installation, for another user to run
  const prefix = join(folder, 'prefix');
  const checkout = fileURLToPath(new URL('../../', import.meta.url));
  const npm = (args: string[], cwd: string) => execFileSync('npm', [...args, '--silent'], { cwd, stdio: 'pipe' });
  const given = process.env.AMELIA_TEST_TARBALL;
  if (!given) npm(['pack', '--pack-destination', folder], checkout);
  const tarball = given ?? join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  const options = ['--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund'];
  npm(['install', '--global', ...options, tarball], folder);
  project.provide('tarball', tarball);
  // npm's folders of a global installation, which are others on Windows.
  const isWindows = process.platform === 'win32';
  project.provide('installed', isWindows ? prefix : join(prefix, 'lib'));
  project.provide('bin', isWindows ? prefix : join(prefix, 'bin'));
}

export function teardown(): void {
  if (folder) rmSync(folder, { recursive: true, force: true });
}
