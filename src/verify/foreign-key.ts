// The proof of a foreign key: an orphan is refused by its name, at once or when it is no longer deferred, and
// deleting and changing the parent do what the actions say.
import { ownSearchPath } from '../database/search-path.ts';
import type { Constraint, ForeignKeyTarget, Table } from '../schema/model.ts';
import { display, ident, qualified } from '../schema/sql.ts';
import { constantsOf } from './constants.ts';
import { ProofPlan } from './plan.ts';
import { foreignKeysOf, rivalsOf } from './keys.ts';
import { hasExpression, hasValues, isRow, type Row } from './row-sql.ts';
import { Builder, Unbuildable, type Yard } from './rows.ts';
import { valueSql, type Value } from './values.ts';

const refusedStates = ['23503', '23001'];

/** What is tried for `foreignKey`; with `full` the child's other foreign keys are filled too. */
export function planForeignKey(
  yard: Yard,
  table: Table,
  foreignKey: Constraint,
  { full }: { readonly full: boolean },
): ProofPlan {
  const plan = new ProofPlan([foreignKey.name]);
  const { references, columns } = foreignKey;
  const parent = yard.schema.tables.find((candidate) => references && display(candidate) === display(references));
  if (!references || !parent) {
    plan.reasons.push(`the referenced table ${references ? display(references) : ''} was not read`);
    return plan;
  }
  const maker = new Maker(yard, table, foreignKey, references, parent, full);
  plan.try('a row with its parent', () => maker.accepted());
  plan.try('an orphan', () => maker.orphan(plan.about));
  if (foreignKey.deferrable) plan.try('an orphan that is deferred', () => maker.deferred());
  plan.try(`ON DELETE ${references.onDelete.toUpperCase()}`, () => maker.deletion(plan.about));
  const fixedKey = parent.columns.find(
    ({ name, identity, generated }) => references.columns.includes(name) && (identity === 'always' || generated),
  );
  if (fixedKey) plan.notes.push(`${display(parent)}.${fixedKey.name} is generated and never changes`);
  else if (!plan.try(`ON UPDATE ${references.onUpdate.toUpperCase()}`, () => maker.update(plan.about))) {
    if (maker.singleKey) plan.notes.push(`${display(parent)} has only one possible key`);
  }
  for (const { name, references: other } of rivalsOf(table, foreignKey))
    plan.warnings.push(`${name} is on the same columns, and says ON DELETE ${other?.onDelete.toUpperCase()}`);
  const nullable = columns.filter((name) => table.columns.some((column) => column.name === name && !column.notNull));
  if (columns.length > 1 && nullable.length > 0) {
    if (references.match === 'full')
      plan.try('a key that is partly NULL', () => maker.partlyNull(plan.about, nullable));
    else plan.warnings.push(`a row with NULL in ${nullable.join(' or ')} is not checked (MATCH SIMPLE)`);
  }
  if (!isCovered(table, columns))
    plan.warnings.push(
      `no index begins with ${columns.join(', ')}: deleting from ${display(parent)} reads the whole table`,
    );
  return plan;
}

/** True when an index without a predicate, or with one that only leaves NULL out, begins with these columns. */
function isCovered({ indexes }: Table, columns: readonly string[]): boolean {
  return indexes.some(({ keys, predicate, valid }) => {
    const first = keys.slice(0, columns.length).map(({ column }) => column);
    const whole = predicate === null || columns.some((name) => predicate === `(${name} IS NOT NULL)`);
    return valid && whole && first.length === columns.length && columns.every((name) => first.includes(name));
  });
}

class Maker {
  readonly #yard: Yard;
  readonly #table: Table;
  readonly #foreignKey: Constraint;
  readonly #references: ForeignKeyTarget;
  readonly #parent: Table;
  readonly #full: boolean;
  singleKey = false;

  constructor(
    yard: Yard,
    table: Table,
    foreignKey: Constraint,
    references: ForeignKeyTarget,
    parent: Table,
    full: boolean,
  ) {
    this.#yard = yard;
    this.#table = table;
    this.#foreignKey = foreignKey;
    this.#references = references;
    this.#parent = parent;
    this.#full = full;
  }

  accepted() {
    const { builder, child } = this.#family();
    return {
      given: builder.statements.slice(0, -1),
      when: `${child.insert}; SET CONSTRAINTS ALL IMMEDIATE`,
      then: 'accepted',
      evidence: 'accepts a row that has its parent',
    } as const;
  }

  orphan(about: readonly string[]) {
    const { builder, child } = this.#orphan();
    const { deferrable, deferred } = this.#foreignKey;
    const when = deferred ? `${child.insert}; ${this.#immediate()}` : child.insert;
    const where = deferred ? ' when it is no longer deferred' : '';
    return {
      given: [...builder.statements.slice(0, -1), ...(deferrable && !deferred ? [this.#immediate()] : [])],
      when,
      then: { states: ['23503'], by: about },
      evidence: `rejects an orphan with 23503${where}`,
    } as const;
  }

  deferred() {
    const { builder, child } = this.#orphan();
    const set = this.#foreignKey.deferred ? [] : [this.#immediate('DEFERRED')];
    return {
      given: [...builder.statements.slice(0, -1), ...set],
      when: child.insert,
      then: 'accepted',
      evidence: 'lets an orphan wait until the transaction ends',
    } as const;
  }

  partlyNull(about: readonly string[], nullable: readonly string[]) {
    const { builder, child } = this.#family();
    const column = nullable[0] ?? '';
    const update = `UPDATE ${qualified(this.#table)} SET ${ident(column)} = NULL WHERE ${isRow(child)}`;
    return {
      given: builder.statements,
      when: `${update}; SET CONSTRAINTS ALL IMMEDIATE`,
      then: { states: ['23503'], by: about },
      evidence: 'rejects a key that is partly NULL',
    } as const;
  }

  deletion(about: readonly string[]) {
    const { onDelete, setColumns } = this.#references;
    const { builder, parentRow, child } = this.#family(onDelete === 'set default');
    const statement = `DELETE FROM ${qualified(this.#parent)} WHERE ${hasValues(this.#parent, this.#keyOf(parentRow))}`;
    return this.#action(builder, statement, child, onDelete, about, { verb: 'deleting', newKey: null, setColumns });
  }

  update(about: readonly string[]) {
    const { onUpdate, columns } = this.#references;
    const { builder, parentRow, child } = this.#family(onUpdate === 'set default');
    const next = builder.freshKey(this.#parent, columns) ?? builder.plan(this.#parent).values;
    const changed = columns.filter((name) => next.get(name) !== parentRow.values.get(name));
    if (changed.length === 0) {
      this.singleKey = true;
      return undefined;
    }
    const sets = changed.map(
      (name) => `${ident(name)} = ${valueSql(next.get(name) ?? null, typeOf(this.#parent, name))}`,
    );
    const statement = `UPDATE ${qualified(this.#parent)} SET ${sets.join(', ')} WHERE ${hasValues(this.#parent, this.#keyOf(parentRow))}`;
    const newKey = new Map(this.#foreignKey.columns.map((name, i) => [name, next.get(columns[i] ?? '') ?? null]));
    return this.#action(builder, statement, child, onUpdate, about, { verb: 'changing', newKey, setColumns: null });
  }

  #action(
    builder: Builder,
    statement: string,
    child: Row,
    action: ForeignKeyTarget['onDelete'],
    about: readonly string[],
    {
      verb,
      newKey,
      setColumns,
    }: { verb: 'deleting' | 'changing'; newKey: Map<string, Value> | null; setColumns: readonly string[] | null },
  ) {
    const { columns } = this.#foreignKey;
    const now = `${statement}; ${this.#immediate('IMMEDIATE', this.#foreignKey.deferrable)}`;
    const given = [
      ...builder.statements,
      'SET CONSTRAINTS ALL IMMEDIATE',
      ...(this.#foreignKey.deferred ? [this.#immediate('DEFERRED')] : []),
    ];
    const rivals = rivalsOf(this.#table, this.#foreignKey).map(
      ({ name }) => `ALTER TABLE ${qualified(this.#table)} DROP CONSTRAINT ${ident(name)}`,
    );
    const self = isRow(child, columns);
    const from = `FROM ${qualified(this.#table)} WHERE ${self}`;
    if (action === 'no action' || action === 'restrict') {
      return {
        given,
        rivals,
        when: now,
        then: { states: refusedStates, by: about },
        evidence: `refuses ${verb} a parent that has children`,
      } as const;
    }
    const holds = (condition: string, evidence: string) => {
      const when = `${now}; ${ownSearchPath}; SELECT ${condition} AS holds`;
      return { given, rivals, when, then: 'holds', evidence } as const;
    };
    if (action === 'cascade' && newKey)
      return holds(
        `EXISTS (SELECT ${from} AND ${hasValues(this.#table, newKey)})`,
        'changing the parent changes its children',
      );
    if (action === 'cascade') {
      const still = columns.map((name) => `${ident(name)} IS NULL`).join(' OR ');
      const others = [...child.values.keys()].filter((name) => !columns.includes(name));
      const gone = others.length > 0 ? self : `${isRow(child)} OR ${still}`;
      return holds(
        `NOT EXISTS (SELECT FROM ${qualified(this.#table)} WHERE ${gone})`,
        'deleting the parent deletes its children',
      );
    }
    const set = setColumns ?? columns;
    const values = set.map((name) => {
      const fallback =
        action === 'set default'
          ? (this.#table.columns.find((column) => column.name === name)?.default ?? 'NULL')
          : 'NULL';
      return hasExpression(this.#table, name, fallback);
    });
    const kept = columns
      .filter((name) => !set.includes(name))
      .map((name) => [name, child.values.get(name) ?? null] as const);
    const all = [...values, ...(kept.length > 0 ? [hasValues(this.#table, new Map(kept))] : [])].join(' AND ');
    return holds(
      `EXISTS (SELECT ${from} AND ${all})`,
      `${verb} the parent sets its children's ${set.join(', ')} to ${action === 'set null' ? 'NULL' : 'the default'}`,
    );
  }

  /** A parent of its own and a child that refers to it; the child's INSERT is the last statement. */
  #family(withDefault = false): { builder: Builder; parentRow: Row; child: Row } {
    const builder = new Builder(this.#yard);
    if (withDefault) this.#defaultParent(builder);
    const parentRow = builder.insert(this.#parent, { reserved: true, nonNull: this.#references.columns });
    const fixed = new Map(
      this.#foreignKey.columns.map((name, i) => [
        name,
        parentRow.values.get(this.#references.columns[i] ?? '') ?? null,
      ]),
    );
    if ([...fixed.values()].includes(null)) throw new Unbuildable(`no key of ${display(this.#parent)} is known`);
    const child = builder.insert(this.#table, { fixed, full: this.#full });
    return { builder, parentRow, child };
  }

  /** The row that SET DEFAULT refers to, where the defaults are constants. */
  #defaultParent(builder: Builder): void {
    const { columns } = this.#foreignKey;
    const fixed = columns.map((name, i) => {
      const fallback = this.#table.columns.find((column) => column.name === name)?.default;
      return [this.#references.columns[i] ?? '', fallback ? constantsOf(fallback)[0]?.value : undefined] as const;
    });
    if (fixed.every((pair): pair is readonly [string, string] => pair[1] !== undefined))
      builder.insert(this.#parent, { fixed: new Map(fixed), reserved: true });
  }

  #orphan(): { builder: Builder; child: Row } {
    const { name, columns } = this.#foreignKey;
    const key = this.#references.columns;
    const sharing = foreignKeysOf(this.#table).filter((other) =>
      other.columns.some((column) => columns.includes(column)),
    );
    // A parent of another foreign key may bring this one's parent with it: then that one has no parent either.
    for (const orphan of [[name], sharing.map((other) => other.name)]) {
      for (const chosen of [true, false]) {
        const builder = new Builder(this.#yard);
        try {
          const ghost = chosen
            ? (builder.freshKey(this.#parent, key) ?? builder.plan(this.#parent, { nonNull: key }).values)
            : undefined;
          const fixed = ghost && new Map(columns.map((column, i) => [column, ghost.get(key[i] ?? '') ?? null]));
          const child = builder.insert(this.#table, {
            ...(fixed ? { fixed } : { nonNull: columns }),
            orphan,
            full: this.#full,
          });
          const wanted = new Map(columns.map((column, i) => [key[i] ?? '', child.values.get(column) ?? null]));
          if (!builder.has(this.#parent, wanted)) return { builder, child };
        } catch (error) {
          if (!(error instanceof Unbuildable)) throw error;
        }
      }
    }
    throw new Unbuildable('no row without its parent was found');
  }

  #keyOf(parentRow: Row): Map<string, Value> {
    return new Map(this.#references.columns.map((name) => [name, parentRow.values.get(name) ?? null]));
  }

  #immediate(mode: 'IMMEDIATE' | 'DEFERRED' = 'IMMEDIATE', named = true): string {
    return named
      ? `SET CONSTRAINTS ${qualified({ schema: this.#table.schema, name: this.#foreignKey.name })} ${mode}`
      : `SET CONSTRAINTS ALL ${mode}`;
  }
}

const typeOf = (table: Table, name: string): string =>
  table.columns.find((column) => column.name === name)?.type ?? 'text';
