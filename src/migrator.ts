// Chains the stages discover, history, plan, parse, lock, apply; alone knows their order. Prints nothing.
import { apply } from './database/apply.ts';
import type { Connection } from './database/connection.ts';
import { interruption } from './database/failure.ts';
import type { Writable } from './database/history-columns.ts';
import { rewrite } from './database/history-edits.ts';
import type { HistoryReading } from './database/history.ts';
import { displayTable } from './database/identifiers.ts';
import type { Work } from './database/work.ts';
import { baselineEdits, repairEdits, type Edit, type Editing } from './edits.ts';
import { readSteps, worksOf } from './works.ts';
import { AmeliaError, isAmeliaError } from './errors.ts';
import type { DryRunResult, HistoryChangeResult, RunResult, StatusResult, StepResult } from './events.ts';
import { planDown, planUp, resolve } from './migration/plan.ts';
import type { Folder } from './migration/folder.ts';
import { onlyCommentsDiffer } from './migration/refusals.ts';
import { withoutFilled } from './migration/status.ts';
import type { Direction, MigrationStatus, Plan } from './migration/types.ts';
import { dryRunResult, nextStatement, runResult, statusResult } from './results.ts';
import type {
  MigrateOptions,
  Migrator,
  MigratorSettings,
  RepairOptions,
  RollbackOptions,
  VerifyOptions,
  WaitOption,
} from './options.ts';
import type { VerifyResult } from './schema/model.ts';
import { isChanged, settleLost } from './lost-answer.ts';
import { Workspace } from './workspace.ts';

/** A migrator for one folder and one database. Opens nothing yet; throws `config.invalid` for an unusable history table name. */
export function openMigrator(settings: MigratorSettings): Migrator {
  return new Engine(new Workspace(settings));
}

const defaultLockRetries = 10;

/** What was decided, and on what. */
interface Decision {
  readonly connection: Connection;
  readonly reading: HistoryReading;
  readonly plan: Plan;
}

class Engine implements Migrator {
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  async migrate(options: MigrateOptions = {}): Promise<RunResult> {
    return await this.#run('up', options, (statuses, reading) =>
      refuseOtherTools(planUp(statuses, options), reading, options),
    );
  }

  async rollback(options: RollbackOptions = {}): Promise<RunResult> {
    return await this.#run('down', options, (statuses) => planDown(statuses, options));
  }

  async dryRun(options: MigrateOptions = {}): Promise<DryRunResult> {
    return await this.#workspace.connected(options, async (connection, folder) => {
      const { reading } = connection;
      refuseUnseen(reading);
      const statuses = await standing(folder, reading);
      const plan = planUp(statuses, options);
      this.#tellComments(statuses);
      refuseOtherTools(plan, reading, options);
      readSteps(plan.steps, folder, (event) => this.#workspace.emit(event));
      return dryRunResult(connection, plan, (step) => folder.script(step));
    });
  }

  async status(): Promise<StatusResult> {
    return await this.#workspace.connected({}, async (connection, folder) => {
      const { reading } = connection;
      // Before anything is asked: a file that cannot be read must not leave a question behind.
      const statuses = await standing(folder, reading);
      const running = await this.#workspace.lockHolder(connection);
      return statusResult(connection, statuses, running, (status) =>
        nextStatement(status, (step) => folder.script(step)),
      );
    });
  }

  async baseline(version: bigint, options: WaitOption = {}): Promise<HistoryChangeResult> {
    return await this.#edit(options, (editing) => baselineEdits(editing, version));
  }

  async repair(options: RepairOptions): Promise<HistoryChangeResult> {
    return await this.#edit(options, (editing) => repairEdits(editing, options));
  }

  doctor: Migrator['doctor'] = async () => (await import('./doctor.ts')).examine(this.#workspace);

  wait: Migrator['wait'] = async (options = {}) => (await import('./wait.ts')).waitFor(this.#workspace, options);

  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    const { runVerification } = await import('./verification.ts');
    return await runVerification(this.#workspace.settings, options);
  }

  /** Look, lock, look again; then apply that plan, and say what became of each step. */
  async #run(
    direction: Direction,
    options: MigrateOptions,
    decide: (statuses: readonly MigrationStatus[], reading: HistoryReading) => Plan,
  ): Promise<RunResult> {
    return await this.#workspace.connected({ ...options, worksAhead: true }, async (connection, folder) => {
      const look = async (reading: HistoryReading): Promise<Decision> => {
        refuseUnseen(reading);
        const sums = folder.checksums(reading);
        // Going down, what differs does not matter.
        const statuses = direction === 'up' ? await standing(folder, reading) : resolve(folder.files, sums, reading);
        const plan = refusal(connection, reading, direction, () => decide(statuses, reading));
        if (plan.steps.length === 0 || reading !== connection.reading) this.#tellComments(statuses);
        return { connection, reading: { ...reading, applied: withoutFilled(folder.files, sums, reading) }, plan };
      };
      const first = await unlessUnfinished(() => look(connection.reading));
      if (first?.plan.steps.length === 0) return summary(first, []);
      refuseReadOnly(connection);
      const reading = await this.#workspace.lock(connection, options, () => {
        readSteps(first?.plan.steps ?? [], folder, (event) => this.#workspace.emit(event));
      });
      const decision = await look(reading);
      if (decision.plan.steps.length === 0) return summary(decision, []);
      const work = worksOf(decision.plan, decision.reading, folder);
      this.#workspace.emit({
        type: 'planned',
        direction: decision.plan.direction,
        versions: work.map(({ version }) => String(version)),
      });
      const filled = reading.applied.filter((row) => !decision.reading.applied.includes(row));
      await this.#workspace.forget(
        connection,
        reading,
        filled.map(({ version }) => version),
      );
      const needs = {
        largest: work.reduce((largest, { version }) => (version > largest ? version : largest), 0n),
        journal: work.some(({ script }) => !script.transaction),
      };
      const writable = await this.#workspace
        .ensureHistory(connection, decision.reading, needs)
        .catch((error: unknown) => {
          throw isAmeliaError(error) ? error.withResult(summary(decision, work.map(notRun))) : error;
        });
      return await this.#apply(decision, writable, work, options);
    });
  }

  async #apply(
    decision: Decision,
    writable: Writable,
    works: readonly Work[],
    { maxVictims, lockRetries: retries = defaultLockRetries }: MigrateOptions,
  ): Promise<RunResult> {
    const { signal, role, lockTimeoutMs, statementTimeoutMs } = this.#workspace.settings;
    const watch = this.#workspace.watch(decision.connection, maxVictims);
    const { session } = decision.connection;
    const { table } = decision.reading;
    const steps = new Map<Work, StepResult>(works.map((work) => [work, notRun(work)]));
    let failure: AmeliaError | undefined;
    const emit = this.#workspace.emit.bind(this.#workspace);
    const { pooled } = decision.connection;
    const context = {
      session,
      pooled,
      table,
      ...writable,
      role,
      lockTimeoutMs,
      statementTimeoutMs,
      retries,
      emit,
      watch,
      signal,
    };
    await apply(context, works, (work, { result, error }) => {
      steps.set(work, result);
      failure ??= error;
    }).finally(() => watch?.stop());
    if (session.lost) failure = await settleLost(this.#workspace, decision.connection, steps, failure);
    const result = summary(decision, [...steps.values()]);
    if (failure) throw failure.withResult(result);
    if (signal?.aborted && result.steps.some(({ state }) => state === 'not-run'))
      throw interruption(signal, { result });
    return result;
  }

  /** Migrations that differ from what was applied, and whose statements are the same. */
  #tellComments(statuses: readonly MigrationStatus[]): void {
    const versions = statuses.filter(onlyCommentsDiffer).map(({ version }) => String(version));
    if (versions.length > 0) this.#workspace.emit({ type: 'only-comments-modified', versions });
  }

  /** Changes rows of the history under the lock, all of them or none. */
  async #edit(options: WaitOption, decide: (editing: Editing) => readonly Edit[]): Promise<HistoryChangeResult> {
    return await this.#workspace.connected(options, async (connection, folder) => {
      const look = (reading: HistoryReading, columns = reading.writableColumns) => {
        refuseUnseen(reading);
        const statuses = resolve(folder.files, folder.checksums(reading), reading);
        return decide({ table: reading.table, columns, statuses, folder });
      };
      look(connection.reading);
      refuseReadOnly(connection);
      const reading = await this.#workspace.lock(connection, options);
      let edits = look(reading);
      const largest = edits.reduce(
        (max, { change }) => (BigInt(change.version) > max ? BigInt(change.version) : max),
        0n,
      );
      const { columns } = await this.#workspace.ensureHistory(connection, reading, { largest, journal: false });
      edits = look(reading, columns);
      const sql = this.#workspace.ours(edits.map((edit) => edit.sql).join(';\n'));
      await rewrite(connection.session, sql, reading).catch(async (cause: unknown) => {
        if (!connection.session.lost || !(await isChanged(this.#workspace, connection, reading))) throw cause;
      });
      return {
        database: connection.database,
        historyTable: displayTable(reading.table),
        changes: edits.map((edit) => edit.change),
      };
    });
  }
}

/** How each migration stands; where one is modified, with what is known of the difference. */
async function standing(folder: Folder, reading: HistoryReading): Promise<MigrationStatus[]> {
  const statuses = resolve(folder.files, folder.checksums(reading), reading);
  if (!statuses.some(({ state }) => state === 'modified')) return statuses;
  return (await import('./modified.ts')).withDifferences(statuses, folder);
}

/** Undefined when a migration is unfinished: somebody may be running it, which only the lock can tell. */
async function unlessUnfinished(look: () => Promise<Decision>): Promise<Decision | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isAmeliaError(error, 'plan.unfinished')) return undefined;
    throw error;
  }
}

/** A plan, or a refusal that says where the database stands. */
function refusal(
  { database }: Connection,
  { applied }: HistoryReading,
  direction: Direction,
  decide: () => Plan,
): Plan {
  try {
    return decide();
  } catch (error) {
    throw error instanceof AmeliaError ? error.withResult(runResult(database, applied, direction, [])) : error;
  }
}

/** Who changes something must know what is unfinished. */
function refuseUnseen({ journalRefusal }: HistoryReading): void {
  if (journalRefusal) throw journalRefusal;
}

/** A database that another tool has migrated is not to be migrated from the first file. */
function refuseOtherTools(plan: Plan, reading: HistoryReading, { ignoreForeignHistory = false }: MigrateOptions): Plan {
  const { applied, unfinished, otherHistories } = reading;
  const [first] = plan.steps;
  if (first === undefined || ignoreForeignHistory || applied.length + unfinished.length > 0) return plan;
  if (otherHistories.length === 0) return plan;
  const histories = otherHistories.map(({ tool, ...table }) => ({ tool, table: displayTable(table) }));
  throw new AmeliaError('history.other-tool', { histories, first: `${first.file.version} ${first.file.name}` });
}

function summary({ connection, reading, plan }: Decision, steps: readonly StepResult[]): RunResult {
  return runResult(connection.database, reading.applied, plan.direction, steps);
}

function notRun({ version, name, script }: Work): StepResult {
  return { version: String(version), name, state: 'not-run', statements: script.statements.length, ms: 0 };
}

function refuseReadOnly({ reading, database }: Connection): void {
  if (!reading.readOnly) return;
  throw new AmeliaError('session.read-only', { database: database.name, standby: reading.standby });
}
