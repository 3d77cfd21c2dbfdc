// Whether what is there is also enforced: validated, ENFORCED, its index usable, its triggers enabled, on
// partitions too. Pure: the catalog has said it.
import type { Constraint, Finding, FindingCode, FindingKind, Index, Schema, Table } from '../schema/model.ts';
import { display } from '../schema/sql.ts';

/** Everything in `found` that is there and does not hold; what the migrations themselves leave so is a warning. */
export function readEnforcement(
  expected: Schema,
  found: Schema,
): { readonly problems: readonly Finding[]; readonly warnings: readonly Finding[] } {
  const meant = new Set(expected.tables.flatMap((table) => findingsOf(table).map(keyOf)));
  const findings = found.tables.flatMap(findingsOf);
  return {
    problems: findings.filter((finding) => !meant.has(keyOf(finding))),
    warnings: findings
      .filter((finding) => meant.has(keyOf(finding)))
      .map((finding) => ({ ...finding, message: `${finding.message}, as the migrations leave it` })),
  };
}

const keyOf = ({ code, table, name }: Finding): string => `${code} ${table} ${name}`;

function findingsOf(table: Table): Finding[] {
  return [
    ...table.constraints.flatMap((constraint) => constraintFindings(table, constraint)),
    ...table.indexes.flatMap((index) => indexFindings(table, index)),
    ...table.columns
      .filter(({ notNullValidated }) => !notNullValidated)
      .map(({ name }) =>
        make(
          table,
          'column',
          name,
          'verify.not-validated',
          'its NOT NULL is not validated: rows from before it may hold NULL',
        ),
      ),
    ...table.triggers
      .filter(({ enabled, inherited }) => (enabled === 'disabled' || enabled === 'replica') && !inherited)
      .map(({ name, enabled }) =>
        make(
          table,
          'trigger',
          name,
          'verify.disabled',
          enabled === 'disabled' ? 'is disabled' : 'fires only in replication',
        ),
      ),
  ];
}

function constraintFindings(table: Table, { kind, name, enforced, validated, disabledOn }: Constraint): Finding[] {
  if (!enforced) return [make(table, kind, name, 'verify.not-enforced', 'is NOT ENFORCED: no row is checked')];
  return [
    ...(validated
      ? []
      : [make(table, kind, name, 'verify.not-validated', 'is NOT VALID: rows from before it may violate it')]),
    ...(disabledOn.length === 0
      ? []
      : [
          make(
            table,
            kind,
            name,
            'verify.disabled',
            `is not enforced: its triggers on ${disabledOn.join(' and ')} are disabled`,
          ),
        ]),
  ];
}

function indexFindings(table: Table, { name, unique, constraint, valid, ready, live }: Index): Finding[] {
  if (valid && ready && live) return [];
  const state = !live
    ? 'being dropped'
    : !ready
      ? 'not ready: new rows are not in it'
      : 'INVALID: a CREATE INDEX CONCURRENTLY did not complete';
  const constraintKind = table.constraints.find((candidate) => candidate.name === constraint)?.kind;
  return [
    make(table, constraintKind ?? (unique ? 'unique-index' : 'index'), name, 'verify.invalid-index', `is ${state}`),
  ];
}

const make = (table: Table, kind: FindingKind, name: string, code: FindingCode, message: string): Finding => ({
  code,
  kind,
  table: display(table),
  name,
  message,
  expected: null,
  found: null,
});
