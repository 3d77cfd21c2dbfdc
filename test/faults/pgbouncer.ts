// Runs PgBouncer in front of a server, with its own settings where a pooler's defaults matter. Fails, with
// what to do, where there is none. Never outlives the process that started it.
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '../support/database.ts';
import { guard } from '../support/guard.ts';
import { preparePrograms } from '../support/programs.ts';
import { serverMajor } from '../support/server.ts';

export interface PgBouncer {
  /** The URL of a database of the server's by way of it. */
  urlOf(database: string): string;
  close(): Promise<void>;
}

const STARTUP_MS = 60_000;

/** Starts it in front of the server of a superuser's URL; `settings` are more lines of pgbouncer.ini. */
export async function startPgBouncer(
  admin: string,
  mode: 'transaction' | 'session' | 'statement',
  settings: Record<string, number> = {},
): Promise<PgBouncer> {
  const program = findProgram();
  const { hostname, port: serverPort, username, password } = new URL(admin);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'amelia-db-pgbouncer-'));
  const [iniFile, users] = [join(folder, 'pgbouncer.ini'), join(folder, 'users')];
  const quoted = (text: string) => `"${decodeURIComponent(text).replaceAll('"', '""')}"`;
  writeFileSync(users, `${quoted(username)} ${quoted(password)}\n`, { mode: 0o600 });
  writeFileSync(
    iniFile,
    `[databases]
* = host=${hostname} port=${serverPort || 5432}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
max_client_conn = 300
${Object.entries(settings)
  .map(([name, value]) => `${name} = ${value}\n`)
  .join('')}`,
  );
  // Like PostgreSQL it refuses root.
  const user = process.getuid?.() === 0 ? (await preparePrograms(serverMajor())).user : undefined;
  if (user) for (const path of [folder, iniFile, users]) chownSync(path, user.uid, user.gid);
  const child = spawn(program, [iniFile], { ...user, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
  const cleaner = guard(`kill "$1"; rm -rf "$2"`, String(child.pid), folder);
  const urlOf = (database: string) => {
    const url = new URL(admin);
    [url.hostname, url.port, url.pathname] = ['127.0.0.1', String(port), `/${database}`];
    return url.href;
  };
  for (const deadline = Date.now() + STARTUP_MS; ; await sleep(50)) {
    const failure = await query(urlOf('postgres'), 'SELECT 1').then(
      () => undefined,
      (error: Error) => error,
    );
    if (!failure) break;
    if (child.exitCode === null && Date.now() < deadline) continue;
    await cleaner.release();
    throw new Error(`PgBouncer does not answer:\n${log}`, { cause: failure });
  }
  return { urlOf, close: () => cleaner.release() };
}

function findProgram(): string {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  const found = folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    'These tests need PgBouncer: on Debian `apt-get install pgbouncer`, on macOS `brew install pgbouncer`.',
  );
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
