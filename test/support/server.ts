// Which servers the tests run on: AMELIA_TEST_DATABASE_URL, else a container where a Docker engine
// answers, else the programs that the devDependencies ship. Never skips: without one it fails.
import postgres from 'postgres';
import { inject, onTestFinished } from 'vitest';
import { type Cluster, type ClusterOptions, startCluster } from './cluster.ts';

export const SUPPORTED_MAJORS = [15, 16, 17, 18];

declare module 'vitest' {
  interface ProvidedContext {
    /** The major version that the project's tests run on. */
    major: number;
    /** Every major version that the project may ask for. */
    majors: number[];
    /** The superuser's URL of each. */
    servers: Record<number, string>;
  }
}

export interface SharedServer {
  url: string;
  close(): Promise<void>;
}

export interface PrivateServerOptions extends Omit<ClusterOptions, 'major'> {
  /** The project's own version by default. */
  major?: number;
  /** The context's own, in concurrent tests. */
  onTestFinished?: (clean: () => Promise<void>) => void;
}

export type PrivateServer = Cluster;

/** The major version of the server that this project's tests run on. */
export function serverMajor(): number {
  return inject('major');
}

/** The superuser's URL of the shared server of a version, by default the project's. Throws when the project has none. */
export function adminUrl(major = serverMajor()): string {
  const url = inject('servers')[major];
  if (!url) throw new Error(`This project has no server of PostgreSQL ${major}; PG_MAJOR chooses the versions.`);
  return url;
}

/** A server for one test, to be stopped, crashed or configured; gone at the test's end. Always from the shipped programs. */
export async function startServer(options: PrivateServerOptions = {}): Promise<PrivateServer> {
  const { major = serverMajor(), onTestFinished: atEnd = onTestFinished, ...rest } = options;
  const cluster = await startCluster({ major, ...rest });
  atEnd(() => cluster.close());
  return cluster;
}

/** The versions that PG_MAJOR names, or the given server's, or all that are supported; ascending. */
export async function chosenMajors(): Promise<number[]> {
  const named = process.env.PG_MAJOR?.split(',').map(Number);
  const wrong = named?.filter((major) => !SUPPORTED_MAJORS.includes(major));
  if (wrong?.length) throw new Error(`PG_MAJOR is one or more of ${SUPPORTED_MAJORS.join(',')}, separated by commas.`);
  if (named) return [...new Set(named)].sort();
  const given = process.env.AMELIA_TEST_DATABASE_URL;
  // A server that does not answer is reported when it is needed: the unit tests need none.
  const found = given ? await majorOf(given).catch(() => undefined) : undefined;
  return found ? [found] : SUPPORTED_MAJORS;
}

/** Starts, or takes, the server of a version that all tests share. Throws with what to do when there is none. */
export async function provideServer(major: number): Promise<SharedServer> {
  const given = process.env.AMELIA_TEST_DATABASE_URL;
  if (given) {
    const found = await majorOf(given);
    if (found === major) return { url: given, close: async () => {} };
    throw new Error(
      `AMELIA_TEST_DATABASE_URL is PostgreSQL ${found}, not ${major}: unset PG_MAJOR or set it to ${found}.`,
    );
  }
  const wanted = process.env.AMELIA_TEST_SERVERS;
  if (wanted && wanted !== 'containers' && wanted !== 'programs') {
    throw new Error('AMELIA_TEST_SERVERS is containers or programs; unset, a Docker engine that answers is used.');
  }
  if (wanted === 'programs') return startCluster({ major });
  const { dockerAnswers, startContainer } = await import('./container.ts');
  if (wanted === 'containers' || (await dockerAnswers())) return startContainer(major);
  return startCluster({ major });
}

async function majorOf(url: string): Promise<number> {
  const sql = postgres(url, { max: 1, connect_timeout: 10, fetch_types: false });
  try {
    const [row] = await sql<{ server_version_num: string }[]>`show server_version_num`;
    return Math.floor(Number(row?.server_version_num) / 10_000);
  } catch (cause) {
    throw new Error('The server of AMELIA_TEST_DATABASE_URL cannot be used.', { cause });
  } finally {
    await sql.end();
  }
}
