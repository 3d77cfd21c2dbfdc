// Compares what is not a column, a constraint or an index: tables themselves, triggers, policies, views,
// functions, sequences, enums, domains, extensions. Pure, but for the `print` that it is given.
import type { Findings } from './finding-list.ts';
import type { FindingKind, Schema, Table } from './model.ts';
import type { Print } from './printer.ts';
import { display } from './sql.ts';

interface Named {
  readonly key: string;
  readonly definition: string;
}

type Weight = 'problem' | 'warning';

export function compareRest(findings: Findings, expected: Schema, found: Schema, print: Print): void {
  compare(findings, 'table', null, expected.tables.map(tableOf), found.tables.map(tableOf), 'warning');
  for (const table of expected.tables) {
    const other = found.tables.find((candidate) => display(candidate) === display(table));
    if (!other) continue;
    const triggers = ({ triggers: all }: Table): Named[] =>
      all.filter(({ inherited }) => !inherited).map(({ name, definition }) => ({ key: name, definition }));
    compare(findings, 'trigger', display(table), triggers(table), triggers(other), 'problem');
    const policies = (all: Table['policies']): Named[] =>
      all.map(({ name, definition }) => ({ key: name, definition }));
    compare(findings, 'rule', display(table), policies(table.rules), policies(other.rules), 'problem');
    compare(findings, 'policy', display(table), policies(table.policies), policies(other.policies), 'problem');
  }
  const views = (schema: Schema): Named[] =>
    schema.views.map((view) => ({ key: display(view), definition: print({ table: null, text: view.definition }) }));
  compare(findings, 'view', null, views(expected), views(found), 'warning');
  const plain = (all: Schema['functions']): Named[] =>
    all.map((each) => ({ key: display(each), definition: each.definition }));
  compare(findings, 'function', null, plain(expected.functions), plain(found.functions), 'warning');
  compare(findings, 'sequence', null, plain(expected.sequences), plain(found.sequences), 'warning');
  const enums = (schema: Schema): Named[] =>
    schema.enums.map((each) => ({ key: display(each), definition: each.labels.join(', ') }));
  compare(findings, 'enum', null, enums(expected), enums(found), 'warning');
  compare(findings, 'domain', null, expected.domains.map(domainOf), found.domains.map(domainOf), 'warning');
  const extensions = (schema: Schema): Named[] => schema.extensions.map((name) => ({ key: name, definition: name }));
  compare(findings, 'extension', null, extensions(expected), extensions(found), 'warning');
}

function tableOf(table: Table): Named {
  const { kind, persistence, rowSecurity, forceRowSecurity, partitionKey, partitionBound, parents } = table;
  const parts = [
    persistence === 'unlogged' ? 'unlogged' : '',
    kind,
    rowSecurity ? 'with row-level security' : '',
    forceRowSecurity ? 'also for its owner' : '',
    partitionKey === null ? '' : `partitioned by ${partitionKey}`,
    parents.length === 0 ? '' : `of ${parents.join(', ')}`,
    partitionBound ?? '',
  ];
  return { key: display(table), definition: parts.filter((part) => part !== '').join(' ') };
}

function domainOf(domain: Schema['domains'][number]): Named {
  const { base, notNull, checks } = domain;
  const parts = [
    base,
    notNull ? 'NOT NULL' : '',
    domain.default === null ? '' : `DEFAULT ${domain.default}`,
    ...checks.map(({ expression, validated }) => `CHECK ${expression}${validated ? '' : ' NOT VALID'}`).sort(),
  ];
  return { key: display(domain), definition: parts.filter((part) => part !== '').join(' ') };
}

function compare(
  findings: Findings,
  kind: FindingKind,
  table: string | null,
  expected: readonly Named[],
  found: readonly Named[],
  extra: Weight,
): void {
  const there = new Map(found.map((each) => [each.key, each]));
  for (const { key, definition } of expected) {
    const match = there.get(key);
    there.delete(key);
    const at = { kind, table: kind === 'table' ? key : table, name: key, expected: definition };
    if (!match) findings.problem({ ...at, code: 'verify.missing', message: 'is missing', found: null });
    else if (match.definition !== definition) {
      findings.problem({
        ...at,
        code: 'verify.different',
        message: `is ${firstDifference(definition, match.definition)}`,
        found: match.definition,
      });
    }
  }
  for (const { key, definition } of there.values()) {
    const finding = {
      code: 'verify.unexpected',
      kind,
      table: kind === 'table' ? key : table,
      name: key,
      expected: null,
      found: definition,
      message: 'is not expected',
    } as const;
    if (extra === 'problem') findings.problem(finding);
    else findings.warning(finding);
  }
}

/** Short definitions whole, long ones as the first line that differs. */
function firstDifference(expected: string, found: string): string {
  if (expected.length + found.length < 200 && !found.includes('\n')) return `${found}, not ${expected}`;
  const [a, b] = [expected.split('\n'), found.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  return `different: "${(b[at] ?? 'nothing').trim()}", not "${(a[at] ?? 'nothing').trim()}"`;
}
