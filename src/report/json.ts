// The two forms for programs: the one document of `--json` (cli.md) and the lines of `--log json`.
// Keys are a contract: add, never rename.
import type { CheckResult } from '../check/model.ts';
import type { AmeliaError } from '../errors.ts';
import type { DatabaseInfo, DryRunStep, MigratorEvent } from '../events.ts';
import { maskSql } from '../migration/secrets.ts';
import type { VerifyResult } from '../schema/model.ts';
import type { Answer, MessageLevel, Progress } from './reporter.ts';
import { verdicts } from './doctor.ts';
import { isAhead } from './wait.ts';
import type { Writer } from './writer.ts';

/** The document of one command. */
export function documentOf(of: {
  readonly command: string | null;
  readonly answer?: Answer | undefined;
  readonly failure?: AmeliaError | undefined;
  readonly database?: DatabaseInfo | undefined;
}): Record<string, unknown> {
  const { command, answer, failure } = of;
  return {
    schema: 1,
    command,
    ok: failure === undefined,
    exitStatus: failure?.exitStatus ?? 0,
    ...(of.database !== undefined && { database: of.database }),
    ...(failure?.result !== undefined && bodyOf({ kind: 'run', result: failure.result })),
    ...(answer !== undefined && bodyOf(answer)),
    ...(failure !== undefined && { error: errorObject(failure) }),
    ...(failure !== undefined && errorsOf(failure)),
  };
}

function bodyOf(answer: Answer): Record<string, unknown> {
  switch (answer.kind) {
    case 'run': {
      const { database, from, to, steps } = answer.result;
      return { database, from, to, steps, ...(answer.verified && { verify: verifyBody(answer.verified) }) };
    }
    case 'dry-run': {
      const { database, from, to, steps } = answer.result;
      return { dryRun: true, database, from, to, migrations: steps.map(plannedMigration) };
    }
    case 'status': {
      const { database, historyTable, current, migrations, summary, ahead, gaps, running, unseen } = answer.result;
      const more = { ...(running && { running }), ...(unseen !== undefined && { unseen }) };
      return { database, historyTable, current, migrations, summary, ahead, gaps, ...more };
    }
    case 'doctor': {
      const { database, checks } = answer.result;
      return { ...(database && { database }), summary: verdicts(answer.result), checks };
    }
    case 'wait': {
      const { database, target, seen, waitedMs } = answer.result;
      return { ...(database && { database }), target, ahead: isAhead(answer.result), seen, waitedMs };
    }
    case 'history': {
      const { database, historyTable, changes } = answer.result;
      return { database, historyTable, changes };
    }
    case 'verify': {
      return verifyBody(answer.result);
    }
    case 'check':
      return checkBody(answer.result);
    case 'explained':
      return { codes: answer.result };
    case 'contract':
    case 'created':
      return { ...answer.result };
  }
}

function verifyBody({ phases, ...rest }: VerifyResult): Record<string, unknown> {
  return { ...rest, timings: Object.fromEntries(phases.map(({ name, ms }) => [name, ms])) };
}

function checkBody(result: CheckResult): Record<string, unknown> {
  const { base, migrations, contract, constraints, findings, serverVersion, ms } = result;
  const errors = findings.filter(({ level }) => level === 'error').length;
  return {
    ...(base && { base }),
    ...(contract !== null && { contract }),
    ...(serverVersion !== null && { serverVersion }),
    summary: {
      migrations: migrations.length,
      new: migrations.filter(({ isNew }) => isNew).length,
      replayed: migrations.filter(({ replayed }) => replayed).length,
      rolledBack: migrations.filter(({ rollback }) => rollback === 'restores').length,
      ...(constraints && { constraints: constraints.all, proven: constraints.proven, unproven: constraints.unproven }),
      errors,
      warnings: findings.length - errors,
    },
    migrations: migrations.map(({ version, name, file, isNew, replayed, rollback }) => {
      return { version, name, file, new: isNew, replayed, rollback };
    }),
    findings: findings.map(({ level, error, file, endLine }) => {
      return {
        level,
        ...errorObject(error),
        ...(file !== undefined && { file }),
        ...(endLine !== undefined && { endLine }),
      };
    }),
    ms,
  };
}

function plannedMigration({ version, name, path, transaction, statements }: DryRunStep): Record<string, unknown> {
  return {
    version,
    name,
    path,
    transaction,
    statements: statements.map(({ sql, location, copyBytes }) => ({
      sql: maskSql(sql),
      line: location.line,
      ...(copyBytes !== undefined && { copyBytes }),
    })),
  };
}

/** All that was found wrong at one look, where that is more than one error. */
function errorsOf(failure: AmeliaError): { errors?: Record<string, unknown>[] } {
  return failure.others.length === 0 ? {} : { errors: [failure, ...failure.others].map(errorObject) };
}

/** An error's keys; those that it has no value for are left out. */
export function errorObject(error: AmeliaError): Record<string, unknown> {
  const facts = error.facts as {
    readonly path?: string;
    readonly sqlstate?: string | null;
    readonly version?: string;
    readonly notes?: readonly unknown[];
  };
  const { location } = error;
  const all = {
    code: error.code,
    message: error.message,
    hint: error.hint,
    file: location?.path ?? facts.path,
    line: location?.line,
    column: location?.column,
    sqlstate: facts.sqlstate ?? undefined,
    version: error.code === 'internal.bug' ? undefined : facts.version,
    notes: facts.notes?.length ? facts.notes : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** `--log json`: each event, message and error as one object on a line, with the time it was told. */
export class JsonLog implements Progress {
  readonly #writer: Writer;
  readonly #command: string;

  constructor(writer: Writer, command: string) {
    this.#writer = writer;
    this.#command = command;
  }

  event(event: MigratorEvent): void {
    const { type, ...rest } = event;
    this.#line(type, rest);
  }

  message(level: MessageLevel, text: string): void {
    this.#line('message', { level, message: text });
  }

  settle(): void {}

  end(failure: AmeliaError | undefined): void {
    if (failure !== undefined) this.#failed(failure);
    const exitStatus = failure?.exitStatus ?? 0;
    this.#line('finished', { command: this.#command, ok: exitStatus === 0, exitStatus });
  }

  #failed(error: AmeliaError): void {
    const { result } = error;
    const stack = error.code === 'internal.bug' && error.cause instanceof Error ? { stack: error.cause.stack } : {};
    const steps = result === undefined ? {} : { from: result.from, to: result.to, steps: result.steps };
    this.#line('failed', { error: errorObject(error), ...errorsOf(error), ...steps, ...stack });
  }

  #line(type: string, facts: Record<string, unknown>): void {
    this.#writer.json({ time: new Date().toISOString(), type, ...facts });
  }
}
