// Runs one migration, or its rollback, and records it: in one transaction, or statement by
// statement where the file says so. Says what became of it; never decides what runs next.
import postgres from 'postgres';
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { MigratorEvent, Notice, StepResult, StepState } from '../events.ts';
import { summarize } from '../migration/location.ts';
import type { Direction, Script, Statement } from '../migration/types.ts';
import { interruption, placeOf, statementFailure } from './failure.ts';
import { deleteRecord, insertRecord, journalOf } from './history.ts';
import { displayTable, quoteIdentifier, quoteLiteral, quoteTable, type TableName } from './identifiers.ts';
import type { Answer, Session } from './session.ts';

/** One migration to run. `checksum` is what the record will hold. */
export interface Work {
  readonly direction: Direction;
  readonly version: bigint;
  readonly name: string;
  readonly script: Script;
  readonly checksum: string;
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

/** What became of a migration; `error` when it did not complete. */
export interface Outcome {
  readonly result: StepResult;
  readonly error?: AmeliaError;
}

/** A second try when the server did not hear the first, and the moment to give up on the session. */
const cancelAgainMs = 300;
const giveUpMs = 1500;

/** Runs `work`. Never throws for what a server or a file can do: the outcome says it. */
export async function apply(context: ApplyContext, work: Work): Promise<Outcome> {
  const { script } = work;
  context.emit({
    type: 'migration-started',
    direction: work.direction,
    version: String(work.version),
    name: work.name,
    path: script.path,
    statements: script.statements.length,
    transaction: script.transaction,
  });
  const begun = performance.now();
  const stop = cancelOnAbort(context);
  try {
    const run = script.transaction ? runInTransaction : runStatements;
    const { state, error } = await run(context, work);
    const result: StepResult = {
      version: String(work.version),
      name: work.name,
      state,
      statements: script.statements.length,
      ms: Math.round(performance.now() - begun),
    };
    context.emit({ type: 'migration-finished', step: result });
    return { result, ...(error && { error }) };
  } finally {
    stop();
  }
}

interface Ended {
  readonly state: StepState;
  readonly error?: AmeliaError;
}

async function runInTransaction(context: ApplyContext, work: Work): Promise<Ended> {
  const { session, table } = context;
  const run = new Run(context, work);
  run.send('begin', `BEGIN; ${settings(context, work.script, 'LOCAL')}`);
  await run.statements();
  let committing = false;
  if (run.goesOn) {
    // Deferred constraints are checked here, where a violation can still be told from a failed COMMIT.
    run.send('constraints', 'SET CONSTRAINTS ALL IMMEDIATE');
    committing = true;
    run.send('record', `${sessionIdentity(context.role)}; ${record(table, work, null)}; COMMIT`);
    run.send('clean', cleanSession(context.role));
  }
  await run.settled();
  const committed = committing && (run.failure === undefined || run.failure.at === 'clean');
  if (committed) return { state: done(work) };
  if (session.lost) {
    // Without the COMMIT the server rolls back by itself; with it, only the database knows.
    const sent = committing && run.failure?.at === 'record';
    return { state: sent ? 'unknown' : undone(work), error: run.error() };
  }
  await session.query('ROLLBACK').catch(() => {});
  return { state: undone(work), error: run.error() };
}

function done(work: Work): StepState {
  return work.direction === 'up' ? 'applied' : 'rolled-back';
}

/** A rollback that was undone leaves its migration as it was: not run. */
function undone(work: Work): StepState {
  return work.direction === 'up' ? 'rolled-back' : 'not-run';
}

async function runStatements(context: ApplyContext, work: Work): Promise<Ended> {
  const { session, table } = context;
  const { statements } = work.script;
  const journal = quoteTable(journalOf(table));
  const run = new Run(context, work);
  run.send('begin', settings(context, work.script, 'SESSION'));
  run.send(
    'journal',
    `INSERT INTO ${journal} (version, name, completed, statements) VALUES (${work.version}, ${quoteLiteral(work.name)}, 0, ${statements.length})`,
  );
  await run.settled();
  let completed = 0;
  let inBlock = false;
  for (const [index, statement] of statements.entries()) {
    if (!run.goesOn) break;
    await run.statement(index, statement);
    await run.settled();
    if (run.failure !== undefined) break;
    if (statement.control !== undefined) inBlock = statement.control === 'begin';
    completed = index + 1;
    run.send('journal', `UPDATE ${journal} SET completed = ${completed} WHERE version = ${work.version}`);
    await run.settled();
  }
  const forget = `DELETE FROM ${journal} WHERE version = ${work.version}`;
  if (run.goesOn) {
    const ms = performance.now() - run.begunAt;
    run.send('begin', sessionIdentity(context.role));
    run.send('record', `BEGIN; ${forget}; ${record(table, work, ms)}; COMMIT`);
    run.send('clean', cleanSession(context.role));
    await run.settled();
    if (run.failure === undefined || run.failure.at === 'clean') return { state: done(work) };
  }
  if (!session.lost) {
    if (inBlock) await session.query('ROLLBACK').catch(() => {});
    // A statement by itself is all or nothing, but for CONCURRENTLY, which leaves an invalid index.
    const first = statements[0];
    const leftNothing = completed === 0 && first !== undefined && !/\bconcurrently\b/i.test(textOf(work.script, first));
    if (leftNothing) {
      await session.query(`${sessionIdentity(context.role)}; ${forget}`).catch(() => {});
      return { state: undone(work), error: run.error() };
    }
  }
  return { state: 'unknown', error: run.error(completed) };
}

function record(table: TableName, work: Work, durationMs: number | null): string {
  return work.direction === 'up'
    ? insertRecord(table, { version: work.version, name: work.name, checksum: work.checksum, durationMs })
    : deleteRecord(table, work.version);
}

type Part = 'begin' | 'constraints' | 'record' | 'clean' | 'journal' | number;

/** The messages of one migration, in flight together; remembers the first that failed. */
class Run {
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
    if (!(error instanceof postgres.PostgresError)) {
      return error instanceof AmeliaError
        ? error
        : new AmeliaError('session.lost', { reason: String(error) }, { cause: error });
    }
    const facts = { version: String(version), reason: error.message, sqlstate: error.code };
    const context = { cause: error };
    if (typeof at === 'number') {
      const statement = script.statements[at];
      if (statement) return statementFailure(error, version, script, statement, table, completed);
    }
    if (at === 'constraints') return new AmeliaError('apply.commit-failed', facts, context);
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

function textOf(script: Script, statement: Statement): string {
  return Buffer.from(script.text.buffer, script.text.byteOffset, script.text.byteLength).toString(
    'utf8',
    statement.start,
    statement.end,
  );
}

/** What each statement runs under; the splitter reads strings as standard_conforming_strings has them. */
function settings(context: ApplyContext, script: Script, scope: 'LOCAL' | 'SESSION'): string {
  const lockTimeoutMs = script.lockTimeoutMs ?? context.lockTimeoutMs;
  const statementTimeoutMs = script.statementTimeoutMs ?? context.statementTimeoutMs;
  const set = (name: string, value: string | number) => `SET ${scope} ${name} = ${value}`;
  return [
    set('lock_timeout', Math.ceil(lockTimeoutMs)),
    ...(statementTimeoutMs === undefined ? [] : [set('statement_timeout', Math.ceil(statementTimeoutMs))]),
    set('standard_conforming_strings', 'on'),
  ].join('; ');
}

/** Back to the role that the run began with, whatever the migration made of it. */
export function sessionIdentity(role: string | undefined): string {
  return `RESET SESSION AUTHORIZATION; RESET ROLE${role === undefined ? '' : `; SET ROLE ${quoteIdentifier(role)}`}`;
}

/** What a migration left in the session does not reach the next one. */
function cleanSession(role: string | undefined): string {
  return `RESET ALL; ${sessionIdentity(role)}`;
}

/** Cancels what runs when the signal is raised, again if need be, and at last gives the session up. */
function cancelOnAbort({ session, signal }: ApplyContext): () => void {
  const timers: NodeJS.Timeout[] = [];
  const cancel = () => {
    void session.cancel();
    timers.push(setInterval(() => void session.cancel(), cancelAgainMs));
    timers.push(setTimeout(() => void session.close(0), giveUpMs));
  };
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return () => {
    signal?.removeEventListener('abort', cancel);
    for (const timer of timers) clearTimeout(timer);
  };
}
