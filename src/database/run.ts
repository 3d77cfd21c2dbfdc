// One migration's messages: each statement is a message of its own, several in flight; remembers the
// first that failed and tells events. What is sent besides the statements is decided elsewhere.
import { randomUUID } from 'node:crypto';
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { Notice, StepResult, StepState } from '../events.ts';
import { embeddedExtensions } from '../migration/extensions.ts';
import { Locator, summarize } from '../migration/location.ts';
import { maskSql } from '../migration/secrets.ts';
import type { Statement, TextReader } from '../migration/types.ts';
import { isServerError, notKept, type ServerError } from './server-error.ts';
import { readOnlyOutside, ownSettings } from './envelope.ts';
import { hiderOf, interruption, ownFailure, placeOf, statementFailure, withoutSecrets } from './failure.ts';
import { journalOf } from './history.ts';
import { readObstacles } from './record.ts';
import type { Answer, Listener } from './session.ts';
import { isWarning } from './warning.ts';
import type { ApplyContext, Flight, FlightPlace, Outcome, Work } from './work.ts';

/** Which of the messages: a statement by its index, or one of our own. */
type Part = 'begin' | 'record' | 'journal' | number;

export class Run {
  readonly work: Work;
  /** Of this try's transaction, and of no other. */
  readonly mark: string;
  readonly #context: ApplyContext;
  readonly #reader: TextReader;
  #locator: Locator | undefined;
  #hide: ((said: string) => string) | undefined;
  #last: Promise<void> = Promise.resolve();
  #begunAt = 0;
  #doneAt: number | undefined;
  #told = false;
  #obstacles: readonly string[] = [];
  /** The first message that failed. */
  failure: { readonly at: Part; readonly error: unknown } | undefined;
  /** True once the message that holds the COMMIT of the record was sent. */
  recordSent = false;

  readonly #flight: Flight;
  readonly #place: FlightPlace;

  constructor(context: ApplyContext, work: Work, place: FlightPlace = {}) {
    this.#context = context;
    this.work = work;
    this.mark = `${work.version}/${randomUUID()}`;
    this.#reader = work.script.reader();
    this.#flight = place.flight ?? { failed: false };
    this.#place = place;
  }

  /** False once something failed or the run was interrupted: then nothing more is sent. */
  get goesOn(): boolean {
    return this.failure === undefined && !this.#flight.failed && !this.#context.signal?.aborted;
  }

  /** True once its record was answered: the migration is done. */
  get done(): boolean {
    return this.#doneAt !== undefined;
  }

  /** True once the server has begun with it. */
  get begun(): boolean {
    return this.#told;
  }

  /** Milliseconds since the server began with it, until its record was answered. */
  get elapsedMs(): number {
    return this.#told ? (this.#doneAt ?? performance.now()) - this.#begunAt : 0;
  }

  /** Resolves when everything that was sent is answered. */
  settled(): Promise<void> {
    return this.#last;
  }

  send(at: Part, text: string): void {
    if (at === 'record') this.recordSent = true;
    this.#watch(this.#context.session.send(text, this.#listener(at)).answer);
  }

  /** Sends every statement as a message of its own, so that each failure and each duration has its statement. */
  async statements(): Promise<void> {
    const { statements } = this.work.script;
    for (let index = 0; index < statements.length; index++) {
      const statement = statements.at(index)!;
      await this.#context.session.room(statement.end - statement.start);
      if (!this.goesOn) return;
      await this.statement(index, statement);
    }
  }

  /**
   * Sends one statement, with its rows when it is a COPY. One that is a barrier is only sent when all before it has
   * succeeded: with a failure in flight, ROLLBACK TO would take up the failed transaction again, of whichever migration,
   * and what makes the session writable would let statements commit behind a BEGIN that was refused.
   */
  async statement(index: number, statement: Statement): Promise<void> {
    const { session } = this.#context;
    if (statement.barrier) await this.settled();
    if (!this.goesOn) return;
    let text: string;
    try {
      text = this.#reader.read(statement.start, statement.end).toString();
    } catch (error) {
      return this.#fail(index, error);
    }
    if (!statement.copyData) this.send(index, text);
    if (statement.barrier === 'reset-all') {
      await this.settled();
      const { after } = this.#place;
      const own = [ownSettings(this.#context, this.work.script, this.mark), ...(after ? [readOnlyOutside(after)] : [])];
      if (this.goesOn) this.send('journal', own.join('; '));
    }
    if (!statement.copyData) return;
    await this.settled();
    if (!this.goesOn) return;
    const { start, end } = statement.copyData;
    this.#watch(session.copy(text, pieces(this.#reader, start, end), this.#listener(index)));
    await this.settled();
  }

  /** Sends the record, unless the file is not what was parsed any more. */
  record(text: string): void {
    try {
      this.#reader.confirm();
      this.send('record', text);
    } catch (error) {
      this.#fail('record', error);
    }
  }

  /** As if that statement had failed so: what belongs to it did. */
  fail(at: number, error: unknown): void {
    this.#fail(at, error);
  }

  /** Asks the server, in no transaction, what the error is to name. */
  async explain(): Promise<void> {
    const { session, table } = this.#context;
    if (!isServerError(this.failure?.error) || this.failure.error.code !== notKept) return;
    this.#obstacles = await readObstacles(session, [table, journalOf(table)]).catch(() => []);
  }

  /** Forgets a failure that was dealt with, so that sending can go on. */
  forgive(): void {
    this.failure = undefined;
    this.#flight.failed = false;
  }

  /** Tells that it ended so; gives the result of the step. */
  end(state: StepState, error?: AmeliaError): Outcome {
    const { version, name, script } = this.work;
    const statements = script.statements.length;
    const result: StepResult = { version: String(version), name, state, statements, ms: Math.round(this.elapsedMs) };
    if (this.#told) {
      const interrupted = error !== undefined && this.#context.signal?.aborted === true;
      this.#context.emit({ type: 'migration-finished', step: result, interrupted });
    }
    return { result, ...(error && { error }) };
  }

  /** What the first failure is to the person who reads it. `completed` is how many statements stay. */
  error(completed?: number): AmeliaError {
    const { signal } = this.#context;
    if (this.failure === undefined && signal?.aborted) return interruption(signal);
    const detail = `version ${this.work.version} ended, and nobody knows why`;
    if (this.failure === undefined) return new AmeliaError('internal.bug', { version: '', detail });
    const { at, error } = this.failure;
    const stopped = isAmeliaError(error, 'session.lost') || (error as { code?: unknown }).code === '57014';
    if (signal?.aborted && stopped) return interruption(signal);
    if (error instanceof AmeliaError) return error as AmeliaError;
    if (!isServerError(error)) return new AmeliaError('session.lost', { reason: String(error) }, { cause: error });
    return this.#refusal(at, error, completed);
  }

  #refusal(at: Part, error: ServerError, completed: number | undefined): AmeliaError {
    const { table } = this.#context;
    const { version, script } = this.work;
    const statement = typeof at === 'number' ? script.statements.at(at) : undefined;
    if (statement)
      return statementFailure(error, {
        version,
        script,
        statement,
        table,
        completed,
        embedded: 'connect' in this.#context.session.server ? embeddedExtensions : undefined,
        blockers: this.#context.watch?.blockers ?? [],
      });
    return ownFailure(error, { version, table, script, isBegin: at === 'begin', obstacles: this.#obstacles });
  }

  #fail(at: Part, error: unknown): void {
    this.failure ??= { at, error };
    this.#flight.failed = true;
  }

  #watch(answer: Promise<Answer>): void {
    this.#last = answer.then(
      () => {},
      () => {}, // the listener has it
    );
  }

  #listener(at: Part): Listener {
    return {
      notice: (notice) => this.#tellNotice(at, notice),
      answer: (answer) => {
        if (at === 'begin') this.#tellBegun();
        else if (at === 'record') {
          this.#doneAt = performance.now();
          this.#place.onDone?.(answer);
        } else if (at !== 'journal') {
          this.#tellFinished(at, answer);
          this.#tellStarted(at + 1);
        }
      },
      failure: (error) => {
        this.#fail(at, error);
      },
    };
  }

  #tellNotice(at: Part, notice: Notice): void {
    const statement = typeof at === 'number' ? this.work.script.statements.at(at) : undefined;
    if (!statement && !isWarning(notice)) return; // of our own making
    const { script, version } = this.work;
    const place = statement && { location: placeOf(script, statement) };
    const told = withoutSecrets(notice, (this.#hide ??= hiderOf(script.text)));
    this.#context.emit({ type: 'notice', version: String(version), notice: told, ...place });
  }

  /** Only now: with several migrations in flight, the server may still be busy with an earlier one when this is sent. */
  #tellBegun(): void {
    if (this.#told) return;
    this.#told = true;
    this.#begunAt = performance.now();
    const { direction, version, name, script, unfinished } = this.work;
    this.#context.emit({
      type: 'migration-started',
      direction,
      version: String(version),
      name,
      path: script.path,
      statements: script.statements.length,
      transaction: script.transaction,
    });
    this.#tellStarted(unfinished?.completed ?? 0);
  }

  #tellStarted(index: number): void {
    const { script, version } = this.work;
    const statement = script.statements.at(index);
    if (!statement || !this.goesOn) return;
    // From one statement to the next: from the start each time, a large file would never end.
    const locator = () => (this.#locator ??= new Locator(script.path, script.text));
    this.#context.emit({
      type: 'statement-started',
      version: String(version),
      index: index + 1,
      statements: script.statements.length,
      // Computed when somebody looks: finding a line in a large file takes time.
      get location() {
        return locator().at(statement.start);
      },
      get summary() {
        return maskSql(summarize(locator().text, statement.start, statement.end));
      },
    });
  }

  #tellFinished(index: number, answer: Answer): void {
    this.#context.emit({
      type: 'statement-finished',
      version: String(this.work.version),
      index: index + 1,
      statements: this.work.script.statements.length,
      ms: Math.round(answer.ms),
      tag: answer.tag,
    });
  }
}

/** What COPY sends at once, in bytes. */
const copyPieceBytes = 256 * 1024;

function* pieces(reader: TextReader, start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += copyPieceBytes) yield reader.read(at, Math.min(at + copyPieceBytes, end));
}
