// A condition of a table as three-valued logic over what is known of a row: which columns are NULL, and in which
// class of its values each subject lies. Types, and the evaluation. Pure.
import type { Comparison, Language } from './language.ts';
import type { Family, Point } from './scalar.ts';

/** True, false, or null for unknown (manual, section 9.1). */
export type Truth = boolean | null;

/** A value that conditions speak of: a column, or an expression that cannot fail. */
export interface Subject {
  /** The same text is the same value. */
  readonly key: string;
  /** NULL when one of these is. */
  readonly columns: readonly string[];
  /** It may be NULL by itself, too, as a key that a document lacks. */
  readonly maybeNull: boolean;
  readonly family: Family | 'text' | 'boolean' | 'other';
  /** Of an integer: its bounds. */
  readonly type: string;
  /** An enum's labels. */
  readonly labels: readonly string[];
  /** Equality of strings is equality of their characters. */
  readonly deterministic: boolean;
}

export type Formula =
  | { readonly kind: 'constant'; readonly value: Truth }
  | { readonly kind: 'and' | 'or'; readonly args: readonly Formula[] }
  | { readonly kind: 'not'; readonly arg: Formula }
  /** `arg` IS TRUE, IS FALSE, IS UNKNOWN. */
  | { readonly kind: 'is'; readonly arg: Formula; readonly value: Truth }
  /** The first condition that is true decides. */
  | { readonly kind: 'case'; readonly whens: readonly (readonly [Formula, Formula])[]; readonly otherwise: Formula }
  | { readonly kind: 'null'; readonly subject: Subject }
  | { readonly kind: 'compare'; readonly subject: Subject; readonly operator: Comparison; readonly point: Point }
  | { readonly kind: 'language'; readonly subject: Subject; readonly language: Language }
  | { readonly kind: 'boolean'; readonly subject: Subject }
  /** Two subjects of one type, or one and a constant whose order is not known: less, equal or greater. */
  | {
      readonly kind: 'order';
      readonly pair: string;
      readonly subjects: readonly Subject[];
      readonly operator: Comparison;
    }
  /** Neither more nor less is known of it than that it is a boolean; `strict`: unknown when a subject is NULL. */
  | { readonly kind: 'opaque'; readonly key: string; readonly subjects: readonly Subject[] }
  /** How many of the subjects are not NULL. */
  | {
      readonly kind: 'count';
      readonly subjects: readonly Subject[];
      readonly operator: Comparison;
      readonly count: number;
    };

/** What is known of one row. */
export interface Known {
  readonly isNull: (subject: Subject) => boolean;
  /** What a condition says to a value that is there. */
  readonly says: (atom: Formula) => boolean;
}

/** What the formula says to the row. */
export function evaluate(formula: Formula, known: Known): Truth {
  switch (formula.kind) {
    case 'constant':
      return formula.value;
    case 'and':
    case 'or': {
      const decisive = formula.kind === 'or';
      let result: Truth = !decisive;
      for (const arg of formula.args) {
        const value = evaluate(arg, known);
        if (value === decisive) return decisive;
        if (value === null) result = null;
      }
      return result;
    }
    case 'not': {
      const value = evaluate(formula.arg, known);
      return value === null ? null : !value;
    }
    case 'is':
      return evaluate(formula.arg, known) === formula.value;
    case 'case':
      for (const [when, then] of formula.whens) if (evaluate(when, known) === true) return evaluate(then, known);
      return evaluate(formula.otherwise, known);
    case 'null':
      return known.isNull(formula.subject);
    case 'compare':
    case 'language':
    case 'boolean':
      return known.isNull(formula.subject) ? null : known.says(formula);
    case 'order':
    case 'opaque':
      return formula.subjects.some(known.isNull) ? null : known.says(formula);
    case 'count': {
      const count = formula.subjects.filter((subject) => !known.isNull(subject)).length;
      const order = count - formula.count;
      return { '=': order === 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[formula.operator];
    }
  }
}
