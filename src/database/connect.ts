// Opens the socket that a session speaks over: TCP or Unix, each address of the host in turn, TLS as it is asked
// for (manual, section 53.2.10). Never sends a query and never retries once a server has answered.
import net from 'node:net';
import { AmeliaError } from '../errors.ts';
import type { Notice } from '../events.ts';
import { interruption } from './failure.ts';
import type { ConnectionTarget, TargetHost } from './target.ts';

/** `offered` encrypts where the server can. */
export type Encryption = 'plain' | 'offered' | 'required';

/** How an encrypted socket is encrypted, and what is known of who stands at its other end. */
export interface TlsFacts {
  readonly protocol: string;
  readonly cipher: string;
  /** `chain`: an authority that we trust vouches for the certificate; `host`: and it is for this host. */
  readonly verified: 'no' | 'chain' | 'host';
}

/** An open socket, and the server that answered, its address pinned. */
export interface Connected {
  readonly socket: net.Socket;
  readonly place: TargetHost;
  readonly tls: TlsFacts | undefined;
  /** What went wrong with the socket, where something did: the driver may come too late to hear it. */
  readonly socketError?: () => Error | undefined;
}

/** How far a connection is, for those who explain it. */
export type Stage =
  | { readonly stage: 'dns'; readonly host: string; readonly addresses: readonly string[] }
  | { readonly stage: 'tcp'; readonly address: string; readonly ms: number }
  | { readonly stage: 'tls'; readonly tls: TlsFacts | undefined };

export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onStage?: ((stage: Stage) => void) | undefined;
  /** Told what the server warns of where nobody else listens. */
  readonly onWarning?: ((notice: Notice) => void) | undefined;
}

/** SSLRequest of the frontend/backend protocol (manual, section 53.7). */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const defaultKeepAliveMs = 60_000;

/** `host:port`, or the socket's path, for a person to read. */
export function describeAddress(host: string, port: number): string {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Connects to the first of the host's addresses that answers.
 * Throws `session.unreachable`, `session.timeout` or `session.tls` for the last one tried, `session.channel-binding` before any.
 */
export async function openSocket(
  target: ConnectionTarget,
  place: TargetHost,
  encryption: Encryption,
  options: OpenOptions = {},
): Promise<Connected> {
  const { keepAliveMs = defaultKeepAliveMs } = target;
  if (target.channelBinding === 'require') {
    throw new AmeliaError('session.channel-binding', { target: describeAddress(place.host, place.port) });
  }
  const attempt = new Attempt(target, place, options.signal);
  const addresses = await attempt.lookUp();
  if (addresses.length > 0) options.onStage?.({ stage: 'dns', host: place.host, addresses });
  const { socket: plain, address } = await attempt.connect(addresses);
  const here = { ...place, ...(address !== undefined && address !== place.host && { address }) };
  options.onStage?.({ stage: 'tcp', address: describeAddress(address ?? place.host, place.port), ms: attempt.ms });
  const encrypted = encryption === 'plain' ? undefined : await attempt.encrypt(plain, encryption);
  options.onStage?.({ stage: 'tls', tls: encrypted?.tls });
  const socket = encrypted?.socket ?? plain;
  socket.setNoDelay(true);
  socket.setKeepAlive(keepAliveMs > 0, keepAliveMs);
  return { socket, place: here, tls: encrypted?.tls, socketError: () => attempt.socketError };
}

/** One attempt at one host. */
export class Attempt {
  readonly target: ConnectionTarget;
  readonly place: TargetHost;
  /** The host as a person reads it. */
  readonly name: string;
  socketError: Error | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #begun = performance.now();

  constructor(target: ConnectionTarget, place: TargetHost, signal: AbortSignal | undefined) {
    this.target = target;
    this.place = place;
    this.name = describeAddress(place.host, place.port);
    this.#signal = signal;
  }

  get ms(): number {
    return performance.now() - this.#begun;
  }

  /** The addresses of a host that is a name; none for one that needs no looking up. */
  async lookUp(): Promise<readonly string[]> {
    const { host, address } = this.place;
    if (host.startsWith('/') || address !== undefined || net.isIP(host.replace(/%.*$/, '')) !== 0) return [];
    const dns = await import('node:dns');
    return await this.settle<readonly string[]>((done, failed) => {
      dns.lookup(host, { all: true }, (error, found) => {
        if (error === null) done([...new Set(found.map((each) => each.address))]);
        else failed(this.unreachable(reasonOf(error, host), error));
      });
    });
  }

  /** A socket to the first address that takes the connection. */
  async connect(found: readonly string[]): Promise<{ socket: net.Socket; address: string | undefined }> {
    const { host, port, address: given } = this.place;
    if (host.startsWith('/'))
      return { socket: await this.#dial({ path: `${host}/.s.PGSQL.${port}` }), address: undefined };
    let last: unknown;
    for (const address of found.length > 0 ? found : [given ?? host]) {
      try {
        return { socket: await this.#dial({ host: address, port }), address };
      } catch (error) {
        if (this.#signal?.aborted) throw error;
        last = error;
      }
    }
    throw last;
  }

  /** Undefined when TLS is only asked for where it is offered, and it is not. */
  async encrypt(plain: net.Socket, encryption: Encryption): Promise<{ socket: net.Socket; tls: TlsFacts } | undefined> {
    if (!this.target.sslDirect && !(await this.#ask(plain))) {
      if (encryption === 'offered') return undefined;
      plain.destroy();
      const { sslMode } = this.target;
      const reason = `the server does not offer TLS, and sslmode is ${sslMode}`;
      const hint = 'turn TLS on there (ssl = on); or, where nobody can listen, sslmode=prefer';
      throw new AmeliaError('session.tls', { target: this.name, reason, hint });
    }
    const { encrypt } = await import('./encrypt.ts');
    return await encrypt(this, plain);
  }

  async #dial(address: net.SocketConnectOpts): Promise<net.Socket> {
    // A high water mark above what a run keeps in flight, so that the driver never waits for the socket to drain.
    const socket = new net.Socket({ writableHighWaterMark: 4 * 1024 * 1024 } as net.SocketConstructorOpts);
    return await this.settleSocket(socket, 'connect', () => socket.connect(address));
  }

  /** Whether the server wants to go on with TLS. */
  async #ask(plain: net.Socket): Promise<boolean> {
    const answer = new Promise<Buffer>((resolve) => plain.once('data', resolve));
    await this.settleSocket(plain, 'data', () => plain.write(sslRequest));
    const said = await answer;
    const [letter] = said.toString('latin1');
    // Whatever follows in the same breath did not come encrypted, and could be somebody else's.
    if (said.length === 1 && (letter === 'S' || letter === 'N')) return letter === 'S';
    plain.destroy();
    throw this.unreachable('what answers there is no PostgreSQL server, or one that has no room for another session');
  }

  /** Waits for `event` on `socket`; destroys the socket when it fails, times out or is aborted. */
  async settleSocket<S extends net.Socket>(
    socket: S,
    event: 'connect' | 'secureConnect' | 'data',
    begin: () => void,
    failure = (cause: NodeJS.ErrnoException) => this.unreachable(reasonOf(cause, this.place.host), cause),
  ): Promise<S> {
    // For good: an error that nobody hears would end the process.
    socket.on('error', (error) => (this.socketError ??= error));
    const listeners: [string, (cause: NodeJS.ErrnoException) => void][] = [];
    try {
      return await this.settle<S>((done, failed) => {
        listeners.push(
          [event, () => done(socket)],
          ['error', (cause) => failed(failure(cause))],
          ['close', () => failed(this.unreachable('it closed the connection at once'))],
        );
        for (const [name, listener] of listeners) socket.once(name, listener);
        begin();
      });
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      for (const [name, listener] of listeners) socket.off(name, listener);
    }
  }

  /** What `start` comes to; rejects when the time is over or the caller has had enough. */
  async settle<T>(start: (done: (value: T) => void, failed: (error: Error) => void) => void): Promise<T> {
    const { connectTimeoutMs } = this.target;
    const signal = this.#signal;
    if (signal?.aborted) throw interruption(signal);
    let timer: NodeJS.Timeout | undefined;
    let aborted = (): void => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        aborted = () => reject(interruption(signal));
        signal?.addEventListener('abort', aborted, { once: true });
        timer = setTimeout(() => {
          reject(new AmeliaError('session.timeout', { target: this.name, seconds: connectTimeoutMs / 1000 }));
        }, connectTimeoutMs);
        start(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }
  }

  unreachable(reason: string, cause?: unknown): AmeliaError {
    return new AmeliaError('session.unreachable', { target: this.name, reason }, { cause });
  }
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
