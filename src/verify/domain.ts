// A domain as a table of one column, so that its CHECKs are proven as a table's are: a value that the cast to the
// domain must accept or refuse takes the place of a row. Pure.
import type { Constraint, Domain, Schema, Table } from '../schema/model.ts';

/** Each domain that has CHECKs. Such a table is in no catalog; its `kind` is `domain`. */
export const domainTables = ({ domains }: Schema): Table[] =>
  domains.filter(({ checks }) => checks.length > 0).map(tableOf);

function tableOf({ schema, name, base, baseCategory, notNull, checks }: Domain): Table {
  const column = {
    name: 'value',
    type: base,
    typeKind: 'b',
    category: baseCategory,
    element: null,
    notNull,
    notNullValidated: true,
    default: null,
    identity: null,
    generated: null,
    collation: null,
  } as const;
  const constraints = checks.map((check): Constraint => ({
    kind: 'check',
    name: check.name,
    columns: [column.name],
    definition: `CHECK ${check.expression}`,
    expression: asColumn(check.expression),
    noInherit: false,
    deferrable: false,
    deferred: false,
    validated: check.validated,
    enforced: true,
    inherited: false,
    references: null,
    disabledOn: [],
  }));
  return {
    schema,
    name,
    kind: 'domain',
    persistence: 'permanent',
    rowSecurity: false,
    forceRowSecurity: false,
    partitionKey: null,
    partitionBound: null,
    partitionConstraint: null,
    parents: [],
    columns: [column],
    constraints,
    indexes: [],
    triggers: [],
    policies: [],
    rules: [],
  };
}

/** VALUE as the column's name, except within strings. */
const asColumn = (expression: string): string =>
  expression
    .split(/('(?:[^']|'')*')/)
    .map((part, i) => (i % 2 === 1 ? part : part.replaceAll(/\bVALUE\b/g, 'value')))
    .join('');
