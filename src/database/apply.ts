// Runs one migration, or its rollback, and records it: in one transaction, or statement by
// statement where the file says so. Says what became of it; never decides what runs next.
import type { AmeliaError } from '../errors.ts';
import type { StepResult, StepState } from '../events.ts';
import type { Script } from '../migration/types.ts';
import { deleteRecord, insertRecord, journalOf } from './history.ts';
import { quoteIdentifier, quoteLiteral, quoteTable, type TableName } from './identifiers.ts';
import { Run, textOf, type ApplyContext, type Work } from './run.ts';

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
    context.emit({
      type: 'migration-finished',
      step: result,
      interrupted: error !== undefined && context.signal?.aborted === true,
    });
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
    ? insertRecord(
        table,
        { version: work.version, name: work.name, checksum: work.checksum, durationMs },
        work.expected,
      )
    : deleteRecord(table, work.version);
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
