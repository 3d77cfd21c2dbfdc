// Starts the servers of a vitest project before its tests and stops them after the run. Projects
// share them; a project that does not run starts none.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { provideServer, type SharedServer } from './server.ts';

// Each project loads this file anew, so what they share is kept outside of it.
const key = Symbol.for('amelia-db.test.servers');
const shared = ((globalThis as Record<symbol, unknown>)[key] ??= new Map()) as Map<number, Promise<SharedServer>>;

export async function setup(project: TestProject): Promise<void> {
  if (project.name === 'e2e') lookAtBuild();
  const servers: Record<number, string> = {};
  for (const major of project.getProvidedContext().majors) {
    if (!shared.has(major)) shared.set(major, provideServer(major));
    servers[major] = (await shared.get(major)!).url;
  }
  project.provide('servers', servers);
}

export async function teardown(): Promise<void> {
  const servers = [...shared.values()];
  shared.clear();
  await Promise.allSettled(servers.map(async (server) => (await server).close()));
}

/** The end-to-end tests run what was built, and a forgotten build would be tested in place of what was changed. */
function lookAtBuild(): void {
  const checkout = fileURLToPath(new URL('../../', import.meta.url));
  const built = join(checkout, 'dist', 'main.js');
  if (!existsSync(built)) throw new Error('dist/ is missing: run `npm run build` before the end-to-end tests.');
  const sources = readdirSync(join(checkout, 'src'), { recursive: true, withFileTypes: true });
  const newest = Math.max(...sources.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
  if (newest > statSync(built).mtimeMs) {
    console.warn(
      '\nsrc/ has changed since dist/ was built: the end-to-end tests run the old build. `npm run build` first.\n',
    );
  }
}
