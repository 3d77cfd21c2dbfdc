// Opens the socket that a session speaks over: TCP or Unix, each host in turn, TLS as libpq's sslmode
// says (manual, section 34.18). Never sends a query and never retries once a host has answered.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { AmeliaError } from '../errors.ts';
import { interruption } from './failure.ts';
import type { ConnectionTarget } from './target.ts';

/** An open socket, encrypted where sslmode asks for it, and the host that answered. */
export interface Connected {
  readonly socket: net.Socket;
  readonly host: string;
  readonly port: number;
}

/** SSLRequest of the frontend/backend protocol (manual, section 53.7). */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** `host:port`, or the socket's path, for a person to read. */
export function describeAddress(host: string, port: number): string {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Connects to the first of the target's hosts that answers.
 * Throws `session.unreachable`, `session.timeout` or `session.tls` for the last one tried.
 */
export async function openSocket(target: ConnectionTarget, signal?: AbortSignal): Promise<Connected> {
  let last: unknown;
  for (const { host, port } of target.hosts) {
    try {
      const plain = await connectPlain(target, host, port, signal);
      const socket = host.startsWith('/') ? plain : await encrypt(target, plain, host, port, signal);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 60_000);
      return { socket, host, port };
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

function connectPlain(target: ConnectionTarget, host: string, port: number, signal?: AbortSignal): Promise<net.Socket> {
  const address = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  // A high water mark above what a run keeps in flight, so that the driver never waits for the socket to drain.
  const socket = new net.Socket({ writableHighWaterMark: 4 * 1024 * 1024 } as net.SocketConstructorOpts);
  const attempt = settle(target, host, port, socket, 'connect', signal);
  // A socket that was destroyed already would come alive again.
  if (!socket.destroyed) socket.connect(address);
  return attempt;
}

/** Waits for `event` on `socket`; destroys the socket and rejects when it fails, times out or is aborted. */
function settle<S extends net.Socket>(
  target: ConnectionTarget,
  host: string,
  port: number,
  socket: S,
  event: 'connect' | 'secureConnect' | 'data',
  signal?: AbortSignal,
): Promise<S> {
  const name = describeAddress(host, port);
  return new Promise((resolve, reject) => {
    const finish = (error?: AmeliaError) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      socket.off(event, succeeded).off('error', failed).off('close', closed);
      if (error === undefined) return resolve(socket);
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    const succeeded = () => finish();
    const failed = (cause: NodeJS.ErrnoException) =>
      finish(
        event === 'secureConnect'
          ? new AmeliaError('session.tls', { target: name, reason: cause.message }, { cause })
          : new AmeliaError('session.unreachable', { target: name, reason: reasonOf(cause, host) }, { cause }),
      );
    const closed = () =>
      finish(new AmeliaError('session.unreachable', { target: name, reason: 'it closed the connection at once' }));
    const aborted = () => finish(interruption(signal));
    const timer = setTimeout(
      () => finish(new AmeliaError('session.timeout', { target: name, seconds: target.connectTimeoutMs / 1000 })),
      target.connectTimeoutMs,
    );
    socket.once(event, succeeded).once('error', failed).once('close', closed);
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted) aborted();
  });
}

async function encrypt(
  target: ConnectionTarget,
  socket: net.Socket,
  host: string,
  port: number,
  signal?: AbortSignal,
): Promise<net.Socket> {
  const { sslMode } = target;
  // `allow` would try without TLS first: what the server then refuses, `prefer` would have got.
  if (sslMode === 'disable' || sslMode === 'allow') return socket;
  const name = describeAddress(host, port);
  const answer = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  const answered = settle(target, host, port, socket, 'data', signal);
  socket.write(sslRequest);
  await answered;
  const offered = (await answer)[0] === 'S'.charCodeAt(0);
  if (!offered && sslMode === 'prefer') return socket;
  if (!offered) {
    throw new AmeliaError('session.tls', {
      target: name,
      reason: `the server does not offer TLS, and sslmode is ${sslMode}`,
    });
  }
  const verifies = sslMode === 'verify-ca' || sslMode === 'verify-full' || target.sslRootCert !== undefined;
  const read = (path: string | undefined, setting: string) => {
    try {
      return path === undefined ? undefined : readFileSync(path);
    } catch (cause) {
      throw new AmeliaError(
        'config.unreadable',
        { setting, path: path ?? '', reason: (cause as Error).message },
        { cause },
      );
    }
  };
  const encrypted = tls.connect({
    socket,
    ...(net.isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: verifies,
    ca: target.sslRootCert === 'system' ? undefined : read(target.sslRootCert, 'sslrootcert'),
    cert: read(target.sslCert, 'sslcert'),
    key: read(target.sslKey, 'sslkey'),
    // Only verify-full compares the host's name.
    ...(sslMode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  });
  return settle(target, host, port, encrypted, 'secureConnect', signal);
}

function reasonOf(error: NodeJS.ErrnoException, host: string): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOENT':
      return 'there is no such socket';
    case 'EACCES':
      return 'permission denied on the socket';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name ${host} is not known`;
    case 'ECONNRESET':
      return 'it reset the connection';
    default:
      return error.message || (error.code ?? 'unknown error');
  }
}
