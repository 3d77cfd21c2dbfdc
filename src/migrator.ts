// Chains the stages discover, parse, history, plan, apply; alone knows their order. Prints nothing.
import type { ConnectionTarget } from './database/target.ts';
import type { DryRunResult, HistoryChangeResult, MigratorEvent, RunResult, StatusResult } from './events.ts';

/** A database server, or PostgreSQL inside this process with its data in `embedded` (a folder). */
export type DatabaseSource = { readonly target: ConnectionTarget } | { readonly embedded: string };

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

export interface MigrateOptions {
  readonly to?: bigint;
  readonly outOfOrder?: boolean;
  /** How long to wait for another run's lock, in milliseconds. Default 300000. */
  readonly waitMs?: number;
}

export interface RollbackOptions {
  /** How many of the newest applied migrations; default 1. Not together with `to`. */
  readonly steps?: number;
  /** Roll back everything above this version; 0 is everything. */
  readonly to?: bigint;
  readonly waitMs?: number;
}

export interface RepairOptions {
  readonly acceptModified?: readonly bigint[];
  readonly resolve?: readonly { readonly version: bigint; readonly as: 'applied' | 'pending' }[];
  readonly waitMs?: number;
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
  baseline(version: bigint, options?: { readonly waitMs?: number }): Promise<HistoryChangeResult>;
  repair(options: RepairOptions): Promise<HistoryChangeResult>;
}

export declare function openMigrator(settings: MigratorSettings): Migrator;
