// One trial: rows that are given, a statement, and what must come of it. Every trial runs in a savepoint
// that is rolled back; many are in flight at once. Never decides what is tried.
import { theirSearchPath } from '../database/search-path.ts';
import type { Session } from '../database/session.ts';
import type { Schema } from '../schema/model.ts';
import { ident, qualified } from '../schema/sql.ts';

/** A refusal that is expected: its SQLSTATE, and the name of what refuses. */
export interface Refusal {
  readonly states: readonly string[];
  readonly by: readonly string[];
}

/** A CHECK has been asked when a unique index refuses the row: PostgreSQL looks at the indexes last. */
const duplicates = ['23505', '23P01'];

export interface Trial {
  readonly given: readonly string[];
  readonly when: string;
  /**
   * `accepted`; `unrefused`: or there is a row with its key already; `holds`: the statement ends with a SELECT of
   * one boolean called `holds`.
   */
  readonly then: 'accepted' | 'unrefused' | 'holds' | Refusal;
  /** Of `given`, what is not needed when the constraint refuses it: such a row is there already. */
  readonly unlessThere?: string;
  /** SQL that sets other constraints aside which may act first. */
  readonly rivals?: readonly string[];
  /** What it shows, when it goes as expected. */
  readonly evidence: string;
  /** The constraint that the trial is about. */
  readonly about: readonly string[];
}

/** What refused something, when it was not the constraint that is tried. */
export interface Obstacle {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}

export interface Outcome {
  readonly verdict: 'passed' | 'failed' | 'unclear';
  /** Why it did not pass, in words. */
  readonly reason: string | null;
  readonly obstacle: Obstacle | null;
  /** The constraint itself refused a row that was given. */
  readonly there?: boolean;
  /** Triggers or rivals were set aside. */
  readonly apart?: boolean;
}

const passed: Outcome = { verdict: 'passed', reason: null, obstacle: null };
const obstaclesSetAside = 5;

interface Refused {
  readonly code: string;
  readonly message: string;
  readonly schema_name?: string;
  readonly table_name?: string;
  readonly constraint_name?: string;
}

/** Runs trials in the session's transaction, one after another without waiting in between. */
export async function runTrials(session: Session, trials: readonly Trial[]): Promise<readonly Outcome[]> {
  const outcomes: Promise<Outcome>[] = [];
  for (const trial of trials) {
    const given = ['SAVEPOINT trial', theirSearchPath, ...trial.given].join('; ');
    await session.room(given.length + trial.when.length);
    const before = session.send(given).answer;
    const tried = session.send(trial.when).answer;
    session.send('ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial');
    outcomes.push(judge(trial, before, tried));
  }
  const judged = await Promise.all(outcomes);
  if (session.lost) throw session.lost;
  return judged;
}

/** As runTrials, on tables that have rows: a trial whose first row is there already runs again without inserting it. */
export async function runAmongRows(session: Session, trials: readonly Trial[]): Promise<readonly Outcome[]> {
  const outcomes = [...(await runTrials(session, trials))];
  const again = trials.flatMap((trial, index) => {
    const { given, unlessThere } = trial;
    if (!outcomes[index]?.there || unlessThere === undefined) return [];
    return [{ index, trial: { ...trial, given: given.filter((statement) => statement !== unlessThere) } }];
  });
  const results = await runTrials(
    session,
    again.map(({ trial }) => trial),
  );
  again.forEach(({ index }, i) => (outcomes[index] = results[i] as Outcome));
  return outcomes.map((outcome, index) =>
    outcome.verdict === 'failed' && trials[index]?.rivals?.length
      ? { verdict: 'unclear', reason: 'another foreign key on its columns acts first', obstacle: null }
      : outcome,
  );
}

/**
 * As runTrials; where something else refuses first, it is set aside inside the trial's savepoint and the trial runs
 * again: a constraint is dropped, and where that does not help the schema's own triggers are disabled and the trial's rivals dropped.
 */
export async function runApart(
  session: Session,
  schema: Schema,
  trials: readonly Trial[],
): Promise<readonly Outcome[]> {
  const current = [...trials];
  const outcomes = [...(await runTrials(session, trials))];
  const again = async (indices: readonly number[], first: (index: number) => string, apart: boolean): Promise<void> => {
    for (const index of indices) {
      const trial = current[index] as Trial;
      current[index] = { ...trial, given: [first(index), ...trial.given] };
    }
    const results = await runTrials(
      session,
      indices.map((index) => current[index] as Trial),
    );
    indices.forEach((index, i) => (outcomes[index] = { ...(results[i] as Outcome), apart }));
  };
  const dropObstacles = async (among: readonly number[], apart: boolean): Promise<void> => {
    const dropOf = (index: number): string | undefined => setAside(schema, outcomes[index]?.obstacle ?? null);
    for (let round = 0; round < obstaclesSetAside; round++) {
      const open = among.filter((index) => dropOf(index) !== undefined);
      if (open.length === 0) return;
      await again(open, (index) => dropOf(index) ?? '', apart);
    }
  };
  await dropObstacles([...trials.keys()], false);
  const triggersOff = schema.tables
    .filter(({ triggers }) => triggers.some(({ enabled }) => enabled === 'origin' || enabled === 'always'))
    .map((table) => `ALTER TABLE ${qualified(table)} DISABLE TRIGGER USER`);
  const stuck = [...trials.keys()].filter((index) => outcomes[index]?.verdict !== 'passed');
  const apartOf = (index: number): string => [...triggersOff, ...(trials[index]?.rivals ?? [])].join('; ');
  const freed = stuck.filter((index) => apartOf(index) !== '');
  if (freed.length === 0) return outcomes;
  await again(freed, apartOf, true);
  await dropObstacles(freed, true);
  return outcomes;
}

function setAside(schema: Schema, obstacle: Obstacle | null): string | undefined {
  const table = schema.tables.find(({ schema: of, name }) => of === obstacle?.schema && name === obstacle.table);
  if (!table || !obstacle) return undefined;
  if (table.constraints.some(({ name, inherited }) => name === obstacle.name && !inherited)) {
    return `ALTER TABLE ${qualified(table)} DROP CONSTRAINT IF EXISTS ${ident(obstacle.name)} CASCADE`;
  }
  if (!table.indexes.some(({ name, inherited }) => name === obstacle.name && !inherited)) return undefined;
  return `DROP INDEX IF EXISTS ${qualified({ schema: table.schema, name: obstacle.name })} CASCADE`;
}

async function judge(
  { then, about }: Trial,
  before: Promise<unknown>,
  tried: Promise<{ readonly rows: readonly Record<string, unknown>[] }>,
): Promise<Outcome> {
  const given = await failureOf(before);
  const when = await failureOf(tried);
  if (given) {
    const there = duplicates.includes(given.code) && about.includes(given.constraint_name ?? '');
    return { ...unclear(`the rows that it needs were refused: ${words(given)}`, given, about), there };
  }
  if (typeof then === 'string') {
    if (when && then === 'unrefused' && duplicates.includes(when.code)) return passed;
    if (when) {
      const own = when.constraint_name !== undefined && about.includes(when.constraint_name);
      return own
        ? failed(`refused: ${words(when)}`)
        : unclear(`something else refused it: ${words(when)}`, when, about);
    }
    if (then !== 'holds') return passed;
    return (await tried).rows[0]?.['holds'] === true ? passed : failed('it had another effect');
  }
  if (!when) return failed('it was accepted');
  if (then.states.includes(when.code) && then.by.includes(when.constraint_name ?? '')) return passed;
  return unclear(`something else refused it: ${words(when)}`, when, about);
}

async function failureOf(answer: Promise<unknown>): Promise<Refused | undefined> {
  return await answer.then(
    () => undefined,
    (error: unknown) => error as Refused,
  );
}

const words = ({ message, code }: Refused): string => (code ? `${message} (${code})` : message);
const failed = (reason: string): Outcome => ({ verdict: 'failed', reason, obstacle: null });

function unclear(
  reason: string,
  { schema_name: schema, table_name: table, constraint_name: name }: Refused,
  about: readonly string[],
): Outcome {
  const isObstacle = schema !== undefined && table !== undefined && name !== undefined && !about.includes(name);
  return { verdict: 'unclear', reason, obstacle: isObstacle ? { schema, table, name } : null };
}
