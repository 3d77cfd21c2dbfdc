// One session with one server: messages are sent in order, may be in flight together, and are
// refused once the connection is lost. Never reconnects, never retries, never prints.
import type { Writable } from 'node:stream';
import type { Socket } from 'node:net';
import { AmeliaError } from '../errors.ts';
import type { DatabaseInfo, Notice } from '../events.ts';
import { describeAddress } from './connect.ts';
import type { OpenOptions, TlsFacts } from './connect.ts';
import type { Backend, Driver, DriverQuery, DriverResult } from './driver.ts';
import type { EmbeddedServer } from './embedded.ts';
import { connectFailure } from './connect-failure.ts';
import { interruption } from './failure.ts';
import { InFlight, type Pending } from './in-flight.ts';
import { isFatal, isServerError } from './server-error.ts';
import { stopOnAbort } from './stop.ts';
import type { ConnectionTarget, TargetHost } from './target.ts';
import { isWarning } from './warning.ts';
import { inEachWay, type Entered } from './ways.ts';

/** What the server answered to one message. */
export interface Answer {
  /** Rows of the message's last statement that returned any; every value as the driver parsed it. */
  readonly rows: readonly Record<string, unknown>[];
  /** PostgreSQL's command tag, such as `CREATE TABLE` or `INSERT 0 3`. */
  readonly tag: string;
  /** From when the server could begin with it until it answered. */
  readonly ms: number;
}

/** A message that was sent; `answer` settles in the order of sending. */
export interface Sent {
  readonly answer: Promise<Answer>;
}

/** Told what the server says to one message, in the order in which it says it: before any promise settles. */
export interface Listener {
  readonly notice?: (notice: Notice) => void;
  readonly answer?: (answer: Answer) => void;
  readonly failure?: (error: unknown) => void;
}

/** An open session. Errors that the server reports come as they are; any other is `session.lost`. */
export class Session {
  readonly database: DatabaseInfo;
  readonly user: string;
  /** The very server that the session is with, for another session with it. */
  readonly server: ConnectionTarget | EmbeddedServer;
  /** Undefined where nothing is encrypted. */
  readonly tls: TlsFacts | undefined;
  readonly #driver: Driver;
  readonly #inFlight: InFlight;
  #backend: Backend = { pid: 0, secret: 0 };
  /** The message that the session was opened with: knows the backend before it is answered. */
  #first: DriverQuery | undefined;
  #unlisten = (): void => {};

  private constructor(driver: Driver, inFlight: InFlight, { target, connected, embedded }: Entered) {
    const { place, tls } = connected;
    this.#driver = driver;
    this.#inFlight = inFlight;
    this.server = embedded ?? target;
    this.tls = tls;
    this.user = target.user;
    this.database = {
      host: place.host,
      port: place.port,
      name: target.database,
      get serverVersion() {
        return driver.parameter('server_version')?.split(' ')[0] ?? '';
      },
    };
  }

  /**
   * Connects to the host that suits and sends the first message; its failure is the answer's, not the session's.
   * What it is at is cancelled when the signal is raised, and the session given up soon after.
   * Throws `session.*`, `config.unreadable` (certificates) or, when aborted, `apply.interrupted`.
   */
  static async open(
    source: ConnectionTarget | EmbeddedServer,
    first: string,
    options: OpenOptions = {},
  ): Promise<{ session: Session; answer: Promise<Answer> }> {
    if ('connect' in source) {
      const connected = { socket: source.connect() as Socket, place: { host: 'embedded', port: 0 }, tls: undefined };
      return await Session.#enter(first, { target: source.target, connected, embedded: source }, options);
    }
    const open = async (place: TargetHost) =>
      await inEachWay(source, place, options, async (connected) => {
        return await Session.#enter(first, { target: source, connected, embedded: undefined }, options);
      });
    const { hosts, sessionAttributes = 'any' } = source;
    if (hosts.length === 1 && sessionAttributes === 'any') return await open(hosts[0]!);
    const { openSuitable } = await import('./hosts.ts');
    return await openSuitable(source, open);
  }

  static async #enter(first: string, where: Entered, { signal, onWarning }: OpenOptions) {
    const { target, connected, embedded } = where;
    const { socket, place } = connected;
    const inFlight = new InFlight();
    const pinned = {
      ...target,
      password: target.password ?? place.password,
      hosts: [place],
      sessionAttributes: 'any',
    } as const;
    // Loaded while the server makes its backend ready.
    const { Driver } = await import('./driver.ts');
    const driver = new Driver(socket, pinned, (notice) => {
      const { listener } = inFlight.current ?? {};
      if (listener?.notice) listener.notice(notice);
      else if (isWarning(notice)) onWarning?.(notice);
    });
    const session = new Session(driver, inFlight, { ...where, target: pinned });
    session.#unlisten = stopOnAbort(session, signal);
    try {
      const { answer } = session.send(first);
      const failure: unknown = await answer.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (session.pid === 0 || driver.lost) {
        const address = embedded ? 'the embedded server' : describeAddress(place.host, place.port);
        const heard = driver.lastWords ?? connected.socketError?.();
        const cause = failure instanceof AmeliaError ? (heard ?? failure.cause ?? failure) : failure;
        throw signal?.aborted ? interruption(signal) : connectFailure(cause, pinned, address);
      }
      return { session, answer };
    } catch (error) {
      session.destroy();
      await driver.end(0);
      throw error;
    }
  }

  /** The backend's process id. */
  get pid(): number {
    return this.#backend.pid;
  }

  /** True once the server has let us in. */
  get entered(): boolean {
    return this.pid !== 0 || Boolean(this.#first?.state?.pid);
  }

  /** True while an answer is missing. */
  get busy(): boolean {
    return this.#inFlight.current !== undefined;
  }

  /** What the server said of itself when the session was opened; a pooler may have kept it back. */
  parameter(name: string): string | undefined {
    return this.#driver.parameter(name);
  }

  /** Milliseconds that the server has been busy with the message that it is at; 0 when it has none. */
  get busyMs(): number {
    const { current } = this.#inFlight;
    return current === undefined ? 0 : performance.now() - current.startedAt;
  }

  /** Why the session can no longer be used; undefined while it can. */
  get lost(): AmeliaError | undefined {
    return this.#driver.lost;
  }

  /** Sends one message of the simple protocol: one or more statements, in one implicit transaction unless they say otherwise. */
  send(text: string, listener?: Listener): Sent {
    const answer = this.#send(text, listener);
    answer.catch(() => {}); // whoever awaits it sees the error; nobody has to
    return { answer };
  }

  /** Sends one message and waits for its answer. */
  async query<Row extends object = Record<string, unknown>>(text: string): Promise<readonly Row[]> {
    return (await this.#send(text)).rows as readonly Row[];
  }

  /** Resolves when there is room in flight for a message of so many bytes. */
  async room(bytes: number): Promise<void> {
    await this.#inFlight.room(bytes);
  }

  /** Runs `COPY … FROM stdin` with these rows; an AmeliaError of theirs is its own. Nothing else may be in flight. */
  async copy(text: string, rows: Iterable<Uint8Array>, listener?: Listener): Promise<Answer> {
    if (this.lost) throw this.lost;
    const pending = this.#inFlight.add(0, listener);
    const query = this.#driver.query(text);
    // The driver forgets a failure that comes after the last row was sent: hear it at its source.
    const failed = new Promise<never>((_, reject) => {
      const original = query.reject;
      query.reject = (error) => {
        reject(error);
        original(error);
      };
    });
    failed.catch(() => {});
    if ('expectCopy' in this.server) this.server.expectCopy();
    try {
      const stream = (await query.writable()) as Writable;
      const done = new Promise<void>((resolve, reject) => stream.on('finish', resolve).on('error', reject));
      const settled = Promise.race([done, failed]);
      settled.catch(() => {});
      try {
        for (const piece of rows) {
          if (!stream.write(piece)) {
            await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), settled]);
          }
        }
        stream.end();
      } catch (error) {
        stream.destroy(error as Error); // CopyFail: the server waits for rows, and the session goes on
        await failed.catch(() => {});
        throw error;
      }
      await settled;
      const answer = { rows: [], tag: 'COPY', ms: performance.now() - pending.startedAt };
      listener?.answer?.(answer);
      return answer;
    } catch (error) {
      const failure = this.#translate(error);
      listener?.failure?.(failure);
      throw failure;
    } finally {
      this.#inFlight.settle();
    }
  }

  /** Asks the server to cancel what runs (manual, section 53.2.8). Never throws. */
  async cancel(): Promise<void> {
    if ('kill' in this.server) return this.server.kill(); // it hears nothing while a statement runs
    const { requestCancel } = await import('./cancel.ts');
    const backend = this.pid === 0 ? this.#first?.state : this.#backend;
    if (backend) await requestCancel(this.server, backend, this.tls === undefined ? 'plain' : 'required');
  }

  /** Gives it up at once, whatever is in flight; the server rolls back what has not committed. */
  destroy(): void {
    this.#unlisten();
    this.#driver.destroy();
  }

  /** Ends the session; what is in flight is given `graceMs` to be answered. Never throws. */
  async close(graceMs = 1000): Promise<void> {
    await this.#driver.end(graceMs);
    this.#unlisten();
  }

  /** Ends it and waits for nothing; nothing may be in flight. */
  leave(): void {
    this.#unlisten();
    this.#driver.leave();
  }

  async #send(text: string, listener?: Listener): Promise<Answer> {
    if (this.lost) {
      listener?.failure?.(this.lost);
      throw this.lost;
    }
    const pending = this.#inFlight.add(text.length, listener);
    const query = this.#driver.query(text);
    this.#first ??= query;
    // The driver settles a query while it reads the server's messages, one after another; only
    // hearing it there keeps each notice and each millisecond with its own statement.
    const { resolve, reject } = query;
    query.resolve = (value) => {
      const answer = readAnswer(value as DriverResult, pending);
      this.#backend = query.state ?? this.#backend;
      this.#inFlight.settle();
      listener?.answer?.(answer);
      resolve(answer);
    };
    query.reject = (error) => {
      this.#backend = query.state ?? this.#backend;
      this.#inFlight.settle();
      const failure = this.#translate(error);
      listener?.failure?.(failure);
      reject(failure);
    };
    return (await query) as Answer;
  }

  #translate(error: unknown): Error {
    if (error instanceof AmeliaError) return error;
    if (!isServerError(error)) return this.#driver.lose(error);
    if (isFatal(error)) this.#driver.lose(error, error.message);
    return error;
  }
}

function readAnswer(result: DriverResult, pending: Pending): Answer {
  const list = result as unknown as DriverResult[];
  const last = Array.isArray(list[0]) ? (list[list.length - 1] as DriverResult) : result;
  const tag = last.command ? `${last.command}${last.count ? ` ${last.count}` : ''}` : '';
  return { rows: last, tag, ms: performance.now() - pending.startedAt };
}
