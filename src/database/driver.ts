// The postgres package on one socket: what of it is used, and what of it is not to be trusted. It would
// connect again by itself; here a lost connection stays lost, and says why.
import type net from 'node:net';
import postgres from 'postgres';
import { AmeliaError } from '../errors.ts';
import type { Notice } from '../events.ts';
import type { ServerError } from './server-error.ts';
import type { ConnectionTarget } from './target.ts';

/** The parts of the driver's query object that are used here (postgres 3.4). */
export interface DriverQuery extends PromiseLike<unknown> {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  writable: () => Promise<NodeJS.WritableStream>;
  /** The backend that it was sent to; null before the connection is made. */
  readonly state: Backend | null;
}
export type DriverResult = Record<string, unknown>[] & { command: string; count: number | null };

/** What a CancelRequest names. */
export interface Backend {
  readonly pid: number;
  readonly secret: number;
}

/** So many bytes of messages leave together: few at first, so that the server begins, then twice as many each time. */
const gatheredBytes = { least: 4 * 1024, most: 64 * 1024 };

/** How long a last message may take to leave. */
const farewellMs = 500;

/** One connection's driver. Connects when the first query is sent. */
export class Driver {
  readonly #sql: postgres.Sql;
  readonly #socket: net.Socket;
  #lost: AmeliaError | undefined;
  #heard: Buffer = Buffer.alloc(0);
  /** What was gathered since the last of it left; undefined when nothing is. */
  #gathered: number | undefined;
  #leavesAt = gatheredBytes.least;

  constructor(socket: net.Socket, target: ConnectionTarget, onNotice: (notice: Notice) => void) {
    let taken = false;
    this.#socket = socket;
    socket.on('data', (chunk) => (this.#heard = chunk));
    this.#sql = postgres({
      // The driver asks for a socket again when the connection is gone: that is the moment to refuse. It listens
      // from now on: of a socket that has closed by now it would never hear.
      socket: () => {
        if (taken || socket.destroyed) throw this.lose();
        taken = true;
        return socket;
      },
      // What is left out would be taken from the environment.
      host: 'localhost',
      port: 5432,
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
      onnotice: (notice: postgres.Notice) => onNotice(readNotice(notice)),
      onclose: () => this.lose(),
    } as unknown as postgres.Options<Record<string, never>>);
  }

  /** A message of the simple protocol; it is sent when somebody awaits it. */
  query(text: string): DriverQuery {
    this.#gather(text.length);
    return this.#sql.unsafe(text) as unknown as DriverQuery;
  }

  /** What is sent at once leaves at once: piece by piece, the server would begin to answer in between. */
  #gather(bytes: number): void {
    if (this.#gathered === undefined) {
      this.#socket.cork();
      setImmediate(() => {
        this.#gathered = undefined;
        this.#socket.uncork();
      });
    } else if (this.#gathered >= this.#leavesAt) {
      this.#leavesAt = Math.min(2 * this.#leavesAt, gatheredBytes.most);
      this.#gathered = 0;
      this.#socket.uncork();
      this.#socket.cork();
    }
    this.#gathered = (this.#gathered ?? 0) + bytes;
  }

  /** What the server said of itself when the connection was made, such as `server_version`. */
  parameter(name: string): string | undefined {
    return (this.#sql.parameters as unknown as Record<string, string | undefined>)[name];
  }

  /** Why the connection can no longer be used; undefined while it can. */
  get lost(): AmeliaError | undefined {
    return this.#lost;
  }

  /** From now on the connection counts as lost; the first reason stays. */
  lose(cause?: unknown, reason = this.lastWords?.message ?? 'the server closed it'): AmeliaError {
    return (this.#lost ??= new AmeliaError('session.lost', { reason }, { cause }));
  }

  /** Why the server ended the session, when it said so: the driver forgets a FATAL that no ReadyForQuery follows. */
  get lastWords(): ServerError | undefined {
    // Poolers leave out the severity that is never translated.
    const at = Math.max(this.#heard.lastIndexOf('VFATAL\0'), this.#heard.lastIndexOf('SFATAL\0'));
    if (at === -1) return undefined;
    const fields = this.#heard.toString('utf8', at).split('\0');
    const field = (letter: string) => fields.find((each) => each.startsWith(letter))?.slice(1) ?? '';
    const said = { message: field('M'), code: field('C'), severity: 'FATAL' };
    return new (postgres.PostgresError as unknown as new (said: object) => ServerError)(said);
  }

  /** Ends the connection; what is in flight is given `graceMs` to be answered, unless it is lost. Never throws. */
  async end(graceMs: number): Promise<void> {
    const timeout = this.#lost ? 0 : graceMs / 1000;
    this.lose(undefined, 'it was closed');
    await this.#sql.end({ timeout }).catch(() => {});
    this.#part();
  }

  /** Ends the connection at once: what has not left is dropped. */
  destroy(): void {
    this.lose(undefined, 'it was closed');
    this.#socket.destroy();
  }

  /** Ends the connection, in which nothing is in flight, and waits for nothing. */
  leave(): void {
    this.lose(undefined, 'it was closed');
    void this.#sql.end().catch(() => {});
    setImmediate(() => this.#part());
  }

  /** It would only be closed half, and a server that no longer answers would keep the process alive. */
  #part(): void {
    this.#socket.destroySoon?.();
    setTimeout(() => this.#socket.destroy(), farewellMs).unref();
    this.#socket.unref?.();
  }
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
