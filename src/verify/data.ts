// Counts the rows that violate constraints which were never validated. Reads only, within a time limit.
import type { Session } from '../database/session.ts';
import type { Constraint, Finding, Schema, Table } from '../schema/model.ts';
import { display, ident, qualified } from '../schema/sql.ts';

/** How long the count of one constraint's rows may take, in milliseconds. */
const timeLimitMs = 30_000;

/** A finding for each constraint that is not validated and that rows violate, or whose rows could not be counted. */
export async function countViolations(
  session: Session,
  schema: Schema,
): Promise<{ problems: Finding[]; warnings: Finding[] }> {
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  const open = schema.tables.flatMap((table) =>
    table.constraints
      .filter(({ validated, enforced }) => !validated || !enforced)
      .map((constraint) => ({ table, constraint })),
  );
  for (const { table, constraint } of open) {
    const count = countOf(table, constraint);
    if (count === undefined) continue;
    const at = {
      code: 'verify.violated',
      kind: constraint.kind,
      table: display(table),
      name: constraint.name,
      expected: constraint.definition,
    } as const;
    try {
      const [row] = await session.query<{ n: string }>(
        `BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeLimitMs}; ${count}`,
      );
      const n = Number(row?.n ?? 0);
      if (n > 0)
        problems.push({
          ...at,
          message: `${n} existing row${n === 1 ? ' violates' : 's violate'} it`,
          found: String(n),
        });
    } catch (error) {
      if (session.lost) throw error;
      warnings.push({
        ...at,
        message: `its existing rows could not be counted: ${(error as Error).message}`,
        found: null,
      });
    } finally {
      await session.query('ROLLBACK').catch(() => {});
    }
  }
  return { problems, warnings };
}

function countOf(table: Table, { kind, expression, columns, references }: Constraint): string | undefined {
  if (kind === 'check') return `SELECT count(*) AS n FROM ${qualified(table)} WHERE NOT (${expression})`;
  if (kind !== 'foreign-key' || !references) return undefined;
  const filled = columns.map((name) => `c.${ident(name)} IS NOT NULL`).join(' AND ');
  const matching = columns.map((name, i) => `p.${ident(references.columns[i] ?? '')} = c.${ident(name)}`).join(' AND ');
  return `SELECT count(*) AS n FROM ${qualified(table)} c WHERE ${filled} AND NOT EXISTS (SELECT FROM ${qualified(references)} p WHERE ${matching})`;
}
