// What a constraint, an index or a column means, as one text that is equal for equal meanings; expressions
// are printed by the `print` that is given. Pure.
import type { Column, Constraint, Index, Table } from './model.ts';
import type { Print, Printable } from './printer.ts';
import { display } from './sql.ts';

/** Prints nothing anew: for a first look. */
export const asPrinted: Print = ({ text }) => text;

const list = (names: readonly string[]): string => names.join(', ');

/** The meaning of a constraint without its name, and without whether it is validated or enforced. */
export function constraintShape(table: Table, constraint: Constraint, print: Print): string {
  const { kind, columns, expression, references, definition } = constraint;
  const when = constraint.deferrable ? ` DEFERRABLE INITIALLY ${constraint.deferred ? 'DEFERRED' : 'IMMEDIATE'}` : '';
  switch (kind) {
    case 'check':
      return `CHECK (${print({ table, text: expression ?? '' })})${constraint.noInherit ? ' NO INHERIT' : ''}`;
    case 'foreign-key': {
      if (!references) return definition;
      const pairs = columns.map((name, i) => `${name} → ${references.columns[i]}`).sort();
      const set = references.setColumns === null ? '' : ` (${list([...references.setColumns].sort())})`;
      return `FOREIGN KEY ${display(references)}: ${list(pairs)} MATCH ${references.match} ON DELETE ${references.onDelete}${set} ON UPDATE ${references.onUpdate}${when}`;
    }
    case 'unique':
    case 'primary-key': {
      const index = table.indexes.find((candidate) => candidate.constraint === constraint.name);
      const nulls = index?.nullsNotDistinct ? ' NULLS NOT DISTINCT' : '';
      return `${kind}${nulls} (${list([...columns].sort())}) INCLUDE (${list(index?.include ?? [])})${when}`;
    }
    case 'exclusion':
      return definition;
  }
}

/** The meaning of an index without its name. The order of a unique index's keys counts. */
export function indexShape(table: Table, index: Index, print: Print): string {
  const keys = index.keys.map((key) =>
    [
      key.column === null ? print({ table, text: key.expression }) : `column ${key.column}`,
      key.descending ? 'DESC' : '',
      key.nullsFirst ? 'NULLS FIRST' : '',
      key.operatorClass ?? '',
      key.collation ?? '',
    ].join(' '),
  );
  const nulls = index.nullsNotDistinct ? ' NULLS NOT DISTINCT' : '';
  return `${frame(index)}${nulls} (${list(keys)}) INCLUDE (${list(index.include)}) WHERE ${index.predicate === null ? 'true' : print({ table, text: index.predicate })}`;
}

const frame = ({ unique, method }: Index): string => `${unique ? 'UNIQUE ' : ''}INDEX ${method}`;

/** What differs between two columns, in words. */
export function columnDifferences(
  table: Table,
  expected: Column,
  found: Column,
  print: Print,
): { readonly what: string; readonly expected: string; readonly found: string }[] {
  const differences: { what: string; expected: string; found: string }[] = [];
  const compare = (what: string, a: string | null, b: string | null): void => {
    if (a !== b) differences.push({ what, expected: a ?? 'none', found: b ?? 'none' });
  };
  const printed = ({ default: text }: Column): string | null => (text === null ? null : print({ table, text }));
  compare('type', expected.type, found.type);
  compare('nullability', nullability(expected), nullability(found));
  if (printed(expected) !== printed(found)) compare('default', expected.default, found.default);
  compare('identity', expected.identity, found.identity);
  compare('generation', expected.generated, found.generated);
  compare('collation', expected.collation, found.collation);
  return differences;
}

const nullability = ({ notNull }: Column): string => (notNull ? 'NOT NULL' : 'nullable');

/** The expressions that a shape depends on. */
export function printablesOf(table: Table, item: Constraint | Index | Column): Printable[] {
  const texts =
    'keys' in item
      ? [...item.keys.filter(({ column }) => column === null).map(({ expression }) => expression), item.predicate]
      : 'category' in item
        ? [item.default]
        : [item.expression];
  return texts.filter((text) => text !== null).map((text) => ({ table, text }));
}
