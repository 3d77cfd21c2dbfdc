// What the engine tells while it works, and the results it ends with. Types only:
// reporters print them, `--json` and the library hand them out.
import type { Direction, Location, MigrationState } from './migration/types.ts';
import type { VerifyPhase } from './schema/model.ts';

/** PostgreSQL's NOTICE, WARNING, INFO … raised by a statement. */
export interface Notice {
  readonly severity: string;
  readonly message: string;
  readonly sqlstate?: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Another session, as pg_stat_activity shows it. */
export interface OtherSession {
  readonly pid: number;
  readonly applicationName: string | null;
  readonly user: string | null;
  readonly state: string | null;
  /** When the session (for a lock's holder) or its transaction (for a blocker) began. */
  readonly since: Date | null;
  readonly query: string | null;
}

/** How far a long statement is, as PostgreSQL's progress views have it. */
export interface Progress {
  /** Such as `CREATE INDEX CONCURRENTLY`. */
  readonly command: string;
  readonly phase: string;
  /** 0 to 100; null where PostgreSQL cannot tell. */
  readonly percent: number | null;
}

/** Which database this is. */
export interface DatabaseInfo {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly serverVersion: string;
}

/** Told while a run goes on, in order. `ms` are milliseconds. */
export type MigratorEvent =
  | { readonly type: 'connected'; readonly database: DatabaseInfo; readonly historyTable: string }
  /** A connection pooler was noticed: the lock is held by a transaction on a session of its own. */
  | { readonly type: 'pooler' }
  | { readonly type: 'lock-waiting'; readonly holder: OtherSession | null; readonly waitedMs: number }
  /** The database cannot be reached yet, and the caller is willing to wait; or it takes its time to answer. */
  | { readonly type: 'database-waiting'; readonly reason: string }
  /** `wait` looked and what it waits for is not there yet. Told when that changes, and now and then. */
  | { readonly type: 'waiting'; readonly seen: WaitSeen; readonly target: string | null; readonly waitedMs: number }
  /** Another process holds the embedded database. */
  | { readonly type: 'embedded-waiting'; readonly pid: number }
  /** verify begins with this. */
  | { readonly type: 'verifying'; readonly phase: VerifyPhase['name'] }
  | { readonly type: 'planned'; readonly direction: Direction; readonly versions: readonly string[] }
  /** The rollback of a migration that is about to be applied could not be run: it would be a surprise later. */
  | {
      readonly type: 'unusable-rollback';
      readonly version: string;
      readonly path: string;
      readonly code: string;
      readonly reason: string;
      readonly location?: Location;
    }
  /** The files of these are not what was applied, but in comments or white space only: nobody need do anything. */
  | { readonly type: 'only-comments-modified'; readonly versions: readonly string[] }
  | { readonly type: 'history-widened'; readonly table: string }
  /** The statement that runs waits for these sessions; `queued` others wait behind it. Told again while it lasts. */
  | {
      readonly type: 'blocked';
      readonly blockers: readonly OtherSession[];
      readonly queued: number;
      readonly waitedMs: number;
    }
  | { readonly type: 'progress'; readonly progress: Progress }
  /** A lock was not to be had in time; the migration was rolled back and will be tried again. */
  | {
      readonly type: 'retrying';
      readonly version: string;
      /** 1-based. */
      readonly attempt: number;
      readonly attempts: number;
      readonly pauseMs: number;
      readonly reason: string;
    }
  | {
      readonly type: 'migration-started';
      readonly direction: Direction;
      readonly version: string;
      readonly name: string;
      readonly path: string;
      readonly statements: number;
      readonly transaction: boolean;
    }
  | {
      readonly type: 'statement-started';
      readonly version: string;
      /** 1-based. */
      readonly index: number;
      readonly statements: number;
      readonly location: Location;
      /** The beginning of the statement on one line, at most 120 characters. */
      readonly summary: string;
    }
  | {
      readonly type: 'statement-finished';
      readonly version: string;
      readonly index: number;
      readonly statements: number;
      readonly ms: number;
      /** PostgreSQL's command tag, such as `CREATE TABLE` or `UPDATE 3`. */
      readonly tag: string;
    }
  | {
      readonly type: 'notice';
      readonly version: string | null;
      readonly notice: Notice;
      readonly location?: Location;
    }
  /** `interrupted` when the caller's signal ended it. */
  | { readonly type: 'migration-finished'; readonly step: StepResult; readonly interrupted: boolean };

export type StepState = 'applied' | 'rolled-back' | 'not-run' | 'unknown';

/**
 * What became of one planned step. `applied` and (for a rollback) `rolled-back` only when COMMIT
 * was acknowledged; a migration that failed and left nothing behind is `rolled-back` too.
 */
export interface StepResult {
  readonly version: string;
  readonly name: string;
  readonly state: StepState;
  readonly statements: number;
  readonly ms: number;
}

/** `migrate` and `rollback`. `from` and `to` are the highest applied versions before and after. */
export interface RunResult {
  readonly database: DatabaseInfo;
  readonly direction: Direction;
  readonly from: string | null;
  readonly to: string | null;
  readonly steps: readonly StepResult[];
}

/** One line of `status`. */
export interface StatusEntry {
  readonly version: string;
  readonly name: string | null;
  readonly state: MigrationState;
  readonly path?: string;
  readonly appliedAt?: string;
  readonly durationMs?: number;
  readonly appliedBy?: string;
  /** What the history table holds; for a pending migration, what the file has. */
  readonly checksum?: string;
  /** Why it is in this state, in words, where the state alone does not say it. */
  readonly note?: string;
  /** The amelia-db that recorded it. */
  readonly toolVersion?: string;
  /** Of an unfinished one: why it stopped, when the journal was last written, and where it goes on. */
  readonly error?: string;
  readonly stoppedAt?: string;
  readonly next?: UnfinishedStatement;
  /** Of a modified one, where it is known: only comments or white space differ, which `migrate` goes on with. */
  readonly onlyComments?: boolean;
}

/** A statement of an unfinished migration; `index` is 1-based, `summary` its beginning. */
export interface UnfinishedStatement {
  readonly index: number;
  readonly path: string;
  readonly line: number;
  readonly summary: string;
}

export interface StatusSummary {
  readonly applied: number;
  readonly pending: number;
  readonly modified: number;
  readonly missing: number;
  readonly outOfOrder: number;
  readonly unfinished: number;
}

export interface StatusResult {
  readonly database: DatabaseInfo;
  readonly historyTable: string;
  readonly current: string | null;
  readonly migrations: readonly StatusEntry[];
  readonly summary: StatusSummary;
  /** The run that goes on at this moment: what is pending or unfinished may be its work. */
  readonly running: OtherSession | null;
  /** Applied versions above the folder's newest file: the database was migrated by a newer folder. */
  readonly ahead: readonly string[];
  /** Version numbers between the lowest and the highest file that no file has, as ranges `4` or `4-7`. */
  readonly gaps: readonly string[];
  /** What this role may not see of it, in words: unfinished migrations, where it may not read the journal. */
  readonly unseen?: string;
}

/** One thing that `doctor` looked at. */
export interface HealthCheck {
  readonly area: 'connection' | 'server' | 'role' | 'settings' | 'state';
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

/** `doctor`: every check in the order in which it was made. */
export interface DoctorResult {
  /** Absent where it could not be entered. */
  readonly database?: DatabaseInfo;
  readonly checks: readonly HealthCheck[];
}

/** What `wait` found when it looked. */
export type WaitSeen =
  | { readonly state: 'reached'; readonly current: string | null }
  /** `hint` where it lets us in and not see: which grant is missing. */
  | { readonly state: 'unreachable'; readonly reason: string; readonly hint?: string }
  | {
      readonly state: 'behind';
      /** The highest applied version. */
      readonly current: string | null;
      /** What is waited for and not applied. */
      readonly missing: readonly string[];
      /** What was begun and did not complete. */
      readonly unfinished: readonly string[];
      /** The run that goes on at this moment. */
      readonly running: OtherSession | null;
    };

/** `wait`: what it saw last. */
export interface WaitResult {
  /** Absent when the database was not reached at the last look. */
  readonly database?: DatabaseInfo;
  /** The highest version that is waited for; null when any will do. */
  readonly target: string | null;
  readonly seen: WaitSeen;
  readonly waitedMs: number;
}

/** One statement that a dry run would send. */
export interface DryRunStatement {
  readonly location: Location;
  readonly sql: string;
  /** Bytes of inline COPY data that would follow. */
  readonly copyBytes?: number;
}

export interface DryRunStep {
  readonly version: string;
  readonly name: string;
  readonly path: string;
  readonly transaction: boolean;
  readonly statements: readonly DryRunStatement[];
}

export interface DryRunResult {
  readonly database: DatabaseInfo;
  readonly direction: Direction;
  readonly from: string | null;
  readonly to: string | null;
  readonly steps: readonly DryRunStep[];
}

/** One row of the history that `baseline` or `repair` wrote. */
export interface HistoryChange {
  readonly version: string;
  readonly name: string | null;
  readonly change: 'baselined' | 'checksum-accepted' | 'resolved-applied' | 'resolved-pending';
  readonly before?: string;
  readonly after?: string;
  /** What `resolved-pending` has removed: the row in the history, and where it was unfinished, in the journal. */
  readonly removed?: {
    /** How the migration stood. */
    readonly state: MigrationState;
    readonly appliedAt?: string;
    readonly appliedBy?: string;
    readonly checksum?: string;
    readonly completed?: number;
    readonly statements?: number;
  };
}

export interface HistoryChangeResult {
  readonly database: DatabaseInfo;
  readonly historyTable: string;
  readonly changes: readonly HistoryChange[];
}
