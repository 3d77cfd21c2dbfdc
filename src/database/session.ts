// One session with one server: messages are sent in order, may be in flight together, and are
// refused once the connection is lost. Never reconnects, never retries, never prints.
import net from 'node:net';
import postgres from 'postgres';
import { AmeliaError } from '../errors.ts';
import type { DatabaseInfo, Notice } from '../events.ts';
import { describeAddress, openSocket } from './connect.ts';
import { connectFailure, interruption } from './failure.ts';
import type { EmbeddedServer } from './embedded.ts';
import type { ConnectionTarget } from './target.ts';

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

/** The parts of the driver's query object that are used here (postgres 3.4). */
interface DriverQuery extends Promise<DriverResult> {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  execute: () => DriverQuery;
  writable: () => Promise<NodeJS.WritableStream & { destroy(error?: Error): void }>;
  readonly state: { pid: number; secret: number } | null;
}
type DriverResult = Record<string, unknown>[] & { command: string; count: number | null };

interface Pending {
  readonly bytes: number;
  startedAt: number;
  readonly onNotice: ((notice: Notice) => void) | undefined;
}

/** Bounds of what is in flight: enough to hide the round trip, little enough to cancel and to hold in memory. */
const maxInFlight = 200;
const maxBytesInFlight = 1024 * 1024;
/** Inline COPY data is sent in pieces of this many bytes. */
const copyChunkBytes = 256 * 1024;

export interface SessionOptions {
  readonly signal?: AbortSignal | undefined;
}

/** An open session. Errors that the server reports come as the driver's PostgresError. */
export class Session {
  readonly database: DatabaseInfo;
  /** The backend's process id. */
  readonly pid: number;
  readonly user: string;
  /** The embedded server, when the session is with that. */
  readonly #embedded: EmbeddedServer | undefined;
  readonly #target: ConnectionTarget;
  readonly #sql: postgres.Sql;
  readonly #secret: number;
  readonly #inFlight: Pending[];
  #bytesInFlight = 0;
  #room: (() => void) | undefined;
  readonly #lost: { error: AmeliaError | undefined };
  /** What the connection's loss is to be called, from what the server said last. */
  readonly #loss: () => AmeliaError;

  private constructor(parts: {
    database: DatabaseInfo;
    backend: { pid: number; secret: number };
    target: ConnectionTarget;
    embedded: EmbeddedServer | undefined;
    sql: postgres.Sql;
    inFlight: Pending[];
    lost: { error: AmeliaError | undefined };
    loss: () => AmeliaError;
  }) {
    this.database = parts.database;
    this.pid = parts.backend.pid;
    this.#secret = parts.backend.secret;
    this.#target = parts.target;
    this.user = parts.target.user;
    this.#embedded = parts.embedded;
    this.#sql = parts.sql;
    this.#inFlight = parts.inFlight;
    this.#lost = parts.lost;
    this.#loss = parts.loss;
  }

  /**
   * Connects and answers the first message.
   * Throws `session.*`, `config.unreadable` (certificates) or, when aborted, `apply.interrupted`.
   */
  static async open(
    source: ConnectionTarget | EmbeddedServer,
    first: string,
    { signal }: SessionOptions = {},
  ): Promise<{ session: Session; answer: Promise<Answer> }> {
    const embedded = 'connect' in source ? source : undefined;
    const target = embedded ? embedded.target : (source as ConnectionTarget);
    const { socket, host, port } = embedded
      ? { socket: embedded.connect(), host: 'embedded', port: 0 }
      : await openSocket(target, signal);
    const inFlight: Pending[] = [];
    const lost: { error: AmeliaError | undefined } = { error: undefined };
    let heard: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => (heard = chunk));
    const loss = () => new AmeliaError('session.lost', { reason: lastWords(heard) ?? 'the server closed it' });
    let taken = false;
    const sql = postgres({
      // The driver asks for a socket again when the connection is gone: that is the moment to refuse.
      socket: () => {
        if (taken) throw (lost.error ??= loss());
        taken = true;
        return socket;
      },
      host: 'localhost',
      port,
      user: target.user,
      pass: target.password ?? '',
      database: target.database,
      ssl: false,
      max: 1,
      max_lifetime: null,
      idle_timeout: 0,
      connect_timeout: target.connectTimeoutMs / 1000,
      max_pipeline: Number.MAX_SAFE_INTEGER,
      keep_alive: null,
      prepare: false,
      fetch_types: false,
      debug: false,
      publications: '',
      backoff: false,
      connection: { application_name: target.applicationName, ...(target.options && { options: target.options }) },
      onnotice: (notice: postgres.Notice) => {
        inFlight[0]?.onNotice?.(readNotice(notice));
      },
      onclose: () => {
        lost.error ??= loss();
      },
    } as unknown as postgres.Options<Record<string, never>>);
    const name = embedded ? `the embedded server in ${embedded.dir}` : describeAddress(host, port);
    const aborted = () => {
      socket.destroy();
    };
    signal?.addEventListener('abort', aborted, { once: true });
    try {
      const query = sql.unsafe(first) as unknown as DriverQuery;
      const pending = { bytes: 0, startedAt: performance.now(), onNotice: undefined };
      inFlight.push(pending);
      const answer = query.then(
        (result) => readAnswer(result, pending),
        (error: unknown) => {
          // A query's own failure means that the session is open; anything else is a failure to connect.
          if (query.state !== null && error instanceof postgres.PostgresError && !isFatal(error)) throw error;
          throw signal?.aborted ? interruption(signal) : connectFailure(error, target, name);
        },
      );
      answer
        .catch(() => {})
        .finally(() => inFlight.shift())
        .catch(() => {});
      await answer.catch((error: unknown) => {
        if (error instanceof AmeliaError) throw error;
      });
      if (query.state === null) throw loss();
      const serverVersion = (sql.parameters as unknown as Record<string, string>).server_version ?? '';
      const database = { host, port, name: target.database, serverVersion: serverVersion.split(' ')[0] ?? '' };
      const backend = query.state;
      return { session: new Session({ database, backend, target, embedded, sql, inFlight, lost, loss }), answer };
    } catch (error) {
      socket.destroy();
      await sql.end({ timeout: 0 });
      throw error;
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }

  /** Sends one message of the simple protocol: one or more statements, in one implicit transaction unless they say otherwise. */
  send(text: string, onNotice?: (notice: Notice) => void): Sent {
    const answer = this.#send(text, onNotice);
    answer.catch(() => {}); // whoever awaits it sees the error; nobody has to
    return { answer };
  }

  /** Sends one message and waits for its answer. */
  async query<Row extends object = Record<string, unknown>>(text: string): Promise<readonly Row[]> {
    return (await this.#send(text)).rows as readonly Row[];
  }

  /** Resolves when there is room in flight for a message of so many bytes. */
  async room(bytes: number): Promise<void> {
    while (
      this.#inFlight.length > 0 &&
      (this.#inFlight.length >= maxInFlight || this.#bytesInFlight + bytes > maxBytesInFlight)
    ) {
      await new Promise<void>((resolve) => (this.#room = resolve));
    }
  }

  /** Runs `COPY … FROM stdin` with these rows. Nothing else may be in flight. */
  async copy(text: string, data: Uint8Array, onNotice?: (notice: Notice) => void): Promise<Answer> {
    this.#refuseIfLost();
    const pending = this.#track(data.length, onNotice);
    const query = this.#sql.unsafe(text) as unknown as DriverQuery;
    // The driver forgets a failure that comes after the last row was sent: hear it at its source.
    const failed = new Promise<never>((_, reject) => {
      const original = query.reject;
      query.reject = (error) => {
        reject(error as Error);
        original(error);
      };
    });
    failed.catch(() => {});
    this.#embedded?.expectCopy();
    try {
      const stream = await query.writable();
      const done = new Promise<void>((resolve, reject) => stream.on('finish', resolve).on('error', reject));
      done.catch(() => {});
      const settled = Promise.race([done, failed]);
      for (let at = 0; at < data.length; at += copyChunkBytes) {
        if (!stream.write(data.subarray(at, at + copyChunkBytes))) {
          await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), settled]);
        }
      }
      stream.end();
      await settled;
      return { rows: [], tag: 'COPY', ms: performance.now() - pending.startedAt };
    } catch (error) {
      throw this.#translate(error);
    } finally {
      this.#settle();
    }
  }

  /** Asks the server to cancel what runs (CancelRequest; manual, section 53.2.8). Never throws. */
  async cancel(): Promise<void> {
    if (this.#embedded) return this.#embedded.kill(); // it hears nothing while a statement runs
    try {
      const { socket } = await openSocket({ ...this.#target, connectTimeoutMs: 2000 });
      const request = Buffer.alloc(16);
      request.writeInt32BE(16, 0);
      request.writeInt32BE(80877102, 4);
      request.writeUInt32BE(this.pid, 8);
      request.writeUInt32BE(this.#secret, 12);
      await new Promise<void>((resolve) =>
        socket
          .once('close', () => resolve())
          .on('error', () => {})
          .end(request),
      );
    } catch {
      // The server cannot be reached: then closing the session is what is left.
    }
  }

  /** Why the session can no longer be used; undefined while it can. */
  get lost(): AmeliaError | undefined {
    return this.#lost.error;
  }

  /** Ends the session; what is in flight is given `graceMs` to be answered. Never throws. */
  async close(graceMs = 1000): Promise<void> {
    this.#lost.error ??= new AmeliaError('session.lost', { reason: 'it was closed' });
    await this.#sql.end({ timeout: graceMs / 1000 }).catch(() => {});
  }

  async #send(text: string, onNotice?: (notice: Notice) => void): Promise<Answer> {
    this.#refuseIfLost();
    const pending = this.#track(text.length, onNotice);
    const query = this.#sql.unsafe(text) as unknown as DriverQuery;
    // The driver settles a query while it reads the server's messages, one after another; only
    // hearing it there keeps each notice and each millisecond with its own statement.
    const { resolve, reject } = query;
    query.resolve = (value) => {
      const answer = readAnswer(value as DriverResult, pending);
      this.#settle();
      resolve(answer);
    };
    query.reject = (error) => {
      this.#settle();
      reject(error);
    };
    try {
      return (await query) as unknown as Answer;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  #track(bytes: number, onNotice: ((notice: Notice) => void) | undefined): Pending {
    const pending = { bytes, startedAt: performance.now(), onNotice };
    this.#inFlight.push(pending);
    this.#bytesInFlight += bytes;
    return pending;
  }

  #settle(): void {
    this.#bytesInFlight -= this.#inFlight.shift()?.bytes ?? 0;
    const next = this.#inFlight[0];
    if (next) next.startedAt = performance.now();
    this.#room?.();
  }

  #refuseIfLost(): void {
    if (this.#lost.error) throw this.#lost.error;
  }

  #translate(error: unknown): unknown {
    if (error instanceof AmeliaError) return error;
    if (error instanceof postgres.PostgresError) {
      if (isFatal(error))
        this.#lost.error ??= new AmeliaError('session.lost', { reason: error.message }, { cause: error });
      return error;
    }
    return (this.#lost.error ??= this.#loss());
  }
}

/** Why the server ended the session, when it said so: the driver forgets a FATAL that no query was waiting for. */
function lastWords(heard: Buffer): string | undefined {
  const at = heard.lastIndexOf('VFATAL\0');
  if (at === -1) return undefined;
  const fields = heard.toString('utf8', at).split('\0');
  return fields.find((field) => field.startsWith('M'))?.slice(1);
}

function isFatal(error: postgres.PostgresError): boolean {
  return error.severity === 'FATAL' || error.severity === 'PANIC';
}

function readAnswer(result: DriverResult, pending: Pending): Answer {
  const list = result as unknown as DriverResult[];
  const last = Array.isArray(list[0]) ? (list[list.length - 1] as DriverResult) : result;
  const tag = last.command ? `${last.command}${last.count ? ` ${last.count}` : ''}` : '';
  return { rows: last, tag, ms: performance.now() - pending.startedAt };
}

function readNotice(notice: postgres.Notice): Notice {
  const { severity, message, code, detail, hint } = notice as unknown as Record<string, string | undefined>;
  return {
    severity: severity ?? 'NOTICE',
    message: message ?? '',
    ...(code && { sqlstate: code }),
    ...(detail && { detail }),
    ...(hint && { hint }),
  };
}

/** A socket that a driver can speak over: what connect.ts opens, or the embedded server's own. */
export type DriverSocket = net.Socket;
