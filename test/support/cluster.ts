// Runs one PostgreSQL server from the shipped programs: its own data folder, a free port on
// 127.0.0.1 and a Unix socket. Never outlives the process that started it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guard } from './guard.ts';
import { preparePrograms } from './programs.ts';

export interface ClusterOptions {
  major: number;
  /** Keep what was committed through an immediate stop; off by default, for speed. */
  durable?: boolean;
  /** Settings of postgresql.conf that replace the ones below. */
  settings?: Record<string, string>;
}

export interface Cluster {
  readonly major: number;
  /** The superuser's URL; the port stays the same when the server is started again. */
  readonly url: string;
  /** The folder of its Unix socket. */
  readonly socketFolder: string;
  /** The postmaster's process id; undefined while stopped. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  /** `fast` rolls back and disconnects; `immediate` is a crash, with recovery at the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  restart(mode?: 'fast' | 'immediate'): Promise<void>;
  /** What the server wrote to its log, of all its starts. */
  logs(): string;
  /** Stops it and deletes its folder. */
  close(): Promise<void>;
}

const STARTUP_MS = 60_000;

// $1 is the folder. The process may have been started again since, so its id is read only now.
const CLEAN_UP = `
if read -r pid <"$1/data/postmaster.pid"; then
  kill -QUIT "$pid"
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
    kill -0 "$pid" || break
    sleep 0.1
  done
  kill -KILL "$pid"
fi
rm -rf "$1"`;

/** Starts a new, empty server. Throws with the server's log when it does not come up. */
export async function startCluster({ major, durable = false, settings = {} }: ClusterOptions): Promise<Cluster> {
  const { postgres, template, password, user } = await preparePrograms(major);
  const folder = fs.mkdtempSync(join(fastFolder(), 'amelia-db-pg-'));
  const cleaner = guard(CLEAN_UP, folder);
  const data = join(folder, 'data');
  const logFile = join(folder, 'log');
  const port = await freePort();
  const speed = durable ? 'on' : 'off';
  const parameters = Object.entries({
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '300',
    max_wal_size: '256MB',
    // In the data folder, so that nothing is left behind however the server ends.
    dynamic_shared_memory_type: 'mmap',
    fsync: speed,
    synchronous_commit: speed,
    full_page_writes: speed,
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  copyData(template, data, user);
  if (user) fs.chownSync(folder, user.uid, user.gid);

  let server: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();

  const cluster: Cluster = {
    major,
    url: `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    socketFolder: folder,
    get pid() {
      return server?.pid;
    },
    async start() {
      if (server) return;
      const log = fs.openSync(logFile, 'a');
      const child = spawn(postgres, ['-D', data, ...parameters], {
        ...user,
        cwd: '/',
        env: { LANG: 'C', TZ: 'UTC' },
        detached: true,
        stdio: ['ignore', log, log],
      });
      fs.closeSync(log);
      server = child;
      exited = once(child, 'exit').finally(() => (server = undefined));
      for (const deadline = Date.now() + STARTUP_MS; !isReady(data, child.pid); await sleep(20)) {
        if (!server) throw new Error(`PostgreSQL ${major} did not start:\n${cluster.logs()}`);
        if (Date.now() > deadline) throw new Error(`PostgreSQL ${major} is not ready after 60 s:\n${cluster.logs()}`);
      }
    },
    async stop(mode = 'fast') {
      server?.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await exited;
    },
    async restart(mode) {
      await cluster.stop(mode);
      await cluster.start();
    },
    logs: () => fs.readFileSync(logFile, 'utf8'),
    async close() {
      await cleaner.release();
      await exited;
    },
  };
  try {
    await cluster.start();
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}

/** The eighth line of postmaster.pid is the postmaster's state: what pg_ctl --wait looks at. */
function isReady(data: string, pid: number | undefined): boolean {
  try {
    const lines = fs.readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && ['ready', 'standby'].includes(lines[7]?.trim() ?? '');
  } catch {
    return false;
  }
}

/** Memory, where there is enough of it: a new database for each test is the most that the tests write. */
function fastFolder(): string {
  try {
    const { bavail, bsize } = fs.statfsSync('/dev/shm');
    fs.accessSync('/dev/shm', fs.constants.W_OK);
    if (bavail * bsize > 4 * 2 ** 30) return '/dev/shm';
  } catch {
    // Not on this system.
  }
  return tmpdir();
}

function copyData(template: string, data: string, user: { uid: number; gid: number } | undefined): void {
  fs.cpSync(template, data, { recursive: true, mode: fs.constants.COPYFILE_FICLONE });
  fs.chmodSync(data, 0o700);
  if (!user) return;
  fs.chownSync(data, user.uid, user.gid);
  for (const entry of fs.readdirSync(data, { recursive: true, withFileTypes: true })) {
    fs.chownSync(join(entry.parentPath, entry.name), user.uid, user.gid);
  }
}

/** Below the range of outgoing ports: there, a client that retries while the server is down could connect to itself. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
  throw new Error('No free port between 20000 and 32000 on 127.0.0.1.');
}
