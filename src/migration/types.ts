// The migration as data: what discover finds, parse reads, plan decides and apply runs.
// Types only.

/** A place in a file. `line` and `column` are 1-based; `column` counts Unicode code points. */
export interface Location {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The text of that line, without its line terminator and with *** in place of secrets, for the code frame. */
  readonly source: string;
  /** The column in `source`, where that is not `column`. */
  readonly sourceColumn?: number;
}

/** A file `NNN_name.sql` of the migrations folder. `path` is as the user would write it. */
export interface MigrationFile {
  readonly version: bigint;
  readonly name: string;
  readonly path: string;
  /** The path of `NNN_name.down.sql`, where there is one. */
  readonly rollbackPath?: string;
}

/** What a statement does to the transaction that it runs in. */
export type TransactionControl = 'begin' | 'commit' | 'rollback' | 'prepare';

/** ROLLBACK TO ends the state in which a failed transaction refuses everything; RESET ALL takes back what we set. */
export type Barrier = 'rollback-to' | 'reset-all' | 'access-mode';

/** One SQL statement as byte offsets into its file; the text is never cut, trimmed or joined. */
export interface Statement {
  /** Offset of the statement's first token (leading comments and white space are left out). */
  readonly start: number;
  /** Offset just past its last token; the semicolon is left out. */
  readonly end: number;
  /** Set for BEGIN, COMMIT, ROLLBACK, PREPARE TRANSACTION and their kin (not for savepoints). */
  readonly control?: TransactionControl;
  /** Set for a statement that is sent only when all before it has succeeded. */
  readonly barrier?: Barrier;
  /** The rows that follow `COPY … FROM stdin;`: offsets of the lines before `\.`. */
  readonly copyData?: { readonly start: number; readonly end: number };
}

/** Statements in their order. Made anew at each look: kept as objects, the millions of a data migration would outweigh its file. */
export interface Statements extends Iterable<Statement> {
  readonly length: number;
  /** Undefined where there is none; an index below 0 has none. */
  at(index: number): Statement | undefined;
}

/** The directives at the head of a file (`-- amelia-db: …`). Durations in milliseconds. */
export interface Directives {
  /** False for a file that says `no-transaction`. */
  readonly transaction: boolean;
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

/** Goes through a script's text once. */
export interface TextReader {
  /** The bytes from `start` to `end`; each call begins where the one before began, or later. `toString` has them as UTF-8. Throws `apply.file-changed`. */
  read(start: number, end: number): Uint8Array & { toString(): string };
  /** Before what was read may count: throws `apply.file-changed` when it is not what was parsed. */
  confirm(): void;
}

/** A script that can be applied: a migration's file or its rollback's, read and understood. */
export interface Script extends Directives {
  readonly path: string;
  /** The whole file, byte for byte. Of a large one it is read again each time that somebody looks. */
  readonly text: Uint8Array;
  /** For sending it. */
  reader(): TextReader;
  /** `sha256:` and 64 hex digits; see checksum.ts for the rule. */
  readonly checksum: string;
  /** Whether its text speaks of advisory locks. */
  readonly advisory: boolean;
  /** Without the BEGIN and COMMIT of a wrapper around the whole file. */
  readonly statements: Statements;
}

/** A migration file with what its text says. */
export interface Migration extends Script {
  readonly version: bigint;
  readonly name: string;
}

/** A row of the history table. What the row does not hold (another program wrote it) is null. */
export interface AppliedMigration {
  readonly version: bigint;
  readonly name: string | null;
  readonly checksum: string | null;
  readonly appliedAt: Date | null;
  readonly durationMs: number | null;
  readonly appliedBy: string | null;
  /** Of the text without comments and white space; see statements-checksum.ts for the rule. */
  readonly statementsChecksum: string | null;
  /** The amelia-db that recorded it. */
  readonly toolVersion: string | null;
}

/** A non-transactional migration, or its rollback, that began and did not complete: what the journal has of it. */
export interface UnfinishedMigration {
  readonly version: bigint;
  readonly name: string | null;
  readonly direction: Direction;
  /** Number of statements that completed, and of all. */
  readonly completed: number;
  readonly statements: number;
  /** The statement (0-based) that was begun outside of any transaction and of which no answer came. */
  readonly started: number | null;
  /** The checksum of the file up to the end of what completed. */
  readonly prefix: string;
  readonly startedAt: Date | null;
  /** When the journal was last written: a run that was killed stopped after that. */
  readonly updatedAt: Date | null;
  /** Why the last run stopped; null where it could not say, or goes on. */
  readonly error: string | null;
}

/** Everything the database says about its migrations. */
export interface History {
  readonly applied: readonly AppliedMigration[];
  readonly unfinished: readonly UnfinishedMigration[];
}

/** How a migration stands, folder against history. */
export type MigrationState = 'applied' | 'pending' | 'modified' | 'missing' | 'out-of-order' | 'unfinished';

/** What is known of how a modified file differs from what was applied. */
export interface Difference {
  /** True where its statements are the same: only comments or white space were changed. */
  readonly onlyComments: boolean;
  /** Which statement is not what it was, in words, where the applied text is known. */
  readonly text?: string;
}

/** One line of `status`. */
export interface MigrationStatus {
  readonly version: bigint;
  readonly name: string | null;
  readonly state: MigrationState;
  readonly file?: MigrationFile;
  /** The file's checksum as it is now, where the history has one to compare it with. */
  readonly fileChecksum?: string;
  readonly applied?: AppliedMigration;
  readonly unfinished?: UnfinishedMigration;
  /** Of a modified one, where something is known. */
  readonly difference?: Difference;
}

export type Direction = 'up' | 'down';

/** One migration to apply (up) or roll back (down). */
export interface Step {
  readonly direction: Direction;
  readonly file: MigrationFile;
}

/** What will be done, in order. Frozen. */
export interface Plan {
  readonly direction: Direction;
  readonly steps: readonly Step[];
}
