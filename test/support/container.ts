// Runs a shared server in a container. Never used for private servers: those are signalled.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { guard } from './guard.ts';
import type { SharedServer } from './server.ts';

/** Whether a Docker engine, or one that speaks its protocol, can be reached. */
export async function dockerAnswers(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/** Starts the public image of a major version. Throws with what to do when the image is not to be had. */
export async function startContainer(major: number): Promise<SharedServer> {
  const password = `${randomBytes(12).toString('base64url')}@:/?#%&=+ '"\\`;
  const settings = { max_connections: 300, fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const container = await new GenericContainer(`postgres:${major}`)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(['postgres', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])])
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/init process complete/))
    .start()
    .catch((cause: unknown) => {
      throw new Error(
        `A Docker engine answers, but postgres:${major} did not start in it: ${String(cause)}\n` +
          'Pull the image, or set AMELIA_TEST_SERVERS=programs to use the servers that the devDependencies ship.',
        { cause },
      );
    });
  // Ryuk removes what a killed run leaves behind; where it is switched off, this does.
  const cleaner = guard('docker rm --force --volumes "$1"', container.getId());
  const url =
    `postgresql://postgres:${encodeURIComponent(password)}` +
    `@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  await untilEntered(url);
  return {
    url,
    async close() {
      await container.stop({ removeVolumes: true });
      await cleaner.release();
    },
  };
}

/** The message of the wait strategy is written a moment before the server listens. */
async function untilEntered(url: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    const sql = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false });
    try {
      await sql`select 1`;
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    } finally {
      await sql.end();
    }
  }
}
