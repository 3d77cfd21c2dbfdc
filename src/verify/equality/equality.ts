// Whether two conditions of a table, as one server prints them, say the same to every row: decided by rule, and
// named, or not decided at all. Loads PostgreSQL's own parser. Never guesses.
import type { Schema, Table } from '../../schema/model.ts';
import { baseTypeOf } from '../values.ts';
import { isSameCondition, type Purpose } from './decide.ts';
import { Undecided } from './automaton.ts';
import { readCondition } from './read.ts';
import type { ColumnType } from './term.ts';
import type { Node } from './tree.ts';

/** `same`: for every row. `undecided`: they may be, and the text says what is not decided. */
export type Equality =
  | { readonly is: 'same' }
  | { readonly is: 'not the same by rule' }
  | { readonly is: 'undecided'; readonly because: string };

/** Decides for rows of `table`, whose NOT NULL columns hold on both sides when they are in `notNull`. */
export async function decideEquality(
  schema: Schema,
  table: Table,
  { expected, found }: { readonly expected: string; readonly found: string },
  as: Purpose,
  notNull: ReadonlySet<string>,
): Promise<Equality> {
  const columns = table.columns.flatMap((column): ColumnType[] => {
    const { type, category, labels } = baseTypeOf(column, schema);
    // IS NULL speaks of a composite's fields (manual, section 9.2).
    if (category === 'C') return [];
    return [{ name: column.name, type, labels, collation: column.collation }];
  });
  try {
    const [a, b] = [readCondition(await parse(expected), columns), readCondition(await parse(found), columns)];
    return { is: isSameCondition(a, b, as, notNull) ? 'same' : 'not the same by rule' };
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    return { is: 'undecided', because: error.message };
  }
}

async function parse(condition: string): Promise<Node> {
  const { parse: parseSql } = await import('libpg-query');
  const { stmts } = (await parseSql(`SELECT ${condition}`)) as {
    readonly stmts?: readonly {
      readonly stmt?: { readonly SelectStmt?: { readonly targetList?: readonly { ResTarget?: { val?: Node } }[] } };
    }[];
  };
  const value = stmts?.[0]?.stmt?.SelectStmt?.targetList?.[0]?.ResTarget?.val;
  if (value === undefined) throw new Undecided('no expression');
  return value;
}
