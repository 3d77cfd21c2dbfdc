// PostgreSQL inside this process (PGlite), kept in a folder or in memory, spoken to by the same driver over
// an in-process stream. Loaded only when asked for; never shares its folder with another process.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { AmeliaError, isAmeliaError } from '../errors.ts';
import { interruption } from './failure.ts';
import { claimFolder, type FolderClaim } from './folder-claim.ts';
import { tuneForEmbedded } from './own-process.ts';
import type { ConnectionTarget } from './target.ts';

export interface EmbeddedOptions {
  /** How long to wait for another process that holds the folder, in milliseconds. */
  readonly waitMs?: number;
  /** Told once when the wait begins. */
  readonly onWaiting?: (pid: number) => void;
  readonly signal?: AbortSignal | undefined;
  /** The extensions that are wanted: of those that PGlite carries, each takes a moment to load. */
  readonly extensions?: readonly string[];
}

/** A running embedded server. One session at a time. */
export class EmbeddedServer {
  readonly target: ConnectionTarget;
  readonly #engine: Engine;
  readonly #claim: FolderClaim | undefined;
  #channel: Channel | undefined;

  private constructor(engine: Engine, claim?: FolderClaim) {
    this.#engine = engine;
    this.#claim = claim;
    this.target = {
      hosts: [],
      user: 'postgres',
      password: undefined,
      database: 'postgres',
      sslMode: 'disable',
      applicationName: 'amelia-db',
      connectTimeoutMs: 30_000,
    };
  }

  /**
   * Opens the database kept in `dir`, creating it (and its parents) when it is not there.
   * Throws `embedded.not-installed`, `embedded.in-use` or `embedded.unusable`.
   */
  static async open(dir: string, options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
    const data = path.join(dir, 'data');
    let claim: FolderClaim | undefined;
    try {
      mkdirSync(dir, { recursive: true });
      claim = await claimFolder(dir, options);
      const { extensions = [] } = options;
      if (!existsSync(data)) {
        // Made elsewhere and moved into place: whoever is killed meanwhile leaves no half a cluster.
        const fresh = path.join(dir, 'new');
        rmSync(fresh, { recursive: true, force: true });
        if (existsSync(prepared)) await unpack(prepared, fresh);
        else await (await Engine.start({ dataDir: fresh, extensions }, options.signal)).stop();
        renameSync(fresh, data);
      }
      return new EmbeddedServer(await Engine.start({ dataDir: data, extensions }, options.signal), claim);
    } catch (cause) {
      claim?.release();
      throw unusable(cause, dir);
    }
  }

  /** A new, empty database that writes no file and is gone when it is closed. Throws `embedded.not-installed` or `embedded.unusable`. */
  static async openInMemory(extensions: readonly string[] = [], signal?: AbortSignal): Promise<EmbeddedServer> {
    try {
      const cluster = existsSync(prepared) ? readFileSync(prepared) : undefined;
      return new EmbeddedServer(await Engine.start({ cluster, extensions }, signal));
    } catch (cause) {
      throw unusable(cause, null);
    }
  }

  /** The stream that a driver speaks the frontend/backend protocol over, and takes for a net.Socket. */
  connect(): object {
    this.#channel = new Channel(this.#engine);
    return this.#channel;
  }

  /** The next Query message is a COPY … FROM stdin: its rows follow. */
  expectCopy(): void {
    this.#channel?.expectCopy();
  }

  /** Ends it in the middle of whatever it does, as a crash would; the next one to open the folder recovers. */
  kill(): void {
    this.#engine.kill();
  }

  async close(): Promise<void> {
    await this.#engine.stop();
    this.#claim?.release();
  }
}

function unusable(cause: unknown, dir: string | null): AmeliaError {
  if (isAmeliaError(cause)) return cause;
  if ((cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') {
    return new AmeliaError('embedded.not-installed', { package: '@electric-sql/pglite' }, { cause });
  }
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  return new AmeliaError('embedded.unusable', { dir, reason }, { cause });
}

/** PGlite on its thread: one protocol message at a time, answered in order. */
class Engine {
  readonly #worker: Worker;
  #waiting: { resolve: (answer: Uint8Array) => void; reject: (error: Error) => void } | undefined;
  readonly #exited: Promise<void>;

  private constructor(worker: Worker) {
    this.#worker = worker;
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (answer: Uint8Array) => this.#waiting?.resolve(answer));
    worker.on('error', (error) => this.#waiting?.reject(error));
    void this.#exited.then(() =>
      this.#waiting?.reject(new AmeliaError('session.lost', { reason: 'the embedded server was stopped' })),
    );
  }

  /** In a folder, or in memory: from an archived cluster, else from initdb. */
  static async start(
    workerData: { readonly extensions: readonly string[] } & (
      { dataDir: string } | { cluster: Uint8Array | undefined }
    ),
    signal?: AbortSignal,
  ): Promise<Engine> {
    if (signal?.aborted) throw interruption(signal);
    tuneForEmbedded();
    const worker = new Worker(new URL('./embedded-worker.js', import.meta.url), { workerData });
    let aborted = (): void => {};
    try {
      await new Promise((resolve, reject) => {
        aborted = () => {
          void worker.terminate();
          reject(interruption(signal));
        };
        signal?.addEventListener('abort', aborted, { once: true });
        worker.once('message', resolve).once('error', reject);
      });
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
    return new Engine(worker);
  }

  /** Executes messages of the protocol; the answer is the backend's messages. */
  execute(messages: Buffer): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(messages);
    });
  }

  async stop(): Promise<void> {
    this.#worker.postMessage(null);
    await this.#exited;
  }

  kill(): void {
    void this.#worker.terminate();
  }
}

/** The cluster that the build prepared, from src/ as from dist/: initdb inside WebAssembly takes seconds. */
const prepared = new URL('../../dist/embedded-cluster.tar.gz', import.meta.url);

async function unpack(archive: URL, folder: string): Promise<void> {
  const { parseTarGzip } = await import('nanotar');
  mkdirSync(folder, { mode: 0o700 });
  for (const { name, type, data } of await parseTarGzip(readFileSync(archive))) {
    const target = path.join(folder, name);
    if (type === 'directory') mkdirSync(target, { recursive: true, mode: 0o700 });
    else writeFileSync(target, data ?? new Uint8Array(), { mode: 0o600 });
  }
}

/** Message types of the protocol (manual, section 53.7). */
const query = 'Q'.charCodeAt(0);
const copyDone = 'c'.charCodeAt(0);
const copyFail = 'f'.charCodeAt(0);
const copyInResponse = 'G'.charCodeAt(0);
const terminate = 'X'.charCodeAt(0);

/** Cuts the driver's bytes into messages and has the engine execute them one after another. */
class Channel extends Duplex {
  readonly #engine: Engine;
  #received: Buffer = Buffer.alloc(0);
  #started = false;
  #copyExpected = false;
  /** A COPY and its rows so far: the engine must be given them in one piece, it cannot wait for more. */
  #copy: Buffer[] | undefined;
  /** What the driver asks of a socket. */
  readonly readyState = 'open';

  constructor(engine: Engine) {
    super();
    this.#engine = engine;
  }

  expectCopy(): void {
    this.#copyExpected = true;
  }

  setKeepAlive(): void {}

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#drain().then(
      () => done(),
      (error: unknown) =>
        done(error instanceof Error ? error : new AmeliaError('session.lost', { reason: String(error) })),
    );
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  async #drain(): Promise<void> {
    for (;;) {
      // The startup message has no type byte.
      const header = this.#started ? 1 : 0;
      if (this.#received.length < header + 4) return;
      const length = header + this.#received.readUInt32BE(header);
      if (this.#received.length < length) return;
      const message = this.#received.subarray(0, length);
      this.#received = this.#received.subarray(length);
      this.#started = true;
      await this.#handle(message, header === 0 ? 0 : (message[0] ?? 0));
    }
  }

  async #handle(message: Buffer, type: number): Promise<void> {
    if (type === terminate) {
      this.push(null);
      return;
    }
    if (type === query && this.#copyExpected) {
      this.#copyExpected = false;
      this.#copy = [Buffer.from(message)];
      this.push(Buffer.from([copyInResponse, 0, 0, 0, 7, 0, 0, 0]));
      return;
    }
    if (!this.#copy) {
      this.push(Buffer.from(await this.#engine.execute(message)));
      return;
    }
    this.#copy.push(Buffer.from(message));
    if (type !== copyDone && type !== copyFail) return;
    const whole = Buffer.concat(this.#copy);
    this.#copy = undefined;
    const answer = Buffer.from(await this.#engine.execute(whole));
    // Its own "send me the rows" was anticipated above.
    this.push(answer[0] === copyInResponse ? answer.subarray(1 + answer.readUInt32BE(1)) : answer);
  }
}
