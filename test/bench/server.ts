// The one server that all tools are measured on: it keeps what it commits on a disk, and gives each run a new database.
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { at, query } from '../support/database.ts';
import { median } from './measure.ts';

export interface BenchServer {
  cluster: Cluster;
  /** What the report says of it. */
  description: string;
  /** Creates an empty database that its owner `bench` enters; TLS is off for all tools. */
  createDatabase(): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  /** Sends a query as the superuser to the database of a URL. */
  query<Row>(url: string, text: string): Promise<Row[]>;
  close(): Promise<void>;
}

const SETTINGS = ['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers'];

/** Starts a server of the major version from the programs of the devDependencies. */
export async function startBenchServer(major: number): Promise<BenchServer> {
  const cluster = await startCluster({ major, durable: true, settings: { max_wal_size: '2GB' } });
  const wal = fs.mkdtempSync(join(tmpdir(), 'amelia-db-bench-wal-'));
  const close = async () => {
    await cluster.close();
    fs.rmSync(wal, { recursive: true, force: true });
  };
  try {
    await cluster.stop();
    moveWal(join(cluster.socketFolder, 'data'), join(wal, 'pg_wal'));
    await cluster.start();
    await query(cluster.url, `CREATE ROLE bench LOGIN PASSWORD 'bench'`);
    const settings = await query<{ name: string; value: string }>(
      cluster.url,
      `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name IN ('${SETTINGS.join(`','`)}') ORDER BY name`,
    );
    const [version] = await query<{ server_version: string }>(cluster.url, 'SHOW server_version');
    const shown = settings.map(({ name, value }) => `${name} ${value}`).join(', ');
    const description = `PostgreSQL ${version?.server_version}: ${shown}; 8 kB written to its log reach the disk in ${syncMs(wal).toFixed(2)} ms`;
    const superuser = (url: string) => at(cluster.url, { database: new URL(url).pathname.slice(1) });
    return {
      cluster,
      description,
      async createDatabase() {
        const name = `bench_${randomBytes(6).toString('hex')}`;
        await query(cluster.url, `CREATE DATABASE ${name} OWNER bench TEMPLATE template0`);
        return `${at(cluster.url, { database: name, user: 'bench', password: 'bench' })}?sslmode=disable`;
      },
      async dropDatabase(url) {
        await query(cluster.url, `DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
        // What this run left to write must not be the next one's wait.
        await query(cluster.url, 'CHECKPOINT');
      },
      query: (url, text) => query(superuser(url), text),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The tests' servers live in memory, where a sync costs nothing; what a COMMIT waits for has to be on a disk. */
function moveWal(data: string, to: string): void {
  const from = join(data, 'pg_wal');
  const { uid, gid } = fs.statSync(from);
  fs.cpSync(from, to, { recursive: true });
  fs.chownSync(join(to, '..'), uid, gid);
  fs.chownSync(to, uid, gid);
  for (const name of fs.readdirSync(to, { recursive: true, encoding: 'utf8' })) fs.chownSync(join(to, name), uid, gid);
  fs.rmSync(from, { recursive: true });
  fs.symlinkSync(to, from);
}

function syncMs(folder: string): number {
  const path = join(folder, 'sync');
  const file = fs.openSync(path, 'w');
  const times = Array.from({ length: 200 }, () => {
    fs.writeSync(file, Buffer.alloc(8192));
    const start = performance.now();
    fs.fdatasyncSync(file);
    return performance.now() - start;
  });
  fs.closeSync(file);
  fs.rmSync(path);
  return median(times);
}
