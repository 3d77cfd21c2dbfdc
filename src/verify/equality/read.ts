// PostgreSQL's own parse tree of a condition, as a formula: what can be decided, with the rest refused. The
// conditions are as a server prints them with an empty search path, so a bare name is one of pg_catalog. Pure.
import { Undecided } from './automaton.ts';
import type { Comparison, Language } from './language.ts';
import type { Formula, Subject, Truth } from './formula.ts';
import { compareConstants, refuseOther } from './constant.ts';
import { pointOf } from './scalar.ts';
import { TermReader, type ColumnType, type Term } from './term.ts';
import { nodes, only, type Node } from './tree.ts';

const always = (value: Truth): Formula => ({ kind: 'constant', value });
const not = (arg: Formula): Formula => ({ kind: 'not', arg });
const any = (args: readonly Formula[]): Formula => ({ kind: 'or', args });
const all = (args: readonly Formula[]): Formula => ({ kind: 'and', args });

/** Operators of pg_catalog on strings, and whether they say the opposite. */
const patterns: Readonly<Record<string, readonly ['like' | 'regex', boolean]>> = {
  '~~': ['like', false],
  '!~~': ['like', true],
  '~': ['regex', false],
  '!~': ['regex', true],
};
const turned: Readonly<Record<string, Comparison>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };
/** Throws `Undecided` for what is not decided. */
export function readCondition(node: Node, columns: readonly ColumnType[]): Formula {
  return new Reader(columns).formula(node);
}

class Reader {
  readonly #terms: TermReader;

  constructor(columns: readonly ColumnType[]) {
    this.#terms = new TermReader(columns);
  }

  formula(node: Node): Formula {
    const [kind, value] = only(node);
    switch (kind) {
      case 'BoolExpr': {
        const args = nodes(value['args']).map((arg) => this.formula(arg));
        if (value['boolop'] === 'NOT_EXPR') return not(args[0] as Formula);
        return value['boolop'] === 'OR_EXPR' ? any(args) : all(args);
      }
      case 'NullTest': {
        const isNull = this.#isNull(this.#terms.term(value['arg'] as Node));
        return value['nulltesttype'] === 'IS_NULL' ? isNull : not(isNull);
      }
      case 'BooleanTest': {
        const [, negated, word = ''] = /^IS_(NOT_)?(TRUE|FALSE|UNKNOWN)$/.exec(String(value['booltesttype'])) ?? [];
        const wanted = { TRUE: true, FALSE: false, UNKNOWN: null }[word] ?? null;
        const is: Formula = { kind: 'is', arg: this.formula(value['arg'] as Node), value: wanted };
        return negated ? not(is) : is;
      }
      case 'CaseExpr': {
        if (value['arg']) throw new Undecided('CASE with an operand');
        const whens = nodes(value['args']).map((when) => {
          const [, { expr, result }] = only(when);
          return [this.formula(expr as Node), this.formula(result as Node)] as const;
        });
        const otherwise = value['defresult'] ? this.formula(value['defresult'] as Node) : always(null);
        return { kind: 'case', whens, otherwise };
      }
      case 'A_Expr':
        return this.#comparison(value);
      default:
        return this.#boolean(this.#terms.term(node));
    }
  }

  #comparison(value: Readonly<Record<string, unknown>>): Formula {
    const name = nodes(value['name']).map((part) => String(only(part)[1]['sval']));
    if (name.length !== 1) throw new Undecided('an operator of the schema itself');
    const operator = name[0] ?? '';
    const [left, right] = [value['lexpr'], value['rexpr']] as [Node, Node];
    switch (value['kind']) {
      case 'AEXPR_OP':
        return left === undefined
          ? this.#boolean(this.#terms.term({ A_Expr: value }))
          : this.#operation(operator, left, right);
      case 'AEXPR_OP_ANY':
      case 'AEXPR_OP_ALL': {
        const each = this.#terms
          .elements(right)
          .map((element) => this.#apply(operator, this.#terms.term(left), element));
        return value['kind'] === 'AEXPR_OP_ANY' ? any(each) : all(each);
      }
      case 'AEXPR_IN': {
        const { items } = only(right)[1];
        const equal = any(nodes(items).map((item) => this.#apply('=', this.#terms.term(left), this.#terms.term(item))));
        return operator === '<>' ? not(equal) : equal;
      }
      case 'AEXPR_DISTINCT':
      case 'AEXPR_NOT_DISTINCT': {
        const [a, b] = [this.#terms.term(left), this.#terms.term(right)];
        const [aNull, bNull] = [this.#isNull(a), this.#isNull(b)];
        const differ = any([
          all([not(aNull), bNull]),
          all([aNull, not(bNull)]),
          { kind: 'is', arg: this.#apply('=', a, b), value: false },
        ]);
        return value['kind'] === 'AEXPR_DISTINCT' ? differ : not(differ);
      }
      default:
        throw new Undecided('an expression of another kind');
    }
  }

  #operation(operator: string, left: Node, right: Node): Formula {
    const isBoolean = (node: Node): boolean =>
      ['BoolExpr', 'NullTest', 'BooleanTest'].includes(only(node)[0]) ||
      (only(node)[0] === 'A_Expr' && this.#isCondition(only(node)[1]));
    if (!isBoolean(left) && !isBoolean(right))
      return this.#apply(operator, this.#terms.term(left), this.#terms.term(right));
    return equalBooleans(operator, this.formula(left), this.formula(right));
  }

  #isCondition(value: Readonly<Record<string, unknown>>): boolean {
    const operator = String(only(nodes(value['name'])[0] ?? {})[1]['sval']);
    return value['kind'] !== 'AEXPR_OP' || operator in turned || operator === '<>' || operator in patterns;
  }

  /** `left operator right`, with the terms read. */
  #apply(operator: string, left: Term, right: Term): Formula {
    if (operator === '<>') return not(this.#apply('=', left, right));
    const pattern = patterns[operator];
    if (pattern) {
      const [kind, isNegated] = pattern;
      const says = this.#split(left, (term) => this.#matches(kind, term, right));
      return isNegated ? not(says) : says;
    }
    if (!(operator in turned)) throw new Undecided(`the operator ${operator}`);
    const comparison = operator as Comparison;
    return this.#split(left, (a) => this.#split(right, (b) => this.#compare(comparison, a, b)));
  }

  /** COALESCE as the cases of what is NULL. */
  #split(term: Term, say: (term: Exclude<Term, { is: 'coalesce' }>) => Formula): Formula {
    if (term.is !== 'coalesce') return say(term);
    const whens = term.terms.map((each) => [not(this.#isNull(each)), this.#split(each, say)] as const);
    return { kind: 'case', whens, otherwise: always(null) };
  }

  #matches(kind: 'like' | 'regex', term: Exclude<Term, { is: 'coalesce' }>, pattern: Term): Formula {
    if (pattern.is !== 'constant') throw new Undecided('a pattern that is no constant');
    if (pattern.text === null) return always(null);
    if (term.is !== 'subject' || term.subject.family !== 'text') throw new Undecided('a pattern of no string');
    if (!term.subject.deterministic) throw new Undecided('a collation that may not tell strings apart');
    return this.#language(term.subject, { kind, pattern: pattern.text });
  }

  /** The language, or where it cannot be read, no more than that it is a condition on the subject. */
  #language(subject: Subject, language: Language): Formula {
    if (language.kind === 'regex' && /\\[a-zA-Z]|\[[:.=]|\(\?|^\*\*\*|[*+?}][?]/.test(language.pattern))
      return { kind: 'opaque', key: `${subject.key} ${JSON.stringify(language)}`, subjects: [subject] };
    return { kind: 'language', subject, language };
  }

  #compare(
    operator: Comparison,
    left: Exclude<Term, { is: 'coalesce' }>,
    right: Exclude<Term, { is: 'coalesce' }>,
  ): Formula {
    if (left.is === 'constant') {
      if (left.text === null || (right.is === 'constant' && right.text === null)) return always(null);
      if (right.is === 'constant')
        return always(compareConstants(operator, [left.text, right.text ?? ''], [left.type, right.type]));
      return this.#compare(turned[operator] as Comparison, right, left);
    }
    if (right.is === 'constant') {
      if (right.text === null) return always(null);
      return this.#compareWith(operator, left, right.text, right.type);
    }
    if (left.is !== 'subject' || right.is !== 'subject') throw new Undecided('a length beside another column');
    const [a, b] = [left.subject, right.subject];
    if (a.family === 'other' || a.family !== b.family || a.labels.join() !== b.labels.join())
      throw new Undecided('columns of different types');
    if (a.family === 'boolean')
      return equalBooleans(operator, { kind: 'boolean', subject: a }, { kind: 'boolean', subject: b });
    if (!a.deterministic || !b.deterministic) throw new Undecided('a collation that may not tell strings apart');
    if (a.key === b.key) throw new Undecided('a column beside itself');
    const isTurned = a.key > b.key;
    return {
      kind: 'order',
      pair: [a.key, b.key].sort().join(' : '),
      subjects: [a, b],
      operator: isTurned ? (turned[operator] as Comparison) : operator,
    };
  }

  #compareWith(
    operator: Comparison,
    term: Exclude<Term, { is: 'coalesce' | 'constant' }>,
    text: string,
    type: string | undefined,
  ): Formula {
    if (term.is === 'length' || term.is === 'count') {
      const number = Number(text);
      if (!/^-?\d{1,6}$/.test(text)) throw new Undecided('a length that is no small number');
      if (term.is === 'length') {
        const { subject } = term;
        return { kind: 'language', subject, language: { kind: 'length', operator, length: number } };
      }
      const { subjects, ofNulls } = term;
      return ofNulls
        ? { kind: 'count', subjects, operator: turned[operator] as Comparison, count: subjects.length - number }
        : { kind: 'count', subjects, operator, count: number };
    }
    const { subject } = term;
    const { family } = subject;
    switch (family) {
      case 'text':
        if (type === undefined || !['unknown', 'text', 'character varying'].includes(type))
          throw new Undecided('a string beside another type');
        if (!subject.deterministic) throw new Undecided('a collation that may not tell strings apart');
        if (operator === '=') return { kind: 'language', subject, language: { kind: 'equals', value: text } };
        return { kind: 'order', pair: `${subject.key} : ${JSON.stringify(text)}`, subjects: [subject], operator };
      case 'boolean': {
        if (operator !== '=') throw new Undecided('an order of booleans');
        const is: Formula = { kind: 'boolean', subject };
        return /^t/.test(text) ? is : not(is);
      }
      case 'other':
        throw new Undecided('a type whose values are not told apart');
      default:
        refuseOther(family, type, subject);
        return { kind: 'compare', subject, operator, point: pointOf(text, family, subject.labels) };
    }
  }

  #boolean(term: Term): Formula {
    return this.#split(term, (each) => {
      if (each.is === 'constant') return always(each.text === null ? null : /^t/.test(each.text));
      if (each.is !== 'subject' || each.subject.family !== 'boolean') throw new Undecided('no boolean');
      return { kind: 'boolean', subject: each.subject };
    });
  }

  #isNull(term: Term): Formula {
    switch (term.is) {
      case 'constant':
        return always(term.text === null);
      case 'subject':
      case 'length':
        return { kind: 'null', subject: term.subject };
      case 'count':
        return always(false);
      case 'coalesce':
        return all(term.terms.map((each) => this.#isNull(each)));
    }
  }
}

/** `a = b` or `a <> b` of two conditions. Throws `Undecided` for an order of them. */
function equalBooleans(operator: string, a: Formula, b: Formula): Formula {
  if (operator !== '=' && operator !== '<>') throw new Undecided('an order of conditions');
  const is = (arg: Formula, value: Truth): Formula => ({ kind: 'is', arg, value });
  const equal = any([all([is(a, true), is(b, true)]), all([is(a, false), is(b, false)])]);
  const unknown = any([is(a, null), is(b, null)]);
  return {
    kind: 'case',
    whens: [[unknown, always(null)]],
    otherwise: operator === '=' ? equal : not(equal),
  };
}
