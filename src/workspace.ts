// What every verb of the migrator works with: the folder, a session with its history read, the lock,
// the history table. Knows no verb.
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { connect, type Connection } from './database/connection.ts';
import { asRole } from './database/envelope.ts';
import { interruption, unexpectedFailure, writeFailure } from './database/failure.ts';
import { ensureHistory, type HistoryReading } from './database/history.ts';
import { withoutLater, type Writable } from './database/history-columns.ts';
import type { WantedTable } from './database/history-query.ts';
import { displayTable, parseTableName } from './database/identifiers.ts';
import { deleteRecord } from './database/record.ts';
import { acquireLock, lockKey, readHolder, releaseAllLocks } from './database/lock.ts';
import { isUnreachable } from './database/unreachable.ts';
import { Watch } from './database/watch.ts';
import { AmeliaError, isAmeliaError } from './errors.ts';
import type { MigratorEvent, OtherSession } from './events.ts';
import { extensionsIn } from './migration/extensions.ts';
import { Folder } from './migration/folder.ts';
import type { MigratorSettings, WaitOption } from './options.ts';

const defaultLockWaitMs = 300_000;
/** Between two tries to reach the database. */
const reachAgainMs = 500;
/** How long an answer that was lost is looked for. */
const lookUpMs = 10_000;
/** The same, where the caller's signal was raised. */
const lookUpAfterStopMs = 600;
/** An answer that takes longer is worth a word. */
const silentMs = 2000;
/** How long the server may take to give the lock back. */
const giveBackMs = 1000;
/** Work that is done between two looks at what the server says. */
const workedMs = 0.25;
const defaultLockTimeoutMs = 5000;
const defaultMaxVictims = 20;

type ConnectOptions = WaitOption & { readonly worksAhead?: boolean };
type Task<T> = (connection: Connection, folder: Folder) => T | Promise<T>;

export class Workspace {
  readonly settings: MigratorSettings & { readonly lockTimeoutMs: number };
  /** The history table as it was named. */
  readonly table: WantedTable;
  readonly #locked = new WeakSet<Connection>();

  /** Throws `config.invalid` for an unusable history table name. */
  constructor(settings: MigratorSettings) {
    const { lockTimeoutMs = defaultLockTimeoutMs } = settings;
    this.settings = { ...settings, lockTimeoutMs };
    const name = settings.historyTable ?? 'schema_migrations';
    const table = parseTableName(name);
    if (!table) {
      const problem = 'is not a table name';
      const hint = 'write TABLE or SCHEMA.TABLE, with "double quotes" around a part that is not plain';
      throw new AmeliaError('config.invalid', { setting: '--history-table', value: name, problem, hint });
    }
    this.table = { ...table, isDefault: settings.historyTable === undefined };
  }

  /**
   * Reads the folder, opens a session, runs `task`, closes the session; what is not an AmeliaError becomes one.
   * With `worksAhead` the files' checksums are worked out while the server is waited for.
   */
  async connected<T>(options: ConnectOptions, task: Task<T>): Promise<T> {
    return await this.#connected(options, task).catch((error: unknown) => {
      throw unexpectedFailure(error, this.settings.signal);
    });
  }

  async #connected<T>(
    { lockWaitMs = defaultLockWaitMs, waitMs = 0, worksAhead = false }: ConnectOptions,
    task: Task<T>,
  ): Promise<T> {
    const { signal } = this.settings;
    const folder = Folder.open(this.settings.migrations, this.settings);
    if (signal?.aborted) throw interruption(signal);
    const connecting = this.#reach(waitMs, () => this.open({ lockWaitMs }));
    if (worksAhead) await workAhead(folder, connecting);
    const connection = await connecting;
    try {
      this.emit({
        type: 'connected',
        database: connection.database,
        historyTable: displayTable(connection.reading.table),
      });
      const done = await task(connection, folder);
      await this.#giveBack(connection);
      return done;
    } finally {
      // Whoever runs next must not find the lock taken; nobody waits for a session that holds nothing.
      if (this.#locked.has(connection) || connection.embedded) await connection.close();
      else connection.leave();
    }
  }

  /** Gives the lock back, where nothing went wrong: that is quicker than the end of the session, which does it too. */
  async #giveBack(connection: Connection): Promise<void> {
    const { session, embedded, pooled } = connection;
    if (!this.#locked.has(connection) || embedded || pooled || this.settings.signal?.aborted) return;
    const timer = setTimeout(() => void session.close(0), giveBackMs);
    try {
      await session.query(releaseAllLocks);
      this.#locked.delete(connection);
    } catch {
      // The end of the session will do it.
    } finally {
      clearTimeout(timer);
    }
  }

  /** A session with the history read, for the caller to close. */
  async open({
    lockWaitMs = defaultLockWaitMs,
    signal = this.settings.signal,
  }: { readonly lockWaitMs?: number; readonly signal?: AbortSignal | undefined } = {}): Promise<Connection> {
    const { database, role } = this.settings;
    let reached = false;
    const connecting = connect({
      database,
      table: this.table,
      role,
      signal,
      waitMs: lockWaitMs,
      onEmbeddedWaiting: (pid) => this.emit({ type: 'embedded-waiting', pid }),
      onWarning: (notice) => this.emit({ type: 'notice', version: null, notice }),
      extensions: () => extensionsIn(this.settings.migrations),
      onReached: () => (reached = true),
    });
    return await ('embedded' in database ? connecting : this.#telling(connecting, () => reached));
  }

  /** Says so when the server takes long to answer. */
  async #telling<T>(answer: Promise<T>, isReached = () => true): Promise<T> {
    const causes = `: ${displayTable(this.table)} is locked, or a pooler has no connection to give`;
    const timer = setTimeout(() => {
      this.emit({ type: 'database-waiting', reason: `no answer yet${isReached() ? causes : ''}` });
    }, silentMs);
    return await answer.finally(() => clearTimeout(timer));
  }

  /**
   * Takes the lock for as long as the session lasts, and reads the history again; `meanwhile` runs while the
   * server is asked. Throws `lock.timeout`, and as `meanwhile` does.
   */
  async lock(
    connection: Connection,
    { lockWaitMs = defaultLockWaitMs }: WaitOption,
    meanwhile = (): void => {},
  ): Promise<HistoryReading> {
    const { pooled } = connection;
    if (pooled) this.emit({ type: 'pooler' });
    this.#locked.add(connection);
    const options = {
      waitMs: lockWaitMs,
      signal: this.settings.signal,
      inTransaction: pooled,
      onWaiting: (holder: OtherSession | null, waitedMs: number) =>
        this.emit({ type: 'lock-waiting', holder, waitedMs }),
    };
    const reading = await acquireLock(connection, lockKey(connection.reading.table), options, async () => {
      const read = pooled ? undefined : this.#telling(connection.read());
      read?.catch(() => {}); // it is awaited, unless something else fails
      await setImmediate(); // now both have left
      meanwhile();
      return await read;
    });
    if (pooled) await this.#telling(connection.moveOn());
    return reading ?? (await this.#telling(connection.read()));
  }

  /**
   * Reads the history under the lock on a new session, or on another when that is lost, too: a server that goes
   * down takes connections that it drops. Throws what was in the way in the end.
   */
  async lookUp(): Promise<HistoryReading> {
    if (!this.settings.signal?.aborted) return await this.#lookUp(lookUpMs);
    const enough = AbortSignal.timeout(lookUpAfterStopMs);
    const looking = new Workspace({ ...this.settings, signal: enough }).#lookUp(lookUpAfterStopMs);
    const over = sleep(lookUpAfterStopMs).then(() => Promise.reject(interruption(this.settings.signal)));
    return await Promise.race([looking, over]);
  }

  async #lookUp(withinMs: number): Promise<HistoryReading> {
    const begun = performance.now();
    for (;;) {
      const left = Math.max(0, withinMs - (performance.now() - begun));
      const options = { lockWaitMs: left, waitMs: left };
      try {
        return await this.connected(options, async (connection) => await this.lock(connection, options));
      } catch (error) {
        if (!isAmeliaError(error, 'session.lost') || left <= reachAgainMs) throw error;
        await this.#pause(reachAgainMs);
      }
    }
  }

  /** Who migrates at this moment; null when nobody does. */
  async lockHolder({ session, reading: { table } }: Connection): Promise<OtherSession | null> {
    return await readHolder(session, lockKey(table));
  }

  /**
   * Makes the history table, takes it over or widens it, where that is needed, and gives what can be written then:
   * for columns that a record can do without, nobody waits longer than the lock timeout. Throws `history.untrusted`
   * where what is written would run a stranger's code with our rights, `session.privilege` or `history.not-written`.
   */
  async ensureHistory(
    { session }: Connection,
    reading: HistoryReading,
    needs: { largest: bigint; journal: boolean },
  ): Promise<Writable> {
    refuseUntrusted(reading);
    const ensure = ensureHistory(reading, needs);
    if (!ensure) return writable(reading);
    const { lockTimeoutMs } = this.settings;
    const table = displayTable(reading.table);
    try {
      await session.query(this.ours(`SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}; ${ensure.sql}`));
    } catch (cause) {
      const less = withoutLater(reading);
      const isLocked = (cause as { code?: string }).code === '55P03';
      if (!isLocked || ensureHistory(less, needs)) throw writeFailure(cause, reading.user, table);
      await session.query('ROLLBACK');
      return writable(less);
    }
    if (ensure.widens) this.emit({ type: 'history-widened', table });
    return writable(reading);
  }

  /** Removes the rows of these versions, in whose files nothing was. Throws `session.privilege` or `history.not-written`. */
  async forget({ session }: Connection, { table, user }: HistoryReading, versions: readonly bigint[]): Promise<void> {
    if (versions.length === 0) return;
    const sql = versions.map((version) => deleteRecord(table, version)).join('; ');
    await session.query(this.ours(sql)).catch((cause: unknown) => {
      throw writeFailure(cause, user, displayTable(table));
    });
  }

  /** Looks at what takes long. Not embedded, where there is one session; not behind a pooler, where nobody knows our backend. */
  watch({ session, pooled, embedded, another }: Connection, mostVictims = defaultMaxVictims): Watch | undefined {
    if (pooled || embedded) return undefined;
    return new Watch({ session, another, mostVictims, emit: this.emit.bind(this) });
  }

  /** Our own statements as one transaction, in the role that was asked for. */
  ours(sql: string): string {
    return ['BEGIN', ...asRole(this.settings.role), sql, 'COMMIT'].join('; ');
  }

  /** Tries again while the database cannot be reached, until `waitMs` have passed. */
  async #reach(waitMs: number, open: () => Promise<Connection>): Promise<Connection> {
    const begun = performance.now();
    let told = false;
    for (;;) {
      try {
        return await open();
      } catch (error) {
        const left = waitMs - (performance.now() - begun);
        if (!isUnreachable(error) || left <= 0) throw error;
        if (!told) this.emit({ type: 'database-waiting', reason: error.message });
        told = true;
        await this.#pause(Math.min(reachAgainMs, left));
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.settings;
    await sleep(ms, undefined, signal && { signal }).catch(() => {});
    if (signal?.aborted) throw interruption(signal);
  }

  emit(event: MigratorEvent): void {
    try {
      this.settings.onEvent?.(event);
    } catch {
      // see onEvent
    }
  }
}

function refuseUntrusted({ attached, user }: HistoryReading): void {
  const [first] = attached;
  if (first === undefined) return;
  const problems = attached.map(({ table, what, owner }) => `${what} ${table} (owner ${owner})`);
  throw new AmeliaError('history.untrusted', { table: first.table, role: user, owner: first.owner, problems });
}

/** A little at a time, so that what the server says is heard in between. */
async function workAhead(folder: Folder, connecting: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = () => (isOver = true);
  connecting.then(over, over);
  do await setImmediate();
  while (!isOver && folder.workAhead(workedMs));
}

function writable({ writableColumns: columns, missingJournalColumns }: HistoryReading): Writable {
  return { columns, journalTellsWhy: missingJournalColumns !== null };
}
