// Judges whether two conditions of a table mean the same, by the rows that PostgreSQL says different things to.
import type { Session } from '../database/session.ts';
import type { Judge, Judgement } from '../schema/compare.ts';
import type { Constraint, Schema, Table } from '../schema/model.ts';
import { display } from '../schema/sql.ts';
import { tryFunction } from './evaluate.ts';
import { surveyTables, type Combination } from './truth.ts';

/** A judge on a session that is in a transaction, in a database that has the tables. */
export function judgeWith(session: Session, schema: Schema): Judge {
  return async (table, expected, found, as): Promise<Judgement> => {
    const both = `(${expected}) IS NOT DISTINCT FROM (${found})`;
    const checks = Object.entries({ expected, found, both }).map(([name, expression]) => checkOf(name, expression));
    const subject: Table = { ...table, kind: 'table', constraints: checks, indexes: [], partitionConstraint: null };
    session.send('SAVEPOINT meaning');
    session.send(tryFunction);
    try {
      const grounds = await surveyTables(session, schema, [subject]);
      const combinations = (grounds.get(display(table))?.components ?? []).flatMap(
        (component) => component.combinations,
      );
      return verdict(combinations, expected, found, as);
    } finally {
      session.send('ROLLBACK TO SAVEPOINT meaning; RELEASE SAVEPOINT meaning');
    }
  };
}

function verdict(
  combinations: readonly Combination[],
  expected: string,
  found: string,
  as: 'check' | 'predicate',
): Judgement {
  const lets = (value: boolean | null | undefined): boolean => (as === 'check' ? value !== false : value === true);
  const telling = combinations.find(
    ({ truth }) => truth.has('both') && lets(truth.get('expected')) !== lets(truth.get('found')),
  );
  if (telling) {
    const row = [...telling.values]
      .map(
        ([name, slot]) =>
          `${name} = ${typeof slot === 'string' ? `'${slot.slice(0, 60)}'` : slot === null ? 'NULL' : 'any new value'}`,
      )
      .join(', ');
    const now = lets(telling.truth.get('found'));
    return {
      same: false,
      because:
        as === 'check' ? `${row} is ${now ? 'accepted' : 'rejected'} now` : `${row} is ${now ? 'in' : 'not in'} it now`,
    };
  }
  const tried = `none of ${combinations.length} rows tells them apart`;
  const blind = [expected, found].find(isOpaque);
  if (blind === undefined && combinations.length > 0) return { same: true, because: tried };
  return {
    same: false,
    because: `perhaps not: ${tried}, but values for ${blind ?? 'it'} cannot be chosen well enough to be sure`,
  };
}

/** True for an expression whose turning points are not among its constants: functions and patterns. */
function isOpaque(expression: string): boolean {
  const bare = expression.replaceAll(/'(?:[^']|'')*'/g, "''");
  return (
    /[~@#?]/.test(bare) ||
    /\b(?!(?:ANY|ALL|ARRAY|AND|OR|NOT|IN|IS|CHECK|numeric|character|varying|bit|timestamp|time)\b)[a-z_][\w.]*\s*\(/i.test(
      bare,
    )
  );
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
