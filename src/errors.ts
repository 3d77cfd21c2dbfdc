// The one error class and the catalogue: a code gives the exit status, the message and the hint.
// Never prints; never changes an error that somebody else made (it is kept as `cause`).
import type { RunResult } from './events.ts';
import type { Location } from './migration/types.ts';
import { catalogue } from './catalogue.ts';

type Catalogue = typeof catalogue;

/** Every code that amelia-db can report; the part before the dot is the room that throws it. */
export type ErrorCode = keyof Catalogue;

export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];

/** The facts that an error with this code is made of. */
export type ErrorFacts<C extends ErrorCode> = Parameters<Catalogue[C]['message']>[0];

export interface ErrorContext {
  readonly location?: Location | undefined;
  readonly cause?: unknown;
  /** What was planned and what became of it, when a run had begun. */
  readonly result?: RunResult | undefined;
  /** What else is wrong, found at the same look. */
  readonly others?: readonly AmeliaError[];
}

/** One entry of the catalogue. */
export interface Entry<F> {
  readonly exitStatus: number;
  readonly message: (facts: F) => string;
  readonly hint?: (facts: F) => string | undefined;
}

/**
 * The only error that leaves amelia-db. `message` says what is wrong, `hint` what to do;
 * both are computed from `facts`. `exitStatus` is the process's exit status (see cli.md).
 */
export class AmeliaError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'AmeliaError';
  readonly code: C;
  readonly hint: string | undefined;
  readonly location: Location | undefined;
  readonly facts: ErrorFacts<C>;
  readonly exitStatus: number;
  readonly result: RunResult | undefined;
  /** What else is wrong, found at the same look; each is an error of its own. */
  readonly others: readonly AmeliaError[];

  constructor(code: C, facts: ErrorFacts<C>, context: ErrorContext = {}) {
    const entry = catalogue[code] as Entry<ErrorFacts<C>>;
    super(entry.message(facts), context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.hint = entry.hint?.(facts);
    this.location = context.location;
    this.facts = facts;
    this.exitStatus = entry.exitStatus;
    this.result = context.result;
    this.others = context.others ?? [];
  }

  /** The same error with what became of the run, where that was not known when it was made. */
  withResult(result: RunResult): AmeliaError<C> {
    return this.#with({ result: this.result ?? result });
  }

  /** The same error with what else is wrong. */
  withOthers(others: readonly AmeliaError[]): AmeliaError<C> {
    return this.#with({ others: [...this.others, ...others] });
  }

  #with(more: Pick<ErrorContext, 'result' | 'others'>): AmeliaError<C> {
    const { location, cause, result, others } = this;
    const error = new AmeliaError(this.code, this.facts, { location, cause, result, others, ...more });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }
}

/** True for an AmeliaError, of that code where one is given. */
export function isAmeliaError<C extends ErrorCode = ErrorCode>(error: unknown, code?: C): error is AmeliaError<C> {
  return error instanceof AmeliaError && (code === undefined || error.code === code);
}

/** Throws the first of these errors, with the others beside it; does nothing where there is none. */
export function throwTogether(errors: readonly AmeliaError[]): void {
  const [first, ...others] = errors;
  if (first !== undefined) throw others.length === 0 ? first : first.withOthers(others);
}
