// Chains the stages discover, history, plan, parse, lock, apply; alone knows their order. Prints nothing.
import { apply, type Outcome, type Work } from './database/apply.ts';
import { connect, type Connection } from './database/connection.ts';
import { interruption, unexpectedFailure, writeFailure } from './database/failure.ts';
import { acceptChecksum, forgetUnfinished } from './database/history-edits.ts';
import { ensureHistory, insertRecord, type HistoryReading } from './database/history.ts';
import { displayTable, parseTableName, type TableName } from './database/identifiers.ts';
import { acquireLock, lockKey } from './database/lock.ts';
import type { DatabaseSource } from './database/target.ts';
import { AmeliaError } from './errors.ts';
import type {
  DryRunResult,
  HistoryChangeResult,
  MigratorEvent,
  RunResult,
  StatusResult,
  StepResult,
} from './events.ts';
import { Folder } from './migration/folder.ts';
import { planBaseline, planDown, planRepair, planUp, resolve } from './migration/plan.ts';
import type { Direction, MigrationStatus, Plan, Step } from './migration/types.ts';
import { dryRunResult, runResult, statusResult } from './results.ts';

export type { DatabaseSource } from './database/target.ts';

export interface MigratorSettings {
  readonly database: DatabaseSource;
  /** The migrations folder. */
  readonly migrations: string;
  /** `[schema.]table`, each part quoted as in SQL where needed. Default `schema_migrations` in the first schema of search_path. */
  readonly historyTable?: string;
  /** `lock_timeout` of each statement, in milliseconds; 0 is none. Default 5000. */
  readonly lockTimeoutMs?: number;
  /** `statement_timeout` of each statement, in milliseconds; 0 is none. Default: as the server has it. */
  readonly statementTimeoutMs?: number;
  /** SET ROLE to this before anything. */
  readonly role?: string;
  readonly onEvent?: (event: MigratorEvent) => void;
  /** Aborting cancels the running statement, rolls back and rejects with `apply.interrupted` or `apply.terminated`. */
  readonly signal?: AbortSignal;
}

interface WaitOption {
  /** How long to wait for another run's lock, in milliseconds. Default 300000. */
  readonly waitMs?: number;
}

export interface MigrateOptions extends WaitOption {
  readonly to?: bigint;
  readonly outOfOrder?: boolean;
}

export interface RollbackOptions extends WaitOption {
  /** How many of the newest applied migrations; default 1. Not together with `to`. */
  readonly steps?: number;
  /** Roll back everything above this version; 0 is everything. */
  readonly to?: bigint;
}

export interface RepairOptions extends WaitOption {
  readonly acceptModified?: readonly bigint[];
  readonly resolve?: readonly { readonly version: bigint; readonly as: 'applied' | 'pending' }[];
}

/** Every method opens its own session and closes it; each rejects with AmeliaError only. */
export interface Migrator {
  /** Applies what is pending, in order. */
  migrate(options?: MigrateOptions): Promise<RunResult>;
  /** What migrate would send, statement by statement. Writes nothing, creates nothing. */
  dryRun(options?: MigrateOptions): Promise<DryRunResult>;
  rollback(options?: RollbackOptions): Promise<RunResult>;
  /** Creates nothing. */
  status(): Promise<StatusResult>;
  /** Records every version up to `version` as applied without running it. */
  baseline(version: bigint, options?: WaitOption): Promise<HistoryChangeResult>;
  repair(options: RepairOptions): Promise<HistoryChangeResult>;
}

const defaultWaitMs = 300_000;
const defaultLockTimeoutMs = 5000;
/** How long an answer that was lost is looked for. */
const lookUpWaitMs = 10_000;

/** A migrator for one folder and one database. Opens nothing yet; throws `config.invalid` for an unusable history table name. */
export function openMigrator(settings: MigratorSettings): Migrator {
  return new Engine(settings);
}

/** What was decided, and on what. */
interface Decision {
  readonly connection: Connection;
  readonly reading: HistoryReading;
  readonly plan: Plan;
}

class Engine implements Migrator {
  readonly #settings: MigratorSettings;
  readonly #table: TableName;

  constructor(settings: MigratorSettings) {
    this.#settings = settings;
    const name = settings.historyTable ?? 'schema_migrations';
    const table = parseTableName(name);
    if (!table) {
      const problem = 'is not a table name';
      const hint = 'write TABLE or SCHEMA.TABLE, with "double quotes" around a part that is not plain';
      throw new AmeliaError('config.invalid', { setting: '--history-table', value: name, problem, hint });
    }
    this.#table = table;
  }

  async migrate(options: MigrateOptions = {}): Promise<RunResult> {
    return await this.#run('up', options, (statuses) => planUp(statuses, options));
  }

  async rollback(options: RollbackOptions = {}): Promise<RunResult> {
    return await this.#run('down', options, (statuses) => planDown(statuses, options));
  }

  async dryRun(options: MigrateOptions = {}): Promise<DryRunResult> {
    return await this.#connected(options, async (connection, folder) => {
      const { reading } = connection;
      const plan = planUp(resolve(folder.files, folder.checksums(reading), reading), options);
      return dryRunResult(connection, plan, (step) => folder.script(step));
    });
  }

  async status(): Promise<StatusResult> {
    return await this.#connected({}, (connection, folder) => {
      const { reading } = connection;
      const statuses = resolve(folder.files, folder.checksums(reading), reading);
      return Promise.resolve(statusResult(connection, statuses, folder.files));
    });
  }

  async baseline(version: bigint, options: WaitOption = {}): Promise<HistoryChangeResult> {
    return await this.#edit(options, (reading, statuses, folder) =>
      planBaseline(statuses, version).map((file) => {
        const { version, name } = file;
        const record = { version, name, checksum: folder.checksum(file), durationMs: 0 };
        return {
          sql: insertRecord(reading.table, record),
          change: { version: String(version), name, change: 'baselined' as const, after: record.checksum },
        };
      }),
    );
  }

  async repair(options: RepairOptions): Promise<HistoryChangeResult> {
    return await this.#edit(options, ({ table }, statuses, folder) =>
      planRepair(statuses, options).flatMap(({ status, as }) => {
        const { version, name, file } = status;
        const change = { version: String(version), name };
        const checksum = file ? folder.checksum(file) : null;
        if (as === 'accepted') {
          const before = status.applied?.checksum;
          return {
            sql: acceptChecksum(table, version, checksum ?? ''),
            change: {
              ...change,
              change: 'checksum-accepted' as const,
              ...(before && { before }),
              ...(checksum && { after: checksum }),
            },
          };
        }
        const forget = forgetUnfinished(table, version);
        if (as === 'pending') return { sql: forget, change: { ...change, change: 'resolved-pending' as const } };
        const record = { version, name: name ?? '', checksum, durationMs: null };
        return {
          sql: `${forget}; ${insertRecord(table, record)}`,
          change: { ...change, change: 'resolved-applied' as const, ...(checksum && { after: checksum }) },
        };
      }),
    );
  }

  /** Look, lock, look again; then apply that plan, and say what became of each step. */
  async #run(
    direction: Direction,
    options: WaitOption,
    decide: (statuses: readonly MigrationStatus[]) => Plan,
  ): Promise<RunResult> {
    return await this.#connected(options, async (connection, folder) => {
      const look = (reading: HistoryReading): Decision => {
        const statuses = resolve(folder.files, folder.checksums(reading), reading);
        return { connection, reading, plan: refusal(connection, reading, direction, () => decide(statuses)) };
      };
      const first = look(connection.reading);
      if (first.plan.steps.length === 0) return summary(first, []);
      refuseReadOnly(connection);
      // Every file is read before anything runs: a mistake in the last one must not leave half a deploy.
      for (const step of first.plan.steps) folder.script(step);
      await this.#lock(connection, options);
      const decision = look(await connection.read());
      if (decision.plan.steps.length === 0) return summary(decision, []);
      const work = decision.plan.steps.map((step) => workOf(step, folder));
      this.#emit({
        type: 'planned',
        direction: decision.plan.direction,
        versions: work.map(({ version }) => String(version)),
      });
      await this.#ensureHistory(connection, decision.reading, {
        largest: work.reduce((largest, { version }) => (version > largest ? version : largest), 0n),
        journal: work.some(({ script }) => !script.transaction),
      });
      return await this.#apply(decision, work);
    });
  }

  async #apply(decision: Decision, work: readonly Work[]): Promise<RunResult> {
    const { signal, role, lockTimeoutMs = defaultLockTimeoutMs, statementTimeoutMs } = this.#settings;
    const { session } = decision.connection;
    const { table } = decision.reading;
    const steps: StepResult[] = work.map(notRun);
    const emit = this.#emit.bind(this);
    for (const [index, item] of work.entries()) {
      if (signal?.aborted) throw interruption(signal, summary(decision, steps));
      const outcome = await this.#certain(
        decision.connection,
        item,
        await apply({ session, table, role, lockTimeoutMs, statementTimeoutMs, emit, signal }, item),
      );
      steps[index] = outcome.result;
      if (outcome.error) throw outcome.error.withResult(summary(decision, steps));
    }
    return summary(decision, steps);
  }

  /** Looks an answer that was lost up on a new session, under the lock, so that no claim is a guess. */
  async #certain(lost: Connection, work: Work, outcome: Outcome): Promise<Outcome> {
    if (outcome.result.state !== 'unknown' || outcome.error?.code !== 'session.lost') return outcome;
    const reason = outcome.error.message;
    try {
      await lost.close();
      const recorded = await this.#connected({ waitMs: lookUpWaitMs }, async (connection) => {
        await this.#lock(connection, { waitMs: lookUpWaitMs });
        return (await connection.read()).applied.some(({ version }) => version === work.version);
      });
      const took = recorded === (work.direction === 'up');
      if (!took && !work.script.transaction) return outcome; // the journal says how far it came
      const undone = work.direction === 'up' ? 'rolled-back' : 'not-run';
      const done = work.direction === 'up' ? 'applied' : 'rolled-back';
      return { error: outcome.error, result: { ...outcome.result, state: took ? done : undone } };
    } catch (cause) {
      const facts = { version: String(work.version), reason };
      return { ...outcome, error: new AmeliaError('apply.outcome-unknown', facts, { cause }) };
    }
  }

  /** Changes rows of the history under the lock, all of them or none. */
  async #edit(
    options: WaitOption,
    decide: (
      reading: HistoryReading,
      statuses: readonly MigrationStatus[],
      folder: Folder,
    ) => readonly { readonly sql: string; readonly change: HistoryChangeResult['changes'][number] }[],
  ): Promise<HistoryChangeResult> {
    return await this.#connected(options, async (connection, folder) => {
      const look = (reading: HistoryReading) =>
        decide(reading, resolve(folder.files, folder.checksums(reading), reading), folder);
      look(connection.reading);
      refuseReadOnly(connection);
      await this.#lock(connection, options);
      const reading = await connection.read();
      const edits = look(reading);
      const largest = edits.reduce(
        (max, { change }) => (BigInt(change.version) > max ? BigInt(change.version) : max),
        0n,
      );
      await this.#ensureHistory(connection, reading, { largest, journal: false });
      const sql = ['BEGIN', ...edits.map((edit) => edit.sql), 'COMMIT'].join(';\n');
      await connection.session.query(sql).catch((cause: unknown) => {
        throw writeFailure(cause, reading.user, displayTable(reading.table));
      });
      return {
        database: connection.database,
        historyTable: displayTable(reading.table),
        changes: edits.map((edit) => edit.change),
      };
    });
  }

  async #lock(connection: Connection, { waitMs = defaultWaitMs }: WaitOption): Promise<void> {
    const { schema, table } = connection.reading.table;
    await acquireLock(connection.session, lockKey(`${schema}.${table}`), {
      waitMs,
      signal: this.#settings.signal,
      onWaiting: (holder, waitedMs) => this.#emit({ type: 'lock-waiting', holder, waitedMs }),
    });
  }

  async #ensureHistory(
    { session }: Connection,
    reading: HistoryReading,
    needs: { largest: bigint; journal: boolean },
  ): Promise<void> {
    const ensure = ensureHistory(reading, needs);
    if (!ensure) return;
    const { lockTimeoutMs = defaultLockTimeoutMs } = this.#settings;
    const table = displayTable(reading.table);
    try {
      await session.query(`BEGIN; SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}; ${ensure.sql}; COMMIT`);
    } catch (cause) {
      throw writeFailure(cause, reading.user, table);
    }
    if (ensure.widens) this.#emit({ type: 'history-widened', table });
  }

  /** Reads the folder, opens a session, runs `task`, closes the session; what is not an AmeliaError becomes one. */
  async #connected<T>(
    { waitMs = defaultWaitMs }: WaitOption,
    task: (connection: Connection, folder: Folder) => Promise<T>,
  ): Promise<T> {
    const { database, role, signal } = this.#settings;
    const folder = Folder.open(this.#settings.migrations);
    if (signal?.aborted) throw interruption(signal);
    const connection = await connect({
      database,
      table: this.#table,
      role,
      signal,
      waitMs,
      onEmbeddedWaiting: (pid) => this.#emit({ type: 'embedded-waiting', pid }),
    });
    try {
      this.#emit({
        type: 'connected',
        database: connection.database,
        historyTable: displayTable(connection.reading.table),
      });
      return await task(connection, folder);
    } catch (error) {
      throw unexpectedFailure(error);
    } finally {
      await connection.close();
    }
  }

  #emit(event: MigratorEvent): void {
    this.#settings.onEvent?.(event);
  }
}

/** A plan, or a refusal that says where the database stands. */
function refusal(
  { database }: Connection,
  { applied }: HistoryReading,
  direction: Direction,
  decide: () => Plan,
): Plan {
  try {
    return decide();
  } catch (error) {
    throw error instanceof AmeliaError ? error.withResult(runResult(database, applied, direction, [])) : error;
  }
}

function workOf(step: Step, folder: Folder): Work {
  const { version, name } = step.file;
  return {
    direction: step.direction,
    version,
    name,
    script: folder.script(step),
    checksum: folder.checksum(step.file),
  };
}

function summary({ connection, reading, plan }: Decision, steps: readonly StepResult[]): RunResult {
  return runResult(connection.database, reading.applied, plan.direction, steps);
}

function notRun({ version, name, script }: Work): StepResult {
  return { version: String(version), name, state: 'not-run', statements: script.statements.length, ms: 0 };
}

function refuseReadOnly({ reading, database }: Connection): void {
  if (!reading.readOnly) return;
  throw new AmeliaError('session.read-only', { database: database.name, standby: reading.standby });
}
