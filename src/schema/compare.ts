// Compares the schema that was expected with the one that was found, by meaning: whatever differs in text is
// printed by one server first, and what then still differs is judged by rows. Changes nothing.
import type { Session } from '../database/session.ts';
import { printSettings } from './catalog.ts';
import { compareRest } from './compare-rest.ts';
import { Findings } from './finding-list.ts';
import type { Constraint, Finding, FindingKind, Index, Schema, Table } from './model.ts';
import { printAll, type Print, type Printable } from './printer.ts';
import { asPrinted, columnDifferences, constraintShape, indexShape, printablesOf } from './shape.ts';
import { display } from './sql.ts';

/** Two conditions of a table, as one server prints them. */
export interface Conditions {
  readonly expected: string;
  readonly found: string;
  readonly as: 'check' | 'predicate';
  readonly table: Table;
  /** The table as it was found. */
  readonly other: Table;
}

/** `same` is shown for every row, `different` by a row; `not-shown` is neither. */
export interface Judgement {
  readonly is: 'same' | 'different' | 'not-shown';
  /** How it was shown, the row that tells them apart, or what is not decided. */
  readonly because: string;
}

export type Judge = (conditions: Conditions) => Promise<Judgement>;

export interface Comparison {
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
  /** For each expected constraint or index, what was found in its place. */
  readonly counterparts: ReadonlyMap<Constraint | Index, Constraint | Index>;
  /** Expected ones in whose place something of another meaning was found. */
  readonly changed: ReadonlySet<Constraint | Index>;
}

type Item = Constraint | Index;
interface Side {
  readonly table: Table;
  readonly item: Item;
}

const isIndex = (item: Item): item is Index => 'keys' in item;
const kindOf = (item: Item): FindingKind => (isIndex(item) ? (item.unique ? 'unique-index' : 'index') : item.kind);

/** Compares; `session` is with the database that has the expected schema, and is left as it was. */
export async function compareSchemas(
  session: Session,
  expected: Schema,
  found: Schema,
  judge: Judge,
): Promise<Comparison> {
  const findings = new Findings();
  const counterparts = new Map<Item, Item>();
  const changed = new Set<Item>();
  const pairs = expected.tables.flatMap((table) => {
    const other = found.tables.find((candidate) => display(candidate) === display(table));
    return other ? [{ table, other }] : [];
  });
  const open = pairs.map((pair) => ({ ...pair, ...firstLook(pair.table, pair.other, counterparts) }));
  session.send(`BEGIN; ${printSettings}`);
  try {
    const print = await printAll(session, [...open.flatMap(printables), ...views(expected, found)]);
    for (const { table, other, missing, extra } of open) {
      compareColumns(findings, table, other, print);
      await compareItems({ findings, counterparts, changed, print, judge }, table, { missing, extra }, other);
    }
    compareRest(findings, expected, found, print);
  } finally {
    await session.query('ROLLBACK').catch(() => {});
  }
  return { problems: findings.problems, warnings: findings.warnings, counterparts, changed };
}

/** Pairs what is the same to the letter; the rest has to be looked at. */
function firstLook(table: Table, other: Table, counterparts: Map<Item, Item>): { missing: Item[]; extra: Item[] } {
  const extra = new Set<Item>(itemsOf(other));
  const missing = itemsOf(table).filter((item) => {
    const same = [...extra].find(
      (candidate) =>
        candidate.name === item.name && shapeOf(other, candidate, asPrinted) === shapeOf(table, item, asPrinted),
    );
    if (!same) return true;
    counterparts.set(item, same);
    extra.delete(same);
    return false;
  });
  return { missing, extra: [...extra] };
}

/** Constraints, and the indexes that are not a constraint's; those of partitions are their parent's. */
const itemsOf = ({ constraints, indexes }: Table): Item[] => [
  ...constraints.filter(({ inherited }) => !inherited),
  ...indexes.filter(({ constraint, inherited }) => constraint === null && !inherited),
];

function shapeOf(table: Table, item: Item, print: Print): string {
  return isIndex(item) ? indexShape(table, item, print) : constraintShape(table, item, print);
}

function printables({
  table,
  other,
  missing,
  extra,
}: {
  table: Table;
  other: Table;
  missing: Item[];
  extra: Item[];
}): Printable[] {
  const differing = table.columns.flatMap((column) => {
    const match = other.columns.find(({ name }) => name === column.name);
    return match && match.default !== column.default ? [column, match] : [];
  });
  return [...missing, ...extra, ...differing].flatMap((item) => printablesOf(table, item));
}

function views(expected: Schema, found: Schema): Printable[] {
  return expected.views.flatMap((view) => {
    const match = found.views.find((candidate) => display(candidate) === display(view));
    return match && match.definition !== view.definition
      ? [view, match].map(({ definition }) => ({ table: null, text: definition }))
      : [];
  });
}

function compareColumns(findings: Findings, table: Table, other: Table, print: Print): void {
  for (const column of table.columns) {
    const match = other.columns.find(({ name }) => name === column.name);
    const at = { kind: 'column', table: display(table), name: column.name } as const;
    if (!match)
      findings.problem({
        ...at,
        code: 'verify.missing',
        message: 'the column is missing',
        expected: column.type,
        found: null,
      });
    for (const difference of match ? columnDifferences(table, column, match, print) : []) {
      const message =
        difference.what === 'nullability'
          ? `${match?.notNull ? 'refuses' : 'accepts'} NULL, and should not`
          : `${difference.what} is ${difference.found}, not ${difference.expected}`;
      findings.problem({
        ...at,
        code: 'verify.different',
        message,
        expected: difference.expected,
        found: difference.found,
      });
    }
  }
  for (const column of other.columns) {
    if (table.columns.some(({ name }) => name === column.name)) continue;
    const demanded = column.notNull && column.default === null && column.identity === null && column.generated === null;
    const finding = {
      code: 'verify.unexpected',
      kind: 'column',
      table: display(table),
      name: column.name,
      expected: null,
      found: column.type,
    } as const;
    if (demanded) findings.problem({ ...finding, message: 'an unexpected column that refuses rows without it' });
    else findings.warning({ ...finding, message: 'an unexpected column' });
  }
}

interface Ledger {
  readonly findings: Findings;
  readonly counterparts: Map<Item, Item>;
  readonly changed: Set<Item>;
  readonly print: Print;
  readonly judge: Judge;
}

async function compareItems(
  ledger: Ledger,
  table: Table,
  { missing, extra }: { missing: Item[]; extra: Item[] },
  other: Table,
): Promise<void> {
  const { findings, counterparts, changed, print } = ledger;
  const left = new Set(extra);
  const unnamed: Item[] = [];
  for (const item of missing) {
    const match = [...left].find((candidate) => candidate.name === item.name && isIndex(candidate) === isIndex(item));
    if (!match) {
      unnamed.push(item);
      continue;
    }
    left.delete(match);
    counterparts.set(item, match);
    if (!(await isSame(ledger, { table, item }, { table: other, item: match }))) changed.add(item);
  }
  for (const item of unnamed) {
    const at = { kind: kindOf(item), table: display(table), name: item.name };
    const shape = shapeOf(table, item, print);
    const renamed = [...left].find((candidate) => shapeOf(other, candidate, print) === shape);
    if (renamed) {
      left.delete(renamed);
      counterparts.set(item, renamed);
      findings.warning({
        ...at,
        code: 'verify.renamed',
        message: `is there under the name ${renamed.name}`,
        expected: item.name,
        found: renamed.name,
      });
    } else
      findings.problem({
        ...at,
        code: 'verify.missing',
        message: 'is missing',
        expected: item.definition,
        found: null,
      });
  }
  for (const item of left) {
    const finding = {
      code: 'verify.unexpected',
      kind: kindOf(item),
      table: display(table),
      name: item.name,
      expected: null,
      found: item.definition,
    } as const;
    if (isIndex(item) && !item.unique) findings.warning({ ...finding, message: 'an unexpected index' });
    else findings.problem({ ...finding, message: 'is not expected: it refuses rows that the migrations accept' });
  }
}

/** Compares two of one name; tells what differs. */
async function isSame({ findings, print, judge }: Ledger, a: Side, b: Side): Promise<boolean> {
  const at = { kind: kindOf(a.item), table: display(a.table), name: a.item.name };
  const definitions = { expected: a.item.definition, found: b.item.definition };
  const rewritten = (message: string): true => {
    findings.warning({ ...at, ...definitions, code: 'verify.rewritten', message });
    return true;
  };
  if (shapeOf(a.table, a.item, print) === shapeOf(b.table, b.item, print)) return true;
  const judgement = await judgeConditions(judge, a, b, print);
  if (judgement?.is === 'same') return rewritten(`is written otherwise and means the same: ${judgement.because}`);
  const isOpen = judgement?.is === 'not-shown';
  const message = isOpen
    ? `is written otherwise, and is not shown to mean the same: ${judgement.because}`
    : `means something else${judgement ? `: ${judgement.because}` : ''}`;
  findings.problem({ ...at, ...definitions, code: isOpen ? 'verify.not-shown-equal' : 'verify.different', message });
  return false;
}

/** Judges where nothing but a condition differs. */
async function judgeConditions(judge: Judge, a: Side, b: Side, print: Print): Promise<Judgement | undefined> {
  const conditions = (texts: readonly (string | null)[], as: Conditions['as']): Conditions => {
    const [expected = 'true', found = 'true'] = texts.map((text) => print({ table: a.table, text: text ?? 'true' }));
    return { expected, found, as, table: a.table, other: b.table };
  };
  if (isIndex(a.item) && isIndex(b.item)) {
    const bare = (side: Side): string => indexShape(side.table, { ...(side.item as Index), predicate: null }, print);
    if (bare(a) !== bare(b)) return undefined;
    return await judge(conditions([a.item.predicate, b.item.predicate], 'predicate'));
  }
  if (
    isIndex(a.item) ||
    isIndex(b.item) ||
    a.item.kind !== 'check' ||
    b.item.kind !== 'check' ||
    a.item.noInherit !== b.item.noInherit
  )
    return undefined;
  return await judge(conditions([a.item.expression, b.item.expression], 'check'));
}
