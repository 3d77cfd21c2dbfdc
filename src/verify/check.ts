// The proof of a CHECK constraint: a row that satisfies everything is accepted, one that violates this
// constraint alone is refused by its name, and each listed value is accepted.
import type { Constraint, Table } from '../schema/model.ts';
import { constantsOf } from './constants.ts';
import { ProofPlan } from './plan.ts';
import type { Wanted } from './choice.ts';
import type { Row } from './row-sql.ts';
import { Builder, type Yard } from './rows.ts';
import type { Component } from './truth.ts';

const mostListed = 60;

/** What is tried for `check`. */
export function planCheck(yard: Yard, table: Table, check: Constraint): ProofPlan {
  const plan = new ProofPlan([check.name]);
  const ground = yard.grounds.get(`${table.schema}.${table.name}`);
  const component = ground?.components.find(({ conditions }) =>
    conditions.some(({ kind, name }) => kind === 'check' && name === check.name),
  );
  const columns = component?.conditions.find(({ name }) => name === check.name)?.columns ?? [];
  if (!component) {
    plan.reasons.push('it names no column, so no row can differ in it');
    return plan;
  }
  const says = (wanted: Wanted): Map<string, Wanted> => new Map([[check.name, wanted]]);
  const accepted = (truth: Map<string, Wanted>) => {
    const builder = new Builder(yard);
    const row = builder.insert(table, { truth });
    return {
      given: builder.statements.slice(0, -1),
      when: row.insert,
      then: 'unrefused',
      evidence: `accepts ${shown(row, columns)}`,
    } as const;
  };
  if (!plan.tryOptional(() => accepted(says(true)))) plan.try('a row that it accepts', () => accepted(says(null)));
  const refused = (truth: Map<string, Wanted>) => {
    const builder = new Builder(yard);
    const row = builder.insert(table, { truth });
    return {
      given: builder.statements.slice(0, -1),
      when: row.insert,
      then: { states: ['23514'], by: plan.about },
      evidence: `rejects ${shown(row, columns)} with 23514`,
    } as const;
  };
  if (!plan.tryOptional(() => refused(says(false)))) {
    // Another CHECK refuses the same rows: it is set aside when it does.
    const others = component.conditions.map(({ name }): [string, Wanted] => [
      name,
      name === check.name ? false : 'anything',
    ]);
    plan.try('a row that it rejects', () => refused(new Map(others)));
  }
  const [column, ...more] = columns;
  if (column !== undefined && more.length === 0) {
    const listed = listedValues(component, check, column);
    if (listed.length > 1) {
      plan.try('the values that it lists', () => {
        const builder = new Builder(yard);
        for (const value of listed) builder.insert(table, { fixed: new Map([[column, value]]), truth: says(true) });
        return {
          given: [],
          when: builder.statements.join('; '),
          then: 'accepted',
          evidence: `accepts ${listed.join(', ')}`,
        };
      });
    }
  }
  const nullable = columns.filter((name) => table.columns.some((each) => each.name === name && !each.notNull));
  const unknown = component.combinations.some(
    ({ values, truth }) =>
      columns.every((name) => !nullable.includes(name) || values.get(name) === null) && truth.get(check.name) === null,
  );
  if (nullable.length > 0 && unknown) plan.warnings.push(`NULL in ${nullable.join(', ')} passes it`);
  return plan;
}

/** The constants of the expression that satisfy it, where they can be in a row. */
function listedValues({ combinations }: Component, { name, expression }: Constraint, column: string): string[] {
  const constants = new Set(constantsOf(expression ?? '').map(({ value }) => value));
  const fitting = combinations.filter(
    ({ truth }) => truth.get(name) === true && [...truth.values()].every((value) => value !== false || truth.size > 1),
  );
  const values = fitting
    .map(({ values: of }) => of.get(column))
    .filter((value): value is string => typeof value === 'string' && constants.has(value));
  return [...new Set(values)].slice(0, mostListed);
}

/** `status = 'x', priority = NULL`. */
export function shown({ values }: Row, columns: readonly string[]): string {
  return columns.map((name) => `${name} = ${shownValue(values.get(name) ?? null)}`).join(', ');
}

function shownValue(value: string | null): string {
  if (value === null) return 'NULL';
  return `'${value.length > 40 ? `${value.slice(0, 37)}…` : value}'`;
}
