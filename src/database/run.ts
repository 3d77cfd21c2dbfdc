// One migration's messages: each statement is a message of its own, several in flight; remembers the
// first that failed and tells events. Knows nothing of transactions; apply.ts decides what is sent.
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { MigratorEvent, Notice } from '../events.ts';
import { summarize } from '../migration/location.ts';
import type { Direction, Script, Statement } from '../migration/types.ts';
import { isServerError } from './driver.ts';
import { interruption, notesOf, placeOf, statementFailure } from './failure.ts';
import { displayTable, type TableName } from './identifiers.ts';
import type { Expected } from './history.ts';
import type { Answer, Session } from './session.ts';

/** One migration to run. `checksum` is what the record will hold. */
export interface Work {
  readonly direction: Direction;
  readonly version: bigint;
  readonly name: string;
  readonly script: Script;
  readonly checksum: string;
  /** What the history must be when the record is written. */
  readonly expected: Expected;
}

export interface ApplyContext {
  readonly session: Session;
  readonly table: TableName;
  readonly lockTimeoutMs: number;
  /** Undefined leaves the server's own setting. */
  readonly statementTimeoutMs: number | undefined;
  readonly role: string | undefined;
  readonly emit: (event: MigratorEvent) => void;
  readonly signal: AbortSignal | undefined;
}

/** Which of the messages: a statement by its index, or one of our own. */
type Part = 'begin' | 'constraints' | 'record' | 'clean' | 'journal' | number;

export class Run {
  readonly begunAt = performance.now();
  readonly #context: ApplyContext;
  readonly #work: Work;
  #last: Promise<void> = Promise.resolve();
  failure: { readonly at: Part; readonly error: unknown } | undefined;

  constructor(context: ApplyContext, work: Work) {
    this.#context = context;
    this.#work = work;
  }

  /** False once something failed or the run was interrupted: then nothing more is sent. */
  get goesOn(): boolean {
    return this.failure === undefined && !this.#context.signal?.aborted;
  }

  /** Resolves when everything that was sent is answered. */
  settled(): Promise<void> {
    return this.#last;
  }

  send(at: Part, text: string): void {
    this.#watch(at, this.#context.session.send(text, this.#onNotice(at)).answer);
  }

  /** Sends every statement as a message of its own, so that each failure and each duration has its statement. */
  async statements(): Promise<void> {
    for (const [index, statement] of this.#work.script.statements.entries()) {
      await this.#context.session.room(statement.end - statement.start);
      if (!this.goesOn) return;
      await this.statement(index, statement);
    }
  }

  async statement(index: number, statement: Statement): Promise<void> {
    const { session } = this.#context;
    const text = textOf(this.#work.script, statement);
    if (index === 0) this.#tellStarted(0);
    if (!statement.copyData) return this.send(index, text);
    await this.settled();
    if (!this.goesOn) return;
    const rows = this.#work.script.text.subarray(statement.copyData.start, statement.copyData.end);
    this.#watch(index, session.copy(text, rows, this.#onNotice(index)));
    await this.settled();
  }

  /** What the first failure is to the person who reads it. */
  error(completed?: number): AmeliaError {
    const { signal, table } = this.#context;
    const { version, script } = this.#work;
    const failure = this.failure;
    if (failure === undefined) return interruption(signal);
    const { at, error } = failure;
    const stopped = isAmeliaError(error, 'session.lost') || (error as { code?: unknown }).code === '57014';
    if (signal?.aborted && stopped) return interruption(signal);
    if (error instanceof AmeliaError) return error as AmeliaError;
    if (!isServerError(error)) return new AmeliaError('session.lost', { reason: String(error) }, { cause: error });
    const facts = { version: String(version), reason: error.message, sqlstate: error.code };
    const context = { cause: error };
    if (typeof at === 'number') {
      const statement = script.statements[at];
      if (statement) return statementFailure(error, version, script, statement, table, completed);
    }
    if (at === 'constraints') {
      return new AmeliaError('apply.commit-failed', { ...facts, notes: notesOf(error) }, context);
    }
    if (at === 'record' && (error.code === '22012' || error.code === '23505')) {
      return new AmeliaError(
        'apply.history-changed',
        { version: String(version), table: displayTable(table) },
        context,
      );
    }
    return new AmeliaError('apply.record-failed', { ...facts, table: displayTable(table) }, context);
  }

  #watch(at: Part, answer: Promise<Answer>): void {
    this.#last = answer.then(
      (answered) => {
        if (typeof at !== 'number') return;
        this.#tellFinished(at, answered);
        this.#tellStarted(at + 1);
      },
      (error: unknown) => {
        this.failure ??= { at, error };
      },
    );
  }

  #onNotice(at: Part): (notice: Notice) => void {
    return (notice) => {
      const statement = typeof at === 'number' ? this.#work.script.statements[at] : undefined;
      if (!statement) return; // of our own making: "there is no transaction in progress" and the like
      const location = placeOf(this.#work.script, statement);
      this.#context.emit({ type: 'notice', version: String(this.#work.version), notice, location });
    };
  }

  #tellStarted(index: number): void {
    const { script, version } = this.#work;
    const statement = script.statements[index];
    if (!statement || !this.goesOn) return;
    this.#context.emit({
      type: 'statement-started',
      version: String(version),
      index: index + 1,
      statements: script.statements.length,
      // Computed when somebody looks: finding a line in a large file takes time.
      get location() {
        return placeOf(script, statement);
      },
      get summary() {
        return summarize(script.text, statement.start, statement.end);
      },
    });
  }

  #tellFinished(index: number, answer: Answer): void {
    this.#context.emit({
      type: 'statement-finished',
      version: String(this.#work.version),
      index: index + 1,
      statements: this.#work.script.statements.length,
      ms: Math.round(answer.ms),
      tag: answer.tag,
    });
  }
}

/** A statement as it stands in the file. */
export function textOf(script: Script, statement: Statement): string {
  return Buffer.from(script.text.buffer, script.text.byteOffset, script.text.byteLength).toString(
    'utf8',
    statement.start,
    statement.end,
  );
}
