// What `check` finds and ends with. Types only: reports print them, `--json` hands them out.
import type { AmeliaError } from '../errors.ts';

/** Something wrong (error), or to look at (warning), with its place in `error.location`. */
export interface CheckFinding {
  readonly level: 'error' | 'warning';
  readonly error: AmeliaError;
  /** The file, from the repository's top, with slashes. */
  readonly file: string | undefined;
  /** The last line of what it is about, where that is more than one. */
  readonly endLine: number | undefined;
}

/** How a migration did. */
export interface CheckedMigration {
  readonly version: string;
  readonly name: string;
  readonly path: string;
  /** The path from the repository's top, with slashes. */
  readonly file: string;
  /** The base does not have it; without a base every migration is new. */
  readonly isNew: boolean;
  readonly replayed: boolean;
  /** Whether its rollback undoes it, and it can be applied again; `not-tried` for what is neither new nor has a new rollback. */
  readonly rollback: 'restores' | 'fails' | 'missing' | 'not-tried';
}

/** What a branch is held against. */
export interface CheckedBase {
  readonly ref: string;
  /** The commits that the reference and the merge base are. */
  readonly commit: string;
  readonly mergeBase: string;
}

export interface CheckResult {
  /** Absolute: the repository's top, or the working folder where there is no repository. */
  readonly root: string;
  readonly base: CheckedBase | null;
  readonly migrations: readonly CheckedMigration[];
  /** The contract's file from the repository's top, where there is one. */
  readonly contract: string | null;
  /** Null when the schema could not be tried: the migrations do not run. */
  readonly constraints: { readonly all: number; readonly proven: number; readonly unproven: number } | null;
  /** Errors first, then by file and line. */
  readonly findings: readonly CheckFinding[];
  readonly serverVersion: string | null;
  readonly ms: number;
}
