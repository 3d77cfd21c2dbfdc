// Judges whether two conditions of a table mean the same: shown by rule, or shown to differ by a row that PostgreSQL
// says different things of. What is neither is not said.
import type { Session } from '../database/session.ts';
import type { Conditions, Judge, Judgement } from '../schema/compare.ts';
import type { Constraint, Schema, Table } from '../schema/model.ts';
import { display } from '../schema/sql.ts';
import { decideEquality } from './equality/equality.ts';
import { representatives, tryFunction } from './evaluate.ts';
import { surveyTables, type Slot } from './truth.ts';
import { freshValue, type BaseType } from './values.ts';

/** A judge on a session that is in a transaction, in a database that has the tables. */
export function judgeWith(session: Session, schema: Schema): Judge {
  return async ({ expected, found, as, table, other }): Promise<Judgement> => {
    const equality = await decideEquality(schema, table, { expected, found }, as, notNullOnBoth(table, other));
    if (equality.is === 'same') return { is: 'same', because: 'shown for every row, by cases of its values' };
    const example = await counterexample(session, schema, table, { expected, found, as });
    if (example !== undefined) return { is: 'different', because: example };
    const why =
      equality.is === 'undecided' ? `it is not decided for ${equality.because}` : 'no row was found either way';
    return { is: 'not-shown', because: why };
  };
}

/** Rows without a value there are refused before and after. */
function notNullOnBoth(table: Table, other: Table): ReadonlySet<string> {
  const strict = ({ columns }: Table): string[] =>
    columns.filter((column) => column.notNull && column.notNullValidated).map(({ name }) => name);
  const there = new Set(strict(other));
  return new Set(strict(table).filter((name) => there.has(name)));
}

/** A row that PostgreSQL says different things of, in words; undefined where none is found. */
async function counterexample(
  session: Session,
  schema: Schema,
  table: Table,
  { expected, found, as }: Pick<Conditions, 'expected' | 'found' | 'as'>,
): Promise<string | undefined> {
  const both = `(${expected}) IS NOT DISTINCT FROM (${found})`;
  const checks = Object.entries({ expected, found, both }).map(([name, expression]) => checkOf(name, expression));
  const subject: Table = { ...table, kind: 'table', constraints: checks, indexes: [], partitionConstraint: null };
  session.send('SAVEPOINT meaning');
  session.send(tryFunction);
  try {
    const ground = (await surveyTables(session, schema, [subject])).get(display(table));
    const combinations = (ground?.components ?? []).flatMap((component) => component.combinations);
    const lets = (value: boolean | null | undefined): boolean => (as === 'check' ? value !== false : value === true);
    const telling = combinations.find(
      ({ truth }) => truth.has('both') && lets(truth.get('expected')) !== lets(truth.get('found')),
    );
    if (!telling) return undefined;
    const row = [...telling.values]
      .map(([name, slot]) => `${name} = ${shown(slot, ground?.bases.get(name))}`)
      .join(', ');
    const now = lets(telling.truth.get('found'));
    return as === 'check'
      ? `${row} is ${now ? 'accepted' : 'rejected'} now`
      : `${row} is ${now ? 'in' : 'not in'} it now`;
  } finally {
    session.send('ROLLBACK TO SAVEPOINT meaning; RELEASE SAVEPOINT meaning');
  }
}

/** The value of a row; in place of a fresh one, one that was tried. */
function shown(slot: Slot, base: BaseType | undefined): string {
  const isFresh = slot !== null && typeof slot === 'object';
  const value = isFresh ? base && freshValue(base, representatives[0][slot.fresh]) : slot;
  return value === null || value === undefined ? 'NULL' : `'${value.slice(0, 60)}'`;
}

function checkOf(name: string, expression: string): Constraint {
  return {
    kind: 'check',
    name,
    expression,
    columns: [],
    definition: '',
    noInherit: false,
    deferrable: false,
    deferred: false,
    validated: true,
    enforced: true,
    inherited: false,
    references: null,
    disabledOn: [],
  };
}
