// A non-transactional migration, statement by statement, with a journal: each statement that can runs in
// a transaction with its journal entry, exactly once. For the few that cannot (CONCURRENTLY, VACUUM …) the
// intent is written before, and after a crash the catalog is asked whether it took effect.
import { AmeliaError } from '../errors.ts';
import { RunningChecksum } from '../migration/checksum.ts';
import { readEffect } from '../migration/effect.ts';
import { isServerError } from './server-error.ts';
import { placeOf, textOf } from './failure.ts';
import { asRole, begin, givenBack, ownMark, record, requireMark, sessionSettings, setBack } from './envelope.ts';
import { doneState, passes, pause, undone } from './flight.ts';
import { heal } from './healing.ts';
import { journalOf } from './history.ts';
import { quoteLiteral, quoteTable, type TableName } from './identifiers.ts';
import { deleteRecord, requireRows, updateRecord } from './record.ts';
import { Run } from './run.ts';
import type { ApplyContext, Outcome, Work } from './work.ts';

/** cannot run inside a transaction block; COMMIT inside a procedure or DO block that was called in one. */
const needsNoTransaction = new Set(['25001', '2D000']);

/** What holds for the session, and not only for the transaction. */
const sessionSetting = /^(?:re)?set\b(?!\s+(?:local|transaction|constraints)\b)/i;

/** Runs `work` from where an earlier run stopped, or from its beginning. */
export async function walk(context: ApplyContext, work: Work): Promise<Outcome> {
  return await new Walk(context, work).go();
}

class Walk {
  readonly #context: ApplyContext;
  readonly #work: Work;
  readonly #run: Run;
  readonly #journal: TableName;
  /** Of the text up to where the last completed statement ends. */
  readonly #prefix = { checksum: new RunningChecksum(), end: 0 };
  #completed: number;
  #inBlock = false;
  /** The next statement may have been there before, and left a part of itself; `begun` when it may have completed. */
  #unsure: { readonly begun: boolean } | undefined;
  /** Of the next statement. */
  #tries = 0;

  constructor(context: ApplyContext, work: Work) {
    this.#context = context;
    this.#work = work;
    this.#run = new Run(context, work);
    this.#journal = journalOf(context.table);
    this.#completed = work.unfinished?.completed ?? 0;
    if (work.unfinished) this.#unsure = { begun: work.unfinished.started !== null };
  }

  async go(): Promise<Outcome> {
    const run = this.#run;
    const { statements } = this.#work.script;
    const misplaced = this.#context.pooled ? this.#misplacedSetting() : undefined;
    if (misplaced) return run.end(this.#work.unfinished ? 'unknown' : 'not-run', misplaced);
    try {
      await this.#open();
      while (run.goesOn && this.#completed < statements.length) {
        const at = this.#completed;
        await this.#next();
        if (this.#completed > at) this.#tries = 0;
        else await this.#tryAgain();
      }
      if (run.goesOn) await this.#close();
    } catch (error) {
      if (!(error instanceof AmeliaError)) throw error;
      return run.end('unknown', error);
    }
    if (run.done) return run.end(doneState(this.#work));
    return await this.#stopped();
  }

  /** Behind a pooler, the next statement may reach another session, and the setting somebody else. */
  #misplacedSetting(): AmeliaError | undefined {
    const { script } = this.#work;
    for (const statement of script.statements) {
      const text = textOf(script, statement);
      if (!sessionSetting.test(text)) continue;
      const location = placeOf(script, statement);
      return new AmeliaError('apply.setting-behind-pooler', { statement: text.split('\n', 1)[0] ?? '' }, { location });
    }
    return undefined;
  }

  /** The settings, the journal's row, and what an earlier run left undecided. */
  async #open(): Promise<void> {
    const { script, unfinished, version, name, direction } = this.#work;
    this.#run.send('begin', this.#context.pooled ? 'SELECT' : sessionSettings(this.#context, script));
    if (unfinished === undefined) {
      const values = `${version}, ${quoteLiteral(name)}, '${direction}', 0, ${script.statements.length}, ''`;
      this.#ours(
        `INSERT INTO ${quoteTable(this.#journal)} (version, name, direction, completed, statements, prefix) VALUES (${values}); ${requireRows(this.#journal, 1, { version, name, direction, completed: 0 })}`,
      );
      return this.#run.settled();
    }
    // What completed may have set something up that the rest relies on, and that session is gone.
    for (let at = 0; at < unfinished.completed; at++) {
      const text = textOf(script, script.statements.at(at)!);
      if (sessionSetting.test(text)) this.#run.send('journal', text);
    }
    await this.#run.settled();
  }

  /** The next statement, or the block of them between BEGIN and COMMIT. */
  async #next(): Promise<void> {
    const { statements } = this.#work.script;
    const at = this.#completed;
    if (this.#unsure && !(await this.#isToRun(at, this.#unsure))) return;
    this.#unsure = undefined;
    const statement = statements.at(at);
    if (statement?.control === 'begin') return await this.#block(at);
    await this.#inTransaction(at);
    const { failure } = this.#run;
    if (failure?.at !== at || !isServerError(failure.error) || !needsNoTransaction.has(failure.error.code)) return;
    await this.#context.session.query('ROLLBACK');
    this.#run.forgive();
    await this.#byItself(at);
  }

  async #inTransaction(at: number): Promise<void> {
    const statement = this.#work.script.statements.at(at);
    if (!statement) return;
    this.#run.send('begin', begin(this.#context, this.#work.script, this.#run.mark));
    // Behind a BEGIN that failed, it would commit by itself.
    await this.#run.settled();
    await this.#run.statement(at, statement);
    if (this.#run.goesOn) this.#run.send('journal', `${this.#marked(this.#progress(at + 1))}; COMMIT`);
    await this.#run.settled();
    if (this.#run.failure === undefined) this.#completed = at + 1;
  }

  async #block(from: number): Promise<void> {
    const { statements } = this.#work.script;
    let to = from + 1;
    while (to < statements.length && statements.at(to)!.control === undefined) to++;
    const end = statements.at(to)?.control;
    const run = this.#run;
    this.#inBlock = true;
    await run.statement(from, statements.at(from)!);
    await run.settled(); // as in #inTransaction
    if (run.goesOn) run.send('journal', ownMark(run.mark));
    for (let i = from + 1; i < to && run.goesOn; i++) await run.statement(i, statements.at(i)!);
    // With the block's own COMMIT; there is nothing to commit it with when the block is rolled back or prepared.
    if (end === 'commit' && run.goesOn) run.send('journal', this.#marked(this.#progress(to + 1)));
    // Each of them ends a failed transaction, too, and says nothing of the failure.
    await run.settled();
    await run.statement(to, statements.at(to)!);
    await run.settled();
    if (end !== 'commit' && run.goesOn) this.#ours(this.#progress(to + 1));
    await run.settled();
    if (run.failure !== undefined) return;
    this.#inBlock = false;
    this.#completed = to + 1;
  }

  /** A statement that cannot run in a transaction: its intent is written, then it runs, then that it is done. */
  async #byItself(at: number): Promise<void> {
    const statement = this.#work.script.statements.at(at);
    if (!statement) return;
    this.#ours(updateRecord(this.#journal, this.#work.version, { started: at }, this.#now()));
    await this.#run.settled();
    if (!this.#run.goesOn) return;
    await this.#run.statement(at, statement);
    await this.#run.settled();
    if (this.#run.failure !== undefined) return;
    this.#ours(this.#progress(at + 1));
    await this.#run.settled();
    if (this.#run.failure === undefined) this.#completed = at + 1;
  }

  /** Forgets a failure that passes, such as a lock that was not to be had in time, once its leftovers may be gone. */
  async #tryAgain(): Promise<void> {
    const run = this.#run;
    const { signal, retries, session } = this.#context;
    const { failure } = run;
    if (typeof failure?.at !== 'number' || signal?.aborted || session.lost) return;
    if (!passes(this.#context, failure.error) || this.#tries >= retries) return;
    await session.query('ROLLBACK');
    this.#inBlock = false;
    await pause(this.#context, run, ++this.#tries);
    run.forgive();
    this.#unsure ??= { begun: false };
  }

  /** Makes good what the statement left, and passes it over where it took effect. Throws `plan.unfinished` when that cannot be told. */
  async #isToRun(at: number, { begun }: { readonly begun: boolean }): Promise<boolean> {
    const { script, version, name } = this.#work;
    const statement = script.statements.at(at)!;
    const effect = readEffect(script.text, statement.start, statement.end);
    try {
      const found = await heal(this.#context.session, effect, begun);
      if (found === 'again') return true;
      if (found === undefined) {
        const { line } = placeOf(script, statement);
        const reason = `nobody knows whether statement ${at + 1} (${script.path}:${line}) took effect: no answer came, and it cannot run in a transaction`;
        throw new AmeliaError('plan.unfinished', { refusals: [{ version: String(version), name, reason }] });
      }
    } catch (error) {
      if (!isServerError(error)) throw error;
      this.#run.fail(at, error);
      return false;
    }
    this.#unsure = undefined;
    this.#ours(this.#progress(at + 1));
    await this.#run.settled();
    if (this.#run.failure === undefined) this.#completed = at + 1;
    return false;
  }

  async #close(): Promise<void> {
    const ours = [
      'BEGIN',
      setBack,
      ...givenBack(this.#context, this.#work.script),
      ...asRole(this.#context.role),
      deleteRecord(this.#journal, this.#work.version),
      record(this.#context, this.#work, { durationMs: this.#run.elapsedMs }),
      'COMMIT',
    ];
    this.#run.send('record', ours.join('; '));
    await this.#run.settled();
  }

  /** What an error or an interruption leaves: the journal says where the next run goes on. */
  async #stopped(): Promise<Outcome> {
    const { session } = this.#context;
    const run = this.#run;
    if (session.lost) return run.end('unknown', run.error());
    const aborted = this.#inBlock || run.failure !== undefined;
    if (aborted) await session.query('ROLLBACK').catch(() => {});
    await run.explain();
    const failed = run.failure?.at;
    const statement = typeof failed === 'number' ? this.#work.script.statements.at(failed) : undefined;
    const text = statement === undefined ? '' : textOf(this.#work.script, statement);
    // A statement is all or nothing, but for CONCURRENTLY, which may leave an invalid index.
    const error = run.error(this.#completed);
    const isKnown = error.code !== 'apply.transaction-lost' && !/\bconcurrently\b/i.test(text);
    if (this.#completed === 0 && isKnown) {
      const forget = deleteRecord(this.#journal, this.#work.version);
      const forgotten = await session
        .query(['BEGIN', setBack, ...asRole(this.#context.role), forget, 'COMMIT'].join('; '))
        .then(
          () => true,
          () => false,
        );
      if (forgotten) return run.end(undone(this.#work), run.error());
      await session.query('ROLLBACK').catch(() => {});
    }
    // The server said that it failed, so it did; a cancel may come when the work is done. What was not looked at
    // before this run stays to be looked at.
    const effect = statement && readEffect(this.#work.script.text, statement.start, statement.end);
    const isCanceled = (run.failure?.error as { code?: unknown } | undefined)?.code === '57014';
    const isOpen = (isCanceled && effect?.kind !== 'unknown') || this.#unsure?.begun === true;
    const settings = [
      ...(isOpen ? [] : ['started = NULL']),
      ...(this.#context.journalTellsWhy
        ? [`updated_at = pg_catalog.now(), error = ${quoteLiteral(error.message)}`]
        : []),
    ];
    const told =
      settings.length === 0
        ? ''
        : `BEGIN; ${this.#asOurselves()}; UPDATE ${quoteTable(this.#journal)} SET ${settings.join(', ')} WHERE version OPERATOR(pg_catalog.=) ${this.#work.version}; COMMIT; `;
    await session.query(`${told}${setBack}`).catch(() => {});
    return run.end('unknown', error);
  }

  /** One of our own statements in a transaction of its own, whoever the session is at the moment. */
  #ours(sql: string): void {
    this.#run.send('journal', `BEGIN; ${this.#asOurselves()}; ${sql}; COMMIT`);
  }

  /** What every write to the journal says besides, where the journal has a place for it. */
  #now(): string {
    return this.#context.journalTellsWhy ? 'updated_at = pg_catalog.now(), error = NULL' : '';
  }

  /** The same in the transaction of the file's own statement. */
  #marked(sql: string): string {
    return `${requireMark(this.#run.mark)}; ${this.#asOurselves()}; ${sql}`;
  }

  #asOurselves(): string {
    return ['SET LOCAL SESSION AUTHORIZATION DEFAULT', 'SET LOCAL ROLE NONE', ...asRole(this.#context.role)].join('; ');
  }

  #progress(completed: number): string {
    const { script } = this.#work;
    const end = script.statements.at(completed - 1)?.end ?? 0;
    this.#prefix.checksum.update(script.text.subarray(this.#prefix.end, end));
    this.#prefix.end = end;
    const prefix = this.#prefix.checksum.digest();
    return updateRecord(this.#journal, this.#work.version, { completed, started: null, prefix }, this.#now());
  }
}
