// What verify found: one line for each constraint, and every problem and warning. Types only.
import type { DatabaseInfo } from '../events.ts';

export type Proof = 'proven' | 'failed' | 'unproven';

export type FindingKind =
  | 'check'
  | 'foreign-key'
  | 'unique'
  | 'primary-key'
  | 'exclusion'
  | 'unique-index'
  | 'index'
  | 'column'
  | 'trigger'
  | 'table'
  | 'policy'
  | 'rule'
  | 'view'
  | 'function'
  | 'sequence'
  | 'enum'
  | 'domain'
  | 'extension'
  | 'migration';

export type FindingCode =
  | 'verify.missing'
  | 'verify.unexpected'
  | 'verify.different'
  | 'verify.not-shown-equal'
  | 'verify.not-validated'
  | 'verify.not-enforced'
  | 'verify.disabled'
  | 'verify.invalid-index'
  | 'verify.not-refused'
  | 'verify.violated'
  | 'verify.contract'
  | 'verify.renamed'
  | 'verify.rewritten'
  | 'verify.null-passes'
  | 'verify.no-index'
  | 'verify.not-live'
  | 'verify.pending'
  | 'verify.trigger-fires';

/** A problem or a warning: what it is about, and what was expected and found. */
export interface Finding {
  readonly code: FindingCode;
  readonly kind: FindingKind;
  /** `schema.table`, or null for what is in no table. */
  readonly table: string | null;
  readonly name: string;
  readonly message: string;
  readonly expected: string | null;
  readonly found: string | null;
  /** Of what the contract promises: where it does, by keys and indexes from its top. */
  readonly place?: readonly (string | number)[];
}

/** One constraint or unique index, with its three answers. */
export interface ConstraintResult {
  readonly kind: FindingKind;
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly definition: string;
  readonly present: boolean;
  readonly enforced: boolean;
  readonly proof: Proof;
  /** Each thing that was tried, and what the server did. */
  readonly evidence: readonly string[];
  /** Why it is not proven, in words. */
  readonly reason: string | null;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export interface VerifySummary {
  readonly constraints: number;
  readonly proven: number;
  readonly failed: number;
  readonly unproven: number;
  readonly warnings: number;
  readonly problems: number;
}

/** Where the time went; `messages` are what was sent to the servers. */
export interface VerifyPhase {
  readonly name: 'replay' | 'catalog' | 'compare' | 'prove' | 'live';
  readonly ms: number;
}

export interface VerifyResult {
  readonly database: DatabaseInfo;
  /** The highest version applied, up to which the migrations were replayed. */
  readonly version: string | null;
  readonly scratch: string;
  readonly summary: VerifySummary;
  readonly constraints: readonly ConstraintResult[];
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly phases: readonly VerifyPhase[];
}
