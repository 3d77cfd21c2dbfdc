// Starts the servers of a vitest project before its tests and stops them after the run. Projects
// share them; a project that does not run starts none.
import type { TestProject } from 'vitest/node';
import { provideServer, type SharedServer } from './server.ts';

// Each project loads this file anew, so what they share is kept outside of it.
const key = Symbol.for('amelia-db.test.servers');
const shared = ((globalThis as Record<symbol, unknown>)[key] ??= new Map()) as Map<number, Promise<SharedServer>>;

export async function setup(project: TestProject): Promise<void> {
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
