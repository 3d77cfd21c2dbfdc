// What a migrator can be asked for. Types only: the public surface, which needs no driver's types.
import type { AmeliaError } from './errors.ts';
import type { EmbeddedServer } from './database/embedded.ts';
import type { ConnectionTarget, DatabaseSource, RunningServer } from './database/target.ts';
import type {
  DoctorResult,
  DryRunResult,
  HistoryChangeResult,
  MigratorEvent,
  RunResult,
  StatusResult,
  WaitResult,
} from './events.ts';
import type { VerifyResult } from './schema/model.ts';

export interface MigratorSettings {
  /** @internal Not of the library's surface: its types need Node.js's. */
  readonly database: DatabaseSource | RunningServer;
  /** The migrations folder. */
  readonly migrations: string;
  /** A folder without any migration is no error. */
  readonly allowEmpty?: boolean;
  /** @internal The versions that there are; a file of another version is passed over. All of them when left out. */
  readonly only?: ReadonlySet<bigint>;
  /** `[schema.]table`, each part quoted as in SQL where needed. Default `schema_migrations` in the first schema of search_path. */
  readonly historyTable?: string;
  /** `lock_timeout` of each statement, in milliseconds; 0 is none. Default 5000. */
  readonly lockTimeoutMs?: number;
  /** `statement_timeout` of each statement, in milliseconds; 0 is none. Default: as the server has it. */
  readonly statementTimeoutMs?: number;
  /** SET ROLE to this before anything. */
  readonly role?: string;
  /** Told what happens while it happens. What it throws is ignored: a listener must not stop a migration. */
  readonly onEvent?: (event: MigratorEvent) => void;
  /** @internal An empty database in which verify replays the migrations; PostgreSQL inside this process when left out. */
  readonly scratch?: ConnectionTarget | EmbeddedServer;
  /** Aborting cancels the running statement, rolls back and rejects with `apply.interrupted` or `apply.terminated`. */
  readonly signal?: AbortSignal;
}

export interface WaitOption {
  /** How long to wait for another run's lock, or for the process that has the embedded database, in milliseconds. Default 300000. */
  readonly lockWaitMs?: number;
  /** How long to go on trying while the database cannot be reached or is starting, in milliseconds. Default 0. */
  readonly waitMs?: number;
}

export interface MigrateOptions extends WaitOption {
  /** How often a migration is rolled back and tried again that could not get a lock in that time, with growing pauses. Default 10. */
  readonly lockRetries?: number;
  /** When more sessions than this wait behind a statement that waits for a lock, it gives way and is tried again. Default 20. */
  readonly maxVictims?: number;
  readonly to?: bigint;
  readonly outOfOrder?: boolean;
  /** Begin with the first file although another tool keeps a history in the database and we have none. */
  readonly ignoreForeignHistory?: boolean;
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

export interface WaitForOptions {
  /** This version is applied, or (`head`) each file of the folder; without it, that the database lets us in is enough. */
  readonly target?: bigint | 'head';
  /** Milliseconds; 0 looks once. Default 300000. */
  readonly timeoutMs?: number;
}

export interface Examination extends DoctorResult {
  /** Why there is no connection. */
  readonly failure?: AmeliaError;
}

export interface VerifyOptions {
  /** Only these kinds of constraints. */
  readonly part?: 'checks' | 'foreign-keys' | 'indexes';
  /** Try on the database itself too, in one transaction that is rolled back. */
  readonly live?: boolean;
  /** Count the rows that violate constraints which were never validated. */
  readonly data?: boolean;
  /** Only these schemas; all but the system's when left out. */
  readonly schemas?: readonly string[];
  /** Default: contract.yaml beside the migrations folder, if there is one. */
  readonly contractFile?: string;
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
  /** Connects and checks what a migration could stumble over. Resolves also when something is wrong: `checks` has it. Only reads. */
  doctor(): Promise<Examination>;
  /** Looks until the database is there and at a version, or the time is over: `seen` says which. Needs no more than SELECT. */
  wait(options?: WaitForOptions): Promise<WaitResult>;
  /** Proves the finished schema. Resolves also when something is wrong: `problems` has it. Without `live` the database is only read. */
  verify(options?: VerifyOptions): Promise<VerifyResult>;
}
