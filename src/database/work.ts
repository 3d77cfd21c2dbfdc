// What is applied, under what, and what became of it. Types only.
import type { AmeliaError } from '../errors.ts';
import type { MigratorEvent, StepResult } from '../events.ts';
import type { Direction, Script, UnfinishedMigration } from '../migration/types.ts';
import type { Writable } from './history-columns.ts';
import type { TableName } from './identifiers.ts';
import type { Expected } from './record.ts';
import type { Answer, Session } from './session.ts';
import type { Watch } from './watch.ts';

/** One migration to run. `checksum` is what the record will hold. */
export interface Work {
  readonly direction: Direction;
  readonly version: bigint;
  readonly name: string;
  readonly script: Script;
  readonly checksum: string;
  readonly statementsChecksum: string | null;
  /** What the history must be when the record is written. */
  readonly expected: Expected;
  /** How far an earlier run of a non-transactional file came. */
  readonly unfinished?: UnfinishedMigration;
}

export interface ApplyContext extends Writable {
  readonly session: Session;
  /** Nothing may be left in the session: the next message may reach another backend. */
  readonly pooled: boolean;
  readonly table: TableName;
  readonly lockTimeoutMs: number;
  /** Undefined and 0 are none, whatever the role or the database has set. */
  readonly statementTimeoutMs: number | undefined;
  readonly role: string | undefined;
  /** How often a migration is tried again that could not get a lock. */
  readonly retries: number;
  readonly emit: (event: MigratorEvent) => void;
  /** Looks at what takes long; undefined where a second session cannot look. */
  readonly watch: Watch | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What became of a migration; `error` when it did not complete. */
export interface Outcome {
  readonly result: StepResult;
  readonly error?: AmeliaError;
}

/** Migrations that are in flight together. */
export interface Flight {
  /** True once one of them has failed. */
  failed: boolean;
}

/** What ties a run to the others of its flight. */
export interface FlightPlace {
  /** Nothing more is sent once another of the same has failed. */
  readonly flight?: Flight;
  /** The mark of the one before it in flight. */
  readonly after?: string | undefined;
  /** Hears the record's answer. */
  readonly onDone?: (answer: Answer) => void;
}
