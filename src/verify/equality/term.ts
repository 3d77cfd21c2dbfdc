// What conditions compare, read from PostgreSQL's parse tree: columns, constants, and the few expressions of them
// that cannot fail. Pure.
import { Undecided } from './automaton.ts';
import { constantOf, constantType, type Constant } from './constant.ts';
import type { Subject } from './formula.ts';
import { nodes, only, typeOf, type Node } from './tree.ts';

/** A column as conditions see it: under its domains. */
export interface ColumnType {
  readonly name: string;
  /** As `format_type` prints it. */
  readonly type: string;
  /** An enum's, in order. */
  readonly labels: readonly string[];
  /** Null for the type's own. */
  readonly collation: string | null;
}

/** What a condition compares. */
export type Term =
  | { readonly is: 'subject'; readonly subject: Subject }
  | Constant
  /** The first that is not NULL. */
  | { readonly is: 'coalesce'; readonly terms: readonly Term[] }
  | { readonly is: 'length'; readonly subject: Subject }
  | { readonly is: 'count'; readonly subjects: readonly Subject[]; readonly ofNulls: boolean };

/** Functions of one string that cannot fail, and give NULL for NULL only. */
const ofText = new Set(['lower', 'upper', 'btrim', 'ltrim', 'rtrim']);
const lengths = new Set(['length', 'char_length', 'character_length']);

/** Reads the terms of a condition on these columns. Each throws `Undecided` for what is not decided. */
export class TermReader {
  readonly #columns: ReadonlyMap<string, ColumnType>;

  constructor(columns: readonly ColumnType[]) {
    this.#columns = new Map(columns.map((column) => [column.name, column]));
  }

  term(node: Node): Term {
    const [kind, value] = only(node);
    switch (kind) {
      case 'ColumnRef':
        return { is: 'subject', subject: this.#column(nodes(value['fields'])) };
      case 'A_Const':
        return constantOf(value);
      case 'TypeCast':
        return this.#cast(this.term(value['arg'] as Node), typeOf(value['typeName'] as Node));
      case 'CollateClause':
        return this.#collated(value);
      case 'CoalesceExpr':
        return { is: 'coalesce', terms: nodes(value['args']).map((arg) => this.term(arg)) };
      case 'FuncCall':
        return this.#call(value);
      case 'A_Expr':
        return this.#field(value);
      default:
        throw new Undecided('an expression of another kind');
    }
  }

  #column(fields: readonly Node[]): Subject {
    const name = String(only(fields.at(-1) ?? {})[1]['sval']);
    const column = this.#columns.get(name);
    // PostgreSQL 15 prints a column with its table's name before it.
    if (!column || fields.length > 2) throw new Undecided('a name that is no column');
    const deterministic = column.collation === null || isPlainCollation(column.collation);
    return {
      key: JSON.stringify(name),
      columns: [name],
      maybeNull: false,
      family: familyOf(column.type, column.labels),
      type: column.type,
      labels: column.labels,
      deterministic,
    };
  }

  #collated(value: Readonly<Record<string, unknown>>): Term {
    const term = this.term(value['arg'] as Node);
    const name = nodes(value['collname']).map((part) => String(only(part)[1]['sval']));
    if (term.is === 'constant') return term;
    if (term.is !== 'subject') throw new Undecided('a collation of an expression');
    const { subject } = term;
    const deterministic = isPlainCollation(name.join('.'));
    return { is: 'subject', subject: { ...subject, key: `${subject.key} COLLATE ${name.join('.')}`, deterministic } };
  }

  /** A cast that cannot fail and keeps values apart: of others the key, which they keep, says what they are. */
  #cast(term: Term, type: string): Term {
    if (term.is === 'constant') return { ...term, type: constantType(term.text, term.type, type) };
    if (term.is === 'coalesce') return { is: 'coalesce', terms: term.terms.map((each) => this.#cast(each, type)) };
    if (term.is !== 'subject') {
      if (['integer', 'bigint', 'numeric'].includes(type)) return term;
      throw new Undecided('a length as another type');
    }
    const { subject } = term;
    const { family } = subject;
    const as = (changed: Partial<Subject>): Term => {
      return { is: 'subject', subject: { ...subject, key: `(${subject.key})::${type}`, type, ...changed } };
    };
    if (type === subject.type) return term;
    if (family === 'integer' && ['integer', 'bigint', 'numeric'].includes(type)) return term;
    if (family === 'numeric' && type === 'numeric') return term;
    if (family === 'float4' && type === 'double precision') return as({ family: 'float8' });
    if (family === 'text' && (type === 'text' || type === 'character varying')) return term;
    if (type === 'text') return as({ family: 'text', labels: [] });
    throw new Undecided(`a cast to ${type}`);
  }

  #call(value: Readonly<Record<string, unknown>>): Term {
    const name = nodes(value['funcname']).map((part) => String(only(part)[1]['sval']));
    const extras = ['agg_order', 'agg_filter', 'over', 'agg_distinct', 'func_variadic', 'agg_star'];
    if (name.length !== 1 || extras.some((extra) => value[extra]))
      throw new Undecided('a function of the schema itself');
    const [word = ''] = name;
    const terms = nodes(value['args'] ?? []).map((arg) => this.term(arg));
    const [first] = terms;
    if (word === 'num_nonnulls' || word === 'num_nulls') {
      const subjects = terms.map((term) => {
        if (term.is !== 'subject') throw new Undecided('a count of expressions');
        return term.subject;
      });
      return { is: 'count', subjects, ofNulls: word === 'num_nulls' };
    }
    if (terms.length !== 1 || first?.is !== 'subject') throw new Undecided(`the function ${word}`);
    const { subject } = first;
    const changed = { key: `${word}(${subject.key})`, labels: [] };
    if (subject.family === 'text' && lengths.has(word)) return { is: 'length', subject };
    if (subject.family === 'text' && ofText.has(word)) return { is: 'subject', subject: { ...subject, ...changed } };
    if (word === 'jsonb_typeof' && subject.type === 'jsonb')
      return { is: 'subject', subject: { ...subject, ...changed, family: 'text', type: 'text', deterministic: true } };
    throw new Undecided(`the function ${word}`);
  }

  /** A document's value under a constant key. */
  #field(value: Readonly<Record<string, unknown>>): Term {
    const operator = String(only(nodes(value['name'])[0] ?? {})[1]['sval']);
    if (nodes(value['name']).length !== 1 || !['->', '->>'].includes(operator) || value['kind'] !== 'AEXPR_OP')
      throw new Undecided(`the operator ${operator}`);
    const [left, right] = [this.term(value['lexpr'] as Node), this.term(value['rexpr'] as Node)];
    if (left.is !== 'subject' || left.subject.type !== 'jsonb' || right.is !== 'constant' || right.text === null)
      throw new Undecided('a key that is no constant');
    const key = `${left.subject.key} ${operator} ${JSON.stringify(right.text)}::${right.type ?? ''}`;
    const type = operator === '->>' ? 'text' : 'jsonb';
    const family = operator === '->>' ? 'text' : 'other';
    return { is: 'subject', subject: { ...left.subject, key, type, family, maybeNull: true, deterministic: true } };
  }

  /** The elements of an array that is written out. */
  elements(node: Node): readonly Term[] {
    const [kind, value] = only(node);
    if (kind === 'A_ArrayExpr') return nodes(value['elements'] ?? []).map((element) => this.term(element));
    if (kind !== 'TypeCast') throw new Undecided('an array that is no constant');
    const type = typeOf(value['typeName'] as Node);
    if (!type.endsWith('[]')) throw new Undecided('an array that is no constant');
    const of = type.slice(0, -2);
    const [inner, { sval }] = only(value['arg'] as Node);
    if (inner === 'A_Const') {
      const text = (sval as { readonly sval?: string } | undefined)?.sval ?? '';
      // Without quotes, escapes, NULL and arrays within.
      if (!/^\{([^{}"\\,\s]+(,[^{}"\\,\s]+)*)?\}$/.test(text) || /\bnull\b/i.test(text))
        throw new Undecided('an array that is written with quotes');
      const elements = text === '{}' ? [] : text.slice(1, -1).split(',');
      return elements.map((element) => ({ is: 'constant', text: element, type: of }));
    }
    return this.elements(value['arg'] as Node).map((element) => this.#cast(element, of));
  }
}

function familyOf(type: string, labels: readonly string[]): Subject['family'] {
  if (labels.length > 0) return 'enum';
  switch (type.replace(/\(.*?\)/, '')) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return 'integer';
    case 'numeric':
      return 'numeric';
    case 'double precision':
      return 'float8';
    case 'real':
      return 'float4';
    case 'date':
      return 'date';
    case 'timestamp without time zone':
      return 'timestamp';
    case 'timestamp with time zone':
      return 'timestamptz';
    case 'uuid':
      return 'uuid';
    case 'boolean':
      return 'boolean';
    case 'text':
    case 'character varying':
      return 'text';
    default:
      return 'other';
  }
}

const isPlainCollation = (name: string): boolean =>
  ['default', 'C', 'POSIX', 'ucs_basic'].includes(name.replaceAll('"', '').replace(/^pg_catalog\./, ''));
