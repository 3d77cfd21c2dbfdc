// The contract as data: what people have agreed that the schema promises. Reads and writes its YAML; holds
// nothing against a database.
import type * as YamlPackage from 'yaml';
import { AmeliaError } from '../errors.ts';
import type { Constraint, Schema, Table } from './model.ts';
import { display } from './sql.ts';

export interface ContractColumn {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly default?: string | null;
}
export interface ContractCheck {
  readonly column?: string;
  readonly accepts?: readonly (string | number)[];
  readonly expression?: string;
}
export interface ContractForeignKey {
  readonly columns: readonly string[];
  /** `table(column, …)`. */
  readonly references: string;
  readonly on_delete?: string;
  readonly on_update?: string;
  readonly deferrable?: string;
}
export interface ContractUnique {
  readonly columns: readonly string[];
  readonly where?: string;
  readonly nulls_not_distinct?: boolean;
}
export interface ContractTable {
  readonly columns?: Readonly<Record<string, ContractColumn>>;
  readonly checks?: readonly ContractCheck[];
  readonly foreign_keys?: readonly ContractForeignKey[];
  readonly unique?: readonly ContractUnique[];
  readonly triggers?: readonly string[];
}
export interface Contract {
  readonly tables: Readonly<Record<string, ContractTable>>;
}

const head = `# yaml-language-server: $schema=https://unpkg.com/amelia-db/contract.schema.json
# What this schema promises, however it got there. Written by amelia-db contract --write, kept by hand since.
`;

type Yaml = Pick<
  typeof YamlPackage,
  'parse' | 'parseDocument' | 'Document' | 'visit' | 'isPair' | 'isScalar' | 'isMap' | 'isNode'
>;

/** A CommonJS package: bundled, all of it is the default export. */
async function loadYaml(): Promise<Yaml> {
  const loaded = (await import('yaml')) as Yaml & { readonly default?: Yaml };
  return loaded.default ?? loaded;
}

/** Where in a contract's text that place is (a finding's), or the innermost one around it that is there: in UTF-16 code units. */
export async function offsetInContract(text: string, place: readonly (string | number)[]): Promise<number> {
  const { parseDocument, isMap, isNode, isScalar } = await loadYaml();
  const document = parseDocument(text);
  const offsetOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);
  for (let depth = place.length; depth > 0; depth--) {
    const parent = document.getIn(place.slice(0, depth - 1), true);
    const key = place[depth - 1];
    const found = isMap(parent)
      ? parent.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)?.key
      : document.getIn(place.slice(0, depth), true);
    const offset = offsetOf(found);
    if (offset !== undefined) return offset;
  }
  return 0;
}

/** The contract that a schema fulfils, as YAML. */
export async function writeContract(schema: Schema): Promise<string> {
  const { Document, visit, isPair, isScalar, isMap } = await loadYaml();
  const contract = { tables: Object.fromEntries(schema.tables.map((table) => [shortName(table), tableOf(table)])) };
  const document = new Document(contract, { aliasDuplicateObjects: false });
  // One line for each column and each constraint: short enough to review.
  visit(document, {
    Collection(key, node) {
      const leaves = node.items.every((item) => isScalar(isPair(item) ? item.value : item));
      if (leaves || (isMap(node) && typeof key === 'number')) node.flow = true;
    },
  });
  return head + document.toString({ lineWidth: 116 });
}

/** `name`, or `schema.name` outside of public. */
export const shortName = (of: { readonly schema: string; readonly name: string }): string =>
  of.schema === 'public' ? of.name : display(of);

function tableOf(table: Table): ContractTable {
  const of = (kind: Constraint['kind']): Constraint[] =>
    table.constraints.filter((constraint) => constraint.kind === kind);
  return {
    columns: Object.fromEntries(
      table.columns.map((column) => [
        column.name,
        { type: column.type, nullable: !column.notNull, default: column.default },
      ]),
    ),
    checks: of('check').map(checkOf),
    foreign_keys: of('foreign-key').map(foreignKeyOf),
    unique: table.indexes
      .filter(({ unique }) => unique)
      .map((index) => ({
        columns: index.keys.map(({ column, expression }) => column ?? expression),
        ...(index.predicate !== null && { where: bare(index.predicate) }),
        ...(index.nullsNotDistinct && { nulls_not_distinct: true }),
      })),
    triggers: table.triggers.map(({ name }) => name),
  };
}

/** A list of values as a list; anything else as PostgreSQL prints it. */
function checkOf({ columns, expression }: Constraint): ContractCheck {
  const text = expression ?? '';
  const [column] = columns;
  const list = /^\(+"?[\w ]+"?\)?(?:::text)? = ANY \(+(?:ARRAY)\[(.*)\]\)?(?:::text\[\])?\)+$/s.exec(text)?.[1];
  const values =
    list === undefined
      ? []
      : [...list.matchAll(/'((?:[^']|'')*)'::[a-z ]+/g)].map(([, value]) => (value ?? '').replaceAll("''", "'"));
  if (column !== undefined && columns.length === 1 && values.length > 0) return { column, accepts: values };
  return { expression: bare(text) };
}

const foreignKeyOf = ({ columns, references, deferrable, deferred }: Constraint): ContractForeignKey => ({
  columns,
  references: references ? `${shortName(references)}(${references.columns.join(', ')})` : '',
  on_delete: references?.onDelete ?? 'no action',
  ...(references?.onUpdate !== 'no action' && { on_update: references?.onUpdate ?? 'no action' }),
  ...(deferrable && { deferrable: deferred ? 'initially deferred' : 'initially immediate' }),
});

const bare = (expression: string): string => {
  const inside = expression.slice(1, -1);
  let depth = 0;
  for (const char of inside) {
    depth += char === '(' ? 1 : char === ')' ? -1 : 0;
    if (depth < 0) return expression;
  }
  return expression.startsWith('(') && expression.endsWith(')') && depth === 0 ? inside : expression;
};

const keys = {
  contract: ['tables'],
  table: ['columns', 'checks', 'foreign_keys', 'unique', 'triggers'],
  column: ['type', 'nullable', 'default'],
  check: ['column', 'accepts', 'expression'],
  foreignKey: ['columns', 'references', 'on_delete', 'on_update', 'deferrable'],
  unique: ['columns', 'where', 'nulls_not_distinct'],
} as const;

/** Reads a contract. Throws `config.invalid` for what is not one, with the place in it. */
export async function readContract(path: string, text: string): Promise<Contract> {
  const { parse } = await loadYaml();
  const refuse = (place: string, problem: string, cause?: unknown): never => {
    throw new AmeliaError('config.invalid', { setting: path, value: place, problem }, { cause });
  };
  const objectAt = (value: unknown, place: string, allowed: readonly string[] | null): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(place, 'is not a mapping');
    const unknown = allowed && Object.keys(value).find((key) => !allowed.includes(key));
    if (unknown) return refuse(`${place}.${unknown}`, `there is no such key; there are ${allowed.join(', ')}`);
    return value as Record<string, unknown>;
  };
  const listAt = (value: unknown, place: string): readonly unknown[] =>
    value === undefined ? [] : Array.isArray(value) ? value : refuse(place, 'is not a list');
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    refuse('the file', `is not YAML: ${(error as Error).message.split('\n')[0]}`, error);
  }
  const contract = objectAt(document, 'the file', keys.contract);
  for (const [name, value] of Object.entries(objectAt(contract['tables'], 'tables', null))) {
    const table = objectAt(value, name, keys.table);
    for (const [column, about] of Object.entries(objectAt(table['columns'] ?? {}, `${name}.columns`, null))) {
      objectAt(about, `${name}.columns.${column}`, keys.column);
    }
    for (const [key, allowed] of [
      ['checks', keys.check],
      ['foreign_keys', keys.foreignKey],
      ['unique', keys.unique],
    ] as const) {
      for (const [i, entry] of listAt(table[key], `${name}.${key}`).entries()) {
        const place = `${name}.${key}[${i}]`;
        const read = objectAt(entry, place, allowed);
        if (key !== 'checks' && !Array.isArray(read['columns'])) refuse(place, 'has no list of columns');
        if (key === 'foreign_keys' && typeof read['references'] !== 'string')
          refuse(place, 'says not what it references');
        if (
          key === 'checks' &&
          read['expression'] === undefined &&
          (read['column'] === undefined || !Array.isArray(read['accepts']))
        ) {
          refuse(place, 'has neither an expression nor a column with what it accepts');
        }
      }
    }
    listAt(table['triggers'], `${name}.triggers`);
  }
  return contract as unknown as Contract;
}
