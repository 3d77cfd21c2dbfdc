// Holds the schema that was found against the contract: types and defaults as printed by one server, conditions
// by what they say to rows. Changes nothing.
import type { Session } from '../database/session.ts';
import { printSettings } from './catalog.ts';
import type { Judge } from './compare.ts';
import { shortName, type Contract, type ContractCheck, type ContractTable, type ContractUnique } from './contract.ts';
import { Findings } from './finding-list.ts';
import type { Constraint, FindingKind, Index, Schema, Table } from './model.ts';
import { printAll, type Print, type Printable } from './printer.ts';
import { display, ident, literal } from './sql.ts';

/**
 * Everything that the contract promises and the schema does not keep, under the names that `expected` or else
 * `found` has for it. The session's database has the tables.
 */
export async function compareContract(
  session: Session,
  contract: Contract,
  { expected, found }: { readonly expected: Schema; readonly found: Schema },
  judge: Judge,
): Promise<Findings> {
  const findings = new Findings();
  session.send(`BEGIN; ${printSettings}`);
  try {
    const pairs = Object.entries(contract.tables).flatMap(([name, promised]) => {
      const named = (candidate: Table): boolean => shortName(candidate) === name || display(candidate) === name;
      const table = found.tables.find(named);
      const meant = expected.tables.find(named);
      const shown = meant ? display(meant) : name;
      if (!table)
        findings.problem({
          code: 'verify.contract',
          kind: 'table',
          table: shown,
          name: shown,
          message: 'is in the contract, and missing',
          expected: name,
          found: null,
          place: ['tables', name],
        });
      return table ? [{ table, meant, promised, key: name }] : [];
    });
    const print = await printAll(session, pairs.flatMap(printables));
    for (const pair of pairs) await compareTable({ findings, print, judge }, pair);
  } finally {
    await session.query('ROLLBACK').catch(() => {});
  }
  return findings;
}

interface Ledger {
  readonly findings: Findings;
  readonly print: Print;
  readonly judge: Judge;
}

/** A table, what the migrations mean it to be, and what the contract promises of it. */
interface Pair {
  readonly table: Table;
  readonly meant: Table | undefined;
  readonly promised: ContractTable;
  /** The table as the contract names it. */
  readonly key: string;
}

function printables({ table, meant, promised }: Pair): Printable[] {
  const texts = [
    ...Object.values(promised.columns ?? {}).map((column) => column.default),
    ...table.columns.map((column) => column.default),
    ...(promised.checks ?? []).map((check) => check.expression),
    ...[table, meant].flatMap((of) => of?.constraints.map(({ expression }) => expression) ?? []),
    ...(promised.unique ?? []).map(({ where }) => where),
    ...table.indexes.map(({ predicate }) => predicate),
  ];
  return texts.filter((text) => typeof text === 'string').map((text) => ({ table, text }));
}

async function compareTable(ledger: Ledger, { table, meant, promised, key }: Pair): Promise<void> {
  const { findings, print } = ledger;
  const tell = (
    kind: FindingKind,
    name: string,
    message: string,
    expected: string | null,
    found: string | null,
    ...place: readonly (string | number)[]
  ): void =>
    findings.problem({
      code: 'verify.contract',
      kind,
      table: display(table),
      name,
      message: `${message}, says the contract`,
      expected,
      found,
      place: ['tables', key, ...place],
    });
  for (const [name, wanted] of Object.entries(promised.columns ?? {})) {
    const column = table.columns.find((each) => each.name === name);
    if (!column) {
      tell('column', name, 'the column should be there', wanted.type ?? name, null, 'columns', name);
      continue;
    }
    if (wanted.type !== undefined && wanted.type !== column.type)
      tell('column', name, `its type should be ${wanted.type}`, wanted.type, column.type, 'columns', name);
    if (wanted.nullable !== undefined && wanted.nullable === column.notNull)
      tell(
        'column',
        name,
        wanted.nullable ? 'it should accept NULL' : 'it should refuse NULL',
        null,
        null,
        'columns',
        name,
      );
    const printed = (text: string | null): string | null => (text === null ? null : print({ table, text }));
    if (wanted.default !== undefined && printed(wanted.default) !== printed(column.default))
      tell(
        'column',
        name,
        `its default should be ${wanted.default ?? 'none'}`,
        wanted.default,
        column.default,
        'columns',
        name,
      );
  }
  for (const [i, check] of (promised.checks ?? []).entries()) {
    const name = meant && nameOf(print, meant, check);
    const problem = await checkProblem(ledger, table, check);
    if (problem !== null)
      tell(
        'check',
        name ?? nameOf(print, table, check) ?? check.column ?? check.expression ?? '',
        problem,
        check.expression ?? (check.accepts ?? []).join(', '),
        null,
        'checks',
        i,
      );
  }
  for (const [i, wanted] of (promised.foreign_keys ?? []).entries()) {
    const says = (of: Table['constraints'][number]): string =>
      `${of.columns.join(', ')} → ${of.references ? shortName(of.references) : ''}(${of.references?.columns.join(', ')}) on delete ${of.references?.onDelete} on update ${of.references?.onUpdate} ${of.deferrable ? (of.deferred ? 'initially deferred' : 'initially immediate') : ''}`.trim();
    const should =
      `${wanted.columns.join(', ')} → ${wanted.references.replace(/\s*\(\s*/, '(')} on delete ${wanted.on_delete ?? 'no action'} on update ${wanted.on_update ?? 'no action'} ${wanted.deferrable ?? ''}`.trim();
    const keys = table.constraints.filter(({ kind }) => kind === 'foreign-key');
    if (keys.some((key) => says(key) === should)) continue;
    const near = keys.find((key) => key.columns.join() === wanted.columns.join());
    const named = meant?.constraints.find(
      ({ kind, columns }) => kind === 'foreign-key' && columns.join() === wanted.columns.join(),
    );
    tell(
      'foreign-key',
      (named ?? near)?.name ?? wanted.columns.join(', '),
      `there should be a foreign key ${should}`,
      should,
      near ? says(near) : null,
      'foreign_keys',
      i,
    );
  }
  for (const [i, wanted] of (promised.unique ?? []).entries()) {
    if (await isUnique(ledger, table, wanted)) continue;
    const isNear = (index: Index): boolean => index.unique && keyOf(index) === [...wanted.columns].sort().join();
    const near = table.indexes.find(isNear);
    const named = meant?.indexes.find(isNear) ?? near;
    const should = `unique (${wanted.columns.join(', ')})${wanted.where === undefined ? '' : ` where ${wanted.where}`}`;
    tell(
      [meant, table].flatMap((of) => of?.constraints.find(({ name }) => name === named?.constraint)?.kind ?? [])[0] ??
        'unique-index',
      named?.name ?? wanted.columns.join(', '),
      `there should be ${should}`,
      should,
      near?.definition ?? null,
      'unique',
      i,
    );
  }
  if (promised.triggers) {
    const there = table.triggers.map(({ name }) => name);
    for (const name of promised.triggers.filter((wanted) => !there.includes(wanted)))
      tell('trigger', name, 'the trigger should be there', name, null, 'triggers', promised.triggers.indexOf(name));
    for (const name of there.filter((each) => !promised.triggers?.includes(each)))
      tell('trigger', name, 'the trigger should not be there', null, name, 'triggers');
  }
}

/** The name that a table has for the CHECK that is promised. */
function nameOf(print: Print, table: Table, { column, accepts, expression }: ContractCheck): string | undefined {
  const checks = table.constraints.filter(({ kind }) => kind === 'check');
  const isMeant =
    column !== undefined && accepts
      ? ({ columns }: Constraint): boolean => columns.join() === column
      : ({ expression: text }: Constraint): boolean =>
          print({ table, text: text ?? '' }) === print({ table, text: expression ?? '' });
  return checks.find(isMeant)?.name;
}

/** What is wrong with the CHECKs of a column, or with the one that has this meaning; null when nothing is. */
async function checkProblem(
  { print, judge }: Ledger,
  table: Table,
  { column, accepts, expression }: ContractCheck,
): Promise<string | null> {
  const checks = table.constraints.filter(({ kind, enforced }) => kind === 'check' && enforced);
  if (column !== undefined && accepts) {
    const type = table.columns.find(({ name }) => name === column)?.type;
    if (type === undefined) return `${column} should be there`;
    const own = checks.filter(({ columns }) => columns.length === 1 && columns[0] === column);
    if (own.length === 0) return `${column} should accept only ${accepts.join(', ')}, and has no CHECK`;
    // Without the type's length: a longer value would be cut.
    const bare = type.replace(/\(.*?\)/, '');
    const list = accepts.map((value) => `${literal(String(value))}::${bare}`).join(', ');
    const all = own.map((check) => `((${check.expression}) IS NOT FALSE)`).join(' AND ');
    const conditions = { expected: `${ident(column)} IN (${list})`, found: all, table, other: table };
    const judgement = await judge({ ...conditions, as: 'check' });
    return judgement.is === 'same'
      ? null
      : `${column} should accept exactly ${accepts.join(', ')}: ${judgement.because}`;
  }
  const text = expression ?? '';
  const printed = print({ table, text });
  if (checks.some((check) => print({ table, text: check.expression ?? '' }) === printed)) return null;
  for (const check of checks) {
    const conditions = { expected: printed, found: check.expression ?? 'true', table, other: table };
    if ((await judge({ ...conditions, as: 'check' })).is === 'same') return null;
  }
  return `there should be a CHECK (${text})`;
}

const keyOf = ({ keys }: Index): string =>
  keys
    .map(({ column, expression }) => column ?? expression)
    .sort()
    .join();

async function isUnique({ print, judge }: Ledger, table: Table, wanted: ContractUnique): Promise<boolean> {
  const { where, columns, nulls_not_distinct: nullsNotDistinct = false } = wanted;
  const candidates = table.indexes.filter(
    (index) =>
      index.unique && keyOf(index) === [...columns].sort().join() && index.nullsNotDistinct === nullsNotDistinct,
  );
  for (const { predicate } of candidates) {
    if (predicate === null || where === undefined) {
      if (predicate === null && where === undefined) return true;
      continue;
    }
    const conditions = { expected: print({ table, text: where }), found: print({ table, text: predicate }) };
    if (conditions.expected === conditions.found) return true;
    if ((await judge({ ...conditions, table, other: table, as: 'predicate' })).is === 'same') return true;
  }
  return false;
}
