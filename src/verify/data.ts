// Counts the rows that violate constraints which were never validated. Reads only, within a time limit, and calls no
// function that a stranger could change.
import { ownSearchPath } from '../database/search-path.ts';
import type { Session } from '../database/session.ts';
import type { Constraint, Finding, Schema, Table } from '../schema/model.ts';
import { display, ident, literal, qualified } from '../schema/sql.ts';

/** How long the count of one constraint's rows may take, in milliseconds. */
const timeLimitMs = 30_000;

interface Open {
  readonly table: Table;
  readonly constraint: Constraint;
}

/** What the catalog says of a constraint beside its text. */
interface Looked {
  /** The operators of a foreign key, the referenced column on their left, as SQL. */
  readonly operators: readonly string[];
  /** A function that it calls, and whose owner it is: neither ours nor a superuser's. */
  readonly stranger: { readonly function: string; readonly owner: string } | null;
  readonly user: string;
}

/** A finding for each constraint that is not validated and that rows violate, or whose rows could not be counted. */
export async function countViolations(
  session: Session,
  schema: Schema,
): Promise<{ problems: Finding[]; warnings: Finding[] }> {
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  const open = schema.tables.flatMap((table) =>
    table.constraints
      .filter(({ kind }) => kind === 'check' || kind === 'foreign-key')
      .filter(({ validated, enforced }) => !validated || !enforced)
      .map((constraint) => ({ table, constraint })),
  );
  for (const each of open) {
    const { table, constraint } = each;
    const at = {
      code: 'verify.violated',
      kind: constraint.kind,
      table: display(table),
      name: constraint.name,
      expected: constraint.definition,
    } as const;
    try {
      await session.query(
        `BEGIN READ ONLY; ${ownSearchPath}; SET LOCAL statement_timeout = ${timeLimitMs}; SET LOCAL row_security = off`,
      );
      const [looked] = await session.query<Looked>(look(each));
      if (!looked) continue;
      if (looked.stranger) {
        const { function: called, owner } = looked.stranger;
        const message = `its existing rows are not counted: it calls ${called}, which is ${owner}'s and would run with the rights of ${looked.user}; connect as ${owner} to count them`;
        warnings.push({ ...at, message, found: null });
        continue;
      }
      const [row] = await session.query<{ n: string }>(count(each, looked));
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

/**
 * Follows what the expression depends on down to the functions: through operators, domains with their CHECKs, arrays
 * and the fields of composite types. What an owner's function calls is its owner's affair.
 */
const look = ({ table, constraint }: Open): string => `WITH RECURSIVE part(class, oid) AS (
    SELECT 'pg_constraint'::regclass::oid, c.oid FROM pg_constraint c
    WHERE c.conrelid = ${literal(qualified(table))}::regclass AND c.conname = ${literal(constraint.name)}
  UNION
    SELECT next.class, next.oid FROM part p CROSS JOIN LATERAL (
      SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = p.class AND d.objid = p.oid
        AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
      UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE p.class = 'pg_type'::regclass AND k.contypid = p.oid
      UNION ALL SELECT 'pg_type'::regclass, a.atttypid FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0
        WHERE p.class = 'pg_type'::regclass AND t.oid = p.oid
    ) next(class, oid) WHERE p.class <> 'pg_proc'::regclass)
  SELECT current_user::text AS "user",
    (SELECT json_build_object('function', f.oid::regprocedure::text, 'owner', r.rolname) FROM part p
      JOIN pg_proc f ON p.class = 'pg_proc'::regclass AND f.oid = p.oid JOIN pg_roles r ON r.oid = f.proowner
      WHERE NOT r.rolsuper AND r.rolname <> current_user ORDER BY f.oid LIMIT 1) AS stranger,
    (SELECT coalesce(json_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY k.i), '[]')
      FROM pg_constraint c CROSS JOIN unnest(c.conpfeqop) WITH ORDINALITY k(oid, i)
      JOIN pg_operator o ON o.oid = k.oid JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE c.conrelid = ${literal(qualified(table))}::regclass AND c.conname = ${literal(constraint.name)}) AS operators`;

function count({ table, constraint }: Open, { operators }: Looked): string {
  const { expression, columns, references } = constraint;
  if (!references) return `SELECT count(*) AS n FROM ${qualified(table)} WHERE NOT (${expression})`;
  const filled = columns.map((name) => `c.${ident(name)} IS NOT NULL`).join(' AND ');
  const matching = columns
    .map((name, i) => `p.${ident(references.columns[i] ?? '')} ${operators[i]} c.${ident(name)}`)
    .join(' AND ');
  return `SELECT count(*) AS n FROM ${qualified(table)} c WHERE ${filled} AND NOT EXISTS (SELECT FROM ${qualified(references)} p WHERE ${matching})`;
}
