// Builds and packs the package and installs it as its users would: the end-to-end tests run that,
// so a file that is missing from the tarball fails them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder whose node_modules holds the packed package. */
    installed: string;
  }
}

let folder: string | undefined;

export function setup(project: TestProject): void {
  folder = mkdtempSync(join(tmpdir(), 'amelia-db-package-'));
  const installed = join(folder, 'installed');
  const checkout = fileURLToPath(new URL('../../', import.meta.url));
  const npm = (args: string[], cwd: string) => execFileSync('npm', [...args, '--silent'], { cwd, stdio: 'pipe' });
  npm(['pack', '--pack-destination', folder], checkout);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  mkdirSync(installed);
  npm(
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--prefix', installed, join(folder, tarball ?? '')],
    installed,
  );
  project.provide('installed', installed);
}

export function teardown(): void {
  if (folder) rmSync(folder, { recursive: true, force: true });
}
