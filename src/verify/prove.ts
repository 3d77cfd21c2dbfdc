// Proves every constraint of a schema on the server that the session is with, in one transaction that is
// always rolled back. Decides what a constraint's trials come to; never compares schemas.
import { ownSearchPath } from '../database/search-path.ts';
import type { Session } from '../database/session.ts';
import type { Constraint, ConstraintKind, FindingKind, Index, Proof, Schema, Table } from '../schema/model.ts';
import { display, qualified } from '../schema/sql.ts';
import { planCheck } from './check.ts';
import { domainTables } from './domain.ts';
import { planForeignKey } from './foreign-key.ts';
import type { ProofPlan } from './plan.ts';
import { Yard } from './rows.ts';
import { runAmongRows, runApart, type Outcome } from './trial.ts';
import { tryFunction } from './evaluate.ts';
import { surveyTables } from './truth.ts';
import { planUnique } from './unique.ts';

/** A constraint or a unique index that is to be proven. */
export interface Target {
  readonly kind: FindingKind & (ConstraintKind | 'unique-index');
  readonly table: Table;
  readonly name: string;
  readonly columns: readonly string[];
  readonly definition: string;
  readonly constraint: Constraint | null;
  readonly index: Index | null;
}

export interface ProofResult {
  readonly proof: Proof;
  readonly evidence: readonly string[];
  readonly reason: string | null;
  readonly warnings: readonly string[];
}

/** Every CHECK, foreign key, UNIQUE, exclusion and unique index, table by table, then the domains' CHECKs; copies on partitions are their parent's. */
export function targetsOf(schema: Schema): readonly Target[] {
  return [...schema.tables, ...domainTables(schema)].flatMap((table) => [
    ...table.constraints
      .filter(({ inherited }) => !inherited)
      .map((constraint): Target => {
        const index = table.indexes.find((candidate) => candidate.constraint === constraint.name) ?? null;
        const { kind, name, columns, definition } = constraint;
        return { kind, table, name, columns, definition, constraint, index };
      }),
    ...table.indexes
      .filter(({ unique, constraint, inherited }) => unique && constraint === null && !inherited)
      .map((index): Target => {
        const columns = index.keys.map(({ column, expression }) => column ?? expression);
        return {
          kind: 'unique-index',
          table,
          name: index.name,
          columns,
          definition: index.definition,
          constraint: null,
          index,
        };
      }),
  ]);
}

/** Proves `targets`, which are of `schema`, the schema of the session's database. Leaves nothing behind. */
export async function prove(
  session: Session,
  schema: Schema,
  targets: readonly Target[],
): Promise<ReadonlyMap<Target, ProofResult>> {
  session.send(`BEGIN; ${ownSearchPath}`);
  session.send(tryFunction);
  try {
    await emptyTables(session, schema);
    const yard = new Yard(schema, await surveyTables(session, schema, [...schema.tables, ...domainTables(schema)]));
    const results = await attempt(session, schema, targets, (target) => planOf(yard, schema, target, false));
    const again = targets.filter(
      (target) => target.kind === 'foreign-key' && results.get(target)?.proof === 'unproven',
    );
    const second = await attempt(session, schema, again, (target) => planOf(yard, schema, target, true));
    for (const [target, result] of second) if (result.proof === 'proven') results.set(target, result);
    return results;
  } finally {
    await session.query('ROLLBACK').catch(() => {});
  }
}

/** How long a statement of a live proof may wait for a lock, and run, in milliseconds. */
const liveTimeouts = { lock_timeout: 2000, statement_timeout: 30_000 };
/** Above what identifiers usually are, and within every integer type but smallint. */
const liveStart = 1_500_000_000;

/**
 * Tries the same on a database that is in use: `scratch` has the same schema and judges the values, `session`
 * is with the target. One transaction, always rolled back; nothing is emptied or set aside.
 */
export async function proveLive(
  session: Session,
  scratch: Session,
  schema: Schema,
  targets: readonly Target[],
): Promise<ReadonlyMap<Target, ProofResult>> {
  scratch.send(`BEGIN; ${ownSearchPath}`);
  scratch.send(tryFunction);
  const start = liveStart + Math.floor(Math.random() * 100_000_000);
  const grounds = await surveyTables(scratch, schema, [...schema.tables, ...domainTables(schema)]).finally(() =>
    scratch.send('ROLLBACK'),
  );
  const yard = new Yard(schema, grounds, start);
  const settings = Object.entries(liveTimeouts).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
  await session.query(['BEGIN', ownSearchPath, ...settings].join('; '));
  try {
    const plans = targets.map((target) => planOf(yard, schema, target, false));
    const trials = plans.flatMap((plan) => plan.trials);
    const outcomes = await runAmongRows(session, trials);
    let at = 0;
    return new Map(
      plans.map((plan, i) => [targets[i] as Target, resultOf(plan, outcomes.slice(at, (at += plan.trials.length)))]),
    );
  } finally {
    await session.query('ROLLBACK').catch(() => {});
  }
}

async function attempt(
  session: Session,
  schema: Schema,
  targets: readonly Target[],
  plan: (target: Target) => ProofPlan,
): Promise<Map<Target, ProofResult>> {
  const plans = targets.map(plan);
  const outcomes = await runApart(
    session,
    schema,
    plans.flatMap(({ trials }) => trials),
  );
  let at = 0;
  return new Map(
    plans.map((each, i) => [targets[i] as Target, resultOf(each, outcomes.slice(at, (at += each.trials.length)))]),
  );
}

function planOf(yard: Yard, schema: Schema, target: Target, full: boolean): ProofPlan {
  const { table, constraint, index } = target;
  if (target.kind === 'check' && constraint) return planCheck(yard, table, constraint);
  if (target.kind === 'foreign-key' && constraint) return planForeignKey(yard, table, constraint, { full });
  const about = [target.name, ...copiesOf(schema, table)];
  const exclusion = target.kind === 'exclusion';
  return planUnique(yard, table, { index: index as Index, exclusion, deferred: constraint?.deferred ?? false }, about);
}

/** The names of the indexes that partitions have of their parent's. */
function copiesOf(schema: Schema, table: Table): string[] {
  if (table.kind !== 'partitioned table') return [];
  const children = schema.tables.filter(({ parents }) => parents.includes(display(table)));
  return children.flatMap((child) => [
    ...child.indexes.filter(({ inherited }) => inherited).map(({ name }) => name),
    ...copiesOf(schema, child),
  ]);
}

function resultOf({ trials, reasons, warnings, notes }: ProofPlan, outcomes: readonly Outcome[]): ProofResult {
  const failed = outcomes.findIndex(({ verdict }) => verdict === 'failed');
  // One reason may stand in the way of several trials.
  const unclear = new Map<string, string[]>();
  outcomes.forEach(({ verdict, reason }, i) => {
    if (verdict !== 'unclear') return;
    unclear.set(reason ?? '', [...(unclear.get(reason ?? '') ?? []), trials[i]?.evidence ?? '']);
  });
  const apart = outcomes.some((outcome) => outcome.apart && outcome.verdict === 'passed');
  const evidence = [
    ...trials.filter((_, i) => outcomes[i]?.verdict === 'passed').map((trial) => trial.evidence),
    ...notes,
    ...(apart ? ['tried apart from triggers and foreign keys that came first'] : []),
  ];
  if (failed !== -1)
    return {
      proof: 'failed',
      evidence,
      reason: `expected that it ${trials[failed]?.evidence}, but ${outcomes[failed]?.reason}`,
      warnings,
    };
  const missing = [
    ...reasons,
    ...[...unclear].map(([reason, what]) => `${what.join(', ')}: ${reason}`),
    ...(trials.length === 0 && reasons.length === 0 ? ['nothing could be tried'] : []),
  ];
  if (missing.length > 0) return { proof: 'unproven', evidence, reason: missing.join('; '), warnings };
  return { proof: 'proven', evidence, reason: null, warnings };
}

/** Rows that migrations have put there would stand in the way of ours; they are back when the transaction is rolled back. */
async function emptyTables(session: Session, schema: Schema): Promise<void> {
  const tables = schema.tables.filter(
    ({ kind, partitionBound }) => kind !== 'foreign table' && partitionBound === null,
  );
  if (tables.length === 0) return;
  const looks = tables.map((table, i) => `SELECT ${i} AS n WHERE EXISTS (SELECT FROM ${qualified(table)})`);
  const filled = await session.query<{ n: number }>(looks.join(' UNION ALL '));
  if (filled.length === 0) return;
  const names = filled.map(({ n }) => qualified(tables[n] as Table));
  session.send(`TRUNCATE ${names.join(', ')} CASCADE`);
}
