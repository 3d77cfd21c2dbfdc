// Prints expressions until the print no longer changes: one server's print of two expressions can be compared,
// the first print of either cannot (`varchar_column IN ('a', 'b')` comes back with other casts).
import type { Session } from '../database/session.ts';
import type { RelationName } from './model.ts';
import { display, qualified } from './sql.ts';

/** An expression over a table's columns, or a query (a view's) when there is no table. */
export interface Printable {
  readonly table: RelationName | null;
  readonly text: string;
}

export type Print = (printable: Printable) => string;

const mostRounds = 5;
const view = 'pg_temp."amelia.view"';
const alias = '"amelia.x"';
const keyOf = ({ table, text }: Printable): string => `${table ? display(table) : ''}\n${text}`;

/**
 * The last print of each. The session is in a transaction with `printSettings`, and the tables are there.
 * What the server cannot read (a column is missing, or of another type) stays as it is.
 */
export async function printAll(session: Session, printables: readonly Printable[]): Promise<Print> {
  const texts = new Map(printables.map((printable) => [keyOf(printable), printable]));
  const prints = new Map([...texts].map(([key, { text }]) => [key, text]));
  let changing = [...texts.keys()];
  for (let round = 0; round < mostRounds && changing.length > 0; round++) {
    const asked = changing.map((key) => {
      const { table } = texts.get(key) as Printable;
      return printOnce(session, { table, text: prints.get(key) ?? '' });
    });
    const printed = await Promise.all(asked);
    changing = changing.filter((key, i) => {
      const now = printed[i];
      if (now === undefined || now === prints.get(key)) return false;
      prints.set(key, now);
      return true;
    });
  }
  return (printable) => prints.get(keyOf(printable)) ?? printable.text;
}

/** One print; undefined where the server cannot read it. */
async function printOnce(session: Session, { table, text }: Printable): Promise<string | undefined> {
  const body =
    table === null
      ? text.replace(/^MATERIALIZED /, '').replace(/;\s*$/, '')
      : `SELECT (${text}) AS ${alias} FROM ${qualified(table)}`;
  const sql = `CREATE TEMPORARY VIEW "amelia.view" AS ${body}; SELECT pg_catalog.pg_get_viewdef('${view}'::pg_catalog.regclass) AS printed`;
  await session.room(sql.length);
  session.send('SAVEPOINT printed');
  const answer = session.send(sql).answer;
  session.send('ROLLBACK TO SAVEPOINT printed; RELEASE SAVEPOINT printed');
  try {
    const printed = String((await answer).rows[0]?.['printed']);
    if (table === null) return printed;
    return printed.slice(printed.indexOf('SELECT ') + 7, printed.indexOf(` AS ${alias}`));
  } catch {
    return undefined;
  }
}
