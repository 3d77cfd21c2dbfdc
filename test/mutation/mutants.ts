// Every way in which a schema is weakened, one thing at a time: what verify.md lists, on every table.
import type { Column, Constraint, Index, Schema, Table } from '../../src/schema/model.ts';
import { display, ident, literal, qualified } from '../../src/schema/sql.ts';

export interface Mutant {
  readonly table: Table;
  /** The constraint or index that it weakens, for its proofs; null for columns and tables. */
  readonly about: string | null;
  readonly what: string;
  readonly sql: string;
}

/** All mutants of a schema on a server of that major version. */
export function mutantsOf(schema: Schema, major: number): Mutant[] {
  const inForeignKeys = new Set(
    schema.tables.flatMap((table) =>
      table.constraints.flatMap(({ references }) => (references ? [display(table), display(references)] : [])),
    ),
  );
  return schema.tables.flatMap((table) => {
    const make = (about: string | null, what: string, sql: string): Mutant => ({
      table,
      about,
      what: `${display(table)} ${about ?? ''}: ${what}`,
      sql,
    });
    return [
      ...table.constraints.flatMap((constraint) =>
        ofConstraint(table, constraint, major).map(([what, sql]) => make(constraint.name, what, sql)),
      ),
      ...table.indexes
        .filter(({ constraint }) => constraint === null)
        .flatMap((index) => ofIndex(table, index).map(([what, sql]) => make(index.name, what, sql))),
      ...table.columns.flatMap((column) =>
        ofColumn(table, column).map(([what, sql]) => make(null, `${column.name} ${what}`, sql)),
      ),
      ...ofTable(table, inForeignKeys.has(display(table))).map(([what, sql]) => make(null, what, sql)),
    ];
  });
}

type Change = readonly [what: string, sql: string];

function ofConstraint(table: Table, constraint: Constraint, major: number): Change[] {
  const { name, definition, kind } = constraint;
  const alter = `ALTER TABLE ${qualified(table)}`;
  const drop = `${alter} DROP CONSTRAINT ${ident(name)} CASCADE`;
  const again = (text: string): string => `${drop}; ${alter} ADD CONSTRAINT ${ident(name)} ${text}`;
  const replaced = (text: string): boolean => text !== definition;
  const changes: Change[] = [['dropped', drop]];
  if (kind === 'check' || kind === 'foreign-key') {
    changes.push(['NOT VALID', again(`${definition} NOT VALID`)]);
    if (major >= 18) changes.push(['NOT ENFORCED', again(`${definition} NOT ENFORCED`)]);
  }
  if (kind === 'check') {
    const constants = [...definition.matchAll(/('(?:[^']|'')*'::[a-z ]+)/g)].map(([, text]) => text ?? '');
    const last = constants.at(-1);
    const variants: Change[] = [
      ['made CHECK (true)', 'CHECK (true)'],
      ['or unknown', `CHECK (${constraint.expression} OR ${ident(constraint.columns[0] ?? '')} IS NULL)`],
      ...(last
        ? ([['one value more', definition.replace(last, `${last}, ${last.replace(/^'./, "'x")}`)]] as Change[])
        : []),
      ...(constants.length > 1 ? ([['one value less', definition.replace(`, ${last}`, '')]] as Change[]) : []),
      ['> to >=', definition.replace(/ > /, ' >= ')],
      ['>= to >', definition.replace(/ >= /, ' > ')],
      ['<= to <', definition.replace(/ <= /, ' < ')],
      ['<> to <=', definition.replace(/ <> /, ' <= ')],
      ['= to <=', definition.replace(/ = (?!ANY)/, ' <= ')],
      ['AND to OR', definition.replace(' AND ', ' OR ')],
      ['OR to AND', definition.replace(' OR ', ' AND ')],
      ['a bound moved', definition.replace(/(?<![\w'.(])(\d+)(?=\))/, (number) => String(Number(number) + 1))],
    ];
    for (const [what, text] of variants)
      if (replaced(text) && (what !== 'or unknown' || /IS NOT NULL/.test(definition)))
        changes.push([what, again(text)]);
  }
  if (kind === 'foreign-key' && constraint.references) {
    const { references } = constraint;
    const bare = definition
      .replace(/ ON (DELETE|UPDATE) (NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)( \([^)]*\))?/g, '')
      .replace(/ (NOT )?DEFERRABLE.*$/, '');
    const tail = constraint.deferrable ? ` DEFERRABLE${constraint.deferred ? ' INITIALLY DEFERRED' : ''}` : '';
    const withActions = (onDelete: string, onUpdate: string, end = tail): string =>
      again(`${bare} ON DELETE ${onDelete} ON UPDATE ${onUpdate}${end}`);
    for (const action of ['no action', 'restrict', 'cascade', 'set null', 'set default']) {
      if (action !== references.onDelete)
        changes.push([`ON DELETE ${action}`, withActions(action, references.onUpdate)]);
      if (action !== references.onUpdate)
        changes.push([`ON UPDATE ${action}`, withActions(references.onDelete, action)]);
    }
    const ends = ['', ' DEFERRABLE', ' DEFERRABLE INITIALLY DEFERRED'].filter((end) => end !== tail);
    for (const end of ends)
      changes.push([`made${end || ' immediate'}`, withActions(references.onDelete, references.onUpdate, end)]);
    const other = table.columns.find(
      (column) =>
        !constraint.columns.includes(column.name) &&
        column.type === table.columns.find(({ name: own }) => own === constraint.columns[0])?.type,
    );
    if (other && constraint.columns.length === 1)
      changes.push([
        `on ${other.name} instead`,
        again(`${definition.replace(`(${constraint.columns[0]})`, `(${ident(other.name)})`)}`),
      ]);
  }
  if (kind === 'unique' || kind === 'primary-key') {
    const more = table.columns.find(
      (column) => !constraint.columns.includes(column.name) && column.notNull && !/json|xml|point/.test(column.type),
    );
    if (more) changes.push([`with ${more.name} in its key`, again(definition.replace(/\)/, `, ${ident(more.name)})`))]);
    if (constraint.columns.length > 1)
      changes.push(['without its last column', again(definition.replace(/, [^,()]+\)/, ')'))]);
    changes.push([
      constraint.deferrable ? 'made immediate' : 'made deferrable',
      again(
        constraint.deferrable ? definition.replace(/ DEFERRABLE.*/, '') : `${definition} DEFERRABLE INITIALLY DEFERRED`,
      ),
    ]);
    if (kind === 'unique')
      changes.push([
        'the other NULLS',
        again(
          /NULLS NOT DISTINCT/.test(definition)
            ? definition.replace('NULLS NOT DISTINCT ', '')
            : definition.replace('UNIQUE', 'UNIQUE NULLS NOT DISTINCT'),
        ),
      ]);
  }
  return changes;
}

function ofIndex(table: Table, { name, unique, predicate, definition, keys }: Index): Change[] {
  const drop = `DROP INDEX ${qualified({ schema: table.schema, name })}`;
  const again = (text: string): string => `${drop}; ${text}`;
  const changes: Change[] = [['dropped', drop]];
  const invalid = `UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = ${literal(qualified({ schema: table.schema, name }))}::regclass`;
  changes.push(['INVALID', invalid]);
  if (unique) {
    changes.push(['not unique', again(definition.replace('CREATE UNIQUE', 'CREATE'))]);
    const more = table.columns.find(
      (column) => !keys.some((key) => key.column === column.name) && !/json|xml|point|\[\]/.test(column.type),
    );
    if (more)
      changes.push([
        `with ${more.name} in its key`,
        again(definition.replace(/\)( WHERE|$)/, `, ${ident(more.name)})$1`)),
      ]);
  }
  if (predicate !== null) {
    changes.push(['without its predicate', again(definition.replace(/ WHERE .*$/s, ''))]);
    changes.push(['with the opposite predicate', again(definition.replace(/ WHERE .*$/s, ` WHERE NOT ${predicate}`))]);
    const less = definition.replace(/, '[^']*'::[a-z ]+(?=\])/, '');
    if (less !== definition) changes.push(['with a narrower predicate', again(less)]);
    changes.push([
      'with a predicate that is never true',
      again(definition.replace(/ WHERE .*$/s, ` WHERE ${predicate} AND false`)),
    ]);
  }
  return changes;
}

function ofColumn(table: Table, column: Column): Change[] {
  const alter = `ALTER TABLE ${qualified(table)} ALTER COLUMN ${ident(column.name)}`;
  const changes: Change[] = [];
  changes.push(
    column.notNull ? ['made nullable', `${alter} DROP NOT NULL`] : ['made NOT NULL', `${alter} SET NOT NULL`],
  );
  if (column.default !== null && !column.generated) {
    changes.push(['without its default', `${alter} DROP DEFAULT`]);
    const other = other_(column);
    if (other !== undefined && other !== column.default)
      changes.push(['with another default', `${alter} SET DEFAULT ${other}`]);
  } else if (column.default === null && column.identity === null) {
    const other = other_(column);
    if (other !== undefined) changes.push(['with a default', `${alter} SET DEFAULT ${other}`]);
  }
  const length = /^(character varying)\((\d+)\)(\[\])?$/.exec(column.type);
  const type = length
    ? `${length[1]}(${Number(length[2]) + 1})${length[3] ?? ''}`
    : {
        integer: 'bigint',
        text: 'character varying',
        'timestamp with time zone': 'timestamp',
        boolean: 'text',
        'numeric(10,6)': 'numeric(10,5)',
        bigint: 'numeric',
        jsonb: 'text',
        uuid: 'text',
      }[column.type];
  if (type !== undefined)
    changes.push([
      `of type ${type}`,
      `${alter} DROP DEFAULT, ALTER COLUMN ${ident(column.name)} TYPE ${type} USING ${ident(column.name)}::text::${type}${column.default === null ? '' : `, ALTER COLUMN ${ident(column.name)} SET DEFAULT (${column.default})::text::${type}`}`,
    ]);
  changes.push(['dropped', `ALTER TABLE ${qualified(table)} DROP COLUMN ${ident(column.name)} CASCADE`]);
  return changes;
}

function other_({ category, type }: Column): string | undefined {
  if (category === 'N') return '42';
  if (category === 'S') return "'amelia'";
  if (category === 'B') return 'random() > 0.5';
  if (type === 'uuid') return "'00000000-0000-4000-8000-000000000000'";
  if (category === 'D') return "'2001-01-01'";
  return undefined;
}

function ofTable(table: Table, isInForeignKey: boolean): Change[] {
  const name = qualified(table);
  const hasTriggers = table.triggers.length > 0 || isInForeignKey;
  return [
    ...(hasTriggers ? ([['its triggers disabled', `ALTER TABLE ${name} DISABLE TRIGGER ALL`]] as Change[]) : []),
    [
      'a trigger more',
      `CREATE FUNCTION pg_temp.sneaky() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER sneaky BEFORE INSERT ON ${name} FOR EACH ROW EXECUTE FUNCTION pg_temp.sneaky()`,
    ],
    ['a rule more', `CREATE RULE sneaky AS ON DELETE TO ${name} DO INSTEAD NOTHING`],
    ['a check more', `ALTER TABLE ${name} ADD CONSTRAINT sneaky CHECK (false) NOT VALID`],
    ['row-level security', `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`],
    ['unlogged', `ALTER TABLE ${name} SET UNLOGGED`],
    ['dropped', `DROP TABLE ${name} CASCADE`],
    ...table.triggers.flatMap((trigger): Change[] => [
      [`trigger ${trigger.name} disabled`, `ALTER TABLE ${name} DISABLE TRIGGER ${ident(trigger.name)}`],
      [`trigger ${trigger.name} dropped`, `DROP TRIGGER ${ident(trigger.name)} ON ${name}`],
    ]),
  ];
}
