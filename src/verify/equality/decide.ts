// Whether two conditions say the same to every row. Rows are divided into classes within which no condition can
// change its answer; both conditions are asked about each class. More classes than there are rows make an answer
// less often "the same", never wrongly. Pure.
import { Undecided } from './automaton.ts';
import { classesOf, type Language } from './language.ts';
import { evaluate, type Formula, type Known, type Subject, type Truth } from './formula.ts';
import { comparePoints, holds, placesOf, type Family, type Place, type Point } from './scalar.ts';

/** A CHECK lets a row in unless it is false; a predicate takes it in when it is true. */
export type Purpose = 'check' | 'predicate';

const mostClasses = 400_000;

type Atom = Extract<Formula, { kind: 'compare' | 'language' | 'boolean' | 'order' | 'opaque' }>;

/** One thing that a row chooses: `says[choice]` answers each of its atoms, which are called `keys`. */
interface Choice {
  readonly keys: readonly string[];
  readonly says: readonly (readonly boolean[])[];
}

/** True when both say the same to every row that has a value in each of the `notNull` columns. Throws `Undecided`. */
export function isSameCondition(a: Formula, b: Formula, as: Purpose, notNull: ReadonlySet<string>): boolean {
  const lets = (truth: Truth): boolean => (as === 'check' ? truth !== false : truth === true);
  const atoms = new Map<string, Atom>();
  const subjects = new Map<string, Subject>();
  for (const formula of [a, b]) collect(formula, atoms, subjects);
  const choices = choicesOf([...atoms.values()]);
  const columns = [...new Set([...subjects.values()].flatMap((subject) => subject.columns))];
  for (const column of columns)
    choices.push({ keys: [nullKey(column)], says: notNull.has(column) ? [[false]] : [[false], [true]] });
  for (const subject of subjects.values())
    if (subject.maybeNull) choices.push({ keys: [nullKey(`(${subject.key})`)], says: [[false], [true]] });
  const size = choices.reduce((product, { says }) => product * says.length, 1);
  if (size > mostClasses) throw new Undecided('too many combinations of columns');
  const answers = new Map<string, boolean>();
  const isNull = (subject: Subject): boolean =>
    subject.columns.some((column) => answers.get(nullKey(column))) || answers.get(nullKey(`(${subject.key})`)) === true;
  const known: Known = { isNull, says: (atom) => answers.get(keyOf(atom as Atom)) ?? false };
  const tryAll = (at: number): boolean => {
    const choice = choices[at];
    if (choice === undefined) return lets(evaluate(a, known)) === lets(evaluate(b, known));
    return choice.says.every((says) => {
      choice.keys.forEach((key, i) => answers.set(key, says[i] ?? false));
      return tryAll(at + 1);
    });
  };
  return tryAll(0);
}

const nullKey = (of: string): string => `null:${of}`;

function keyOf(atom: Atom): string {
  switch (atom.kind) {
    case 'compare':
      return `${atom.kind}:${atom.subject.key}:${atom.operator}:${atom.point.units}/${atom.point.scale}`;
    case 'language':
      return `${atom.kind}:${atom.subject.key}:${JSON.stringify(atom.language)}`;
    case 'boolean':
      return `${atom.kind}:${atom.subject.key}`;
    case 'order':
      return `${atom.kind}:${atom.pair}:${atom.operator}`;
    case 'opaque':
      return `${atom.kind}:${atom.key}`;
  }
}

function collect(formula: Formula, atoms: Map<string, Atom>, subjects: Map<string, Subject>): void {
  const named = (subject: Subject): unknown => subjects.set(subject.key, subject);
  switch (formula.kind) {
    case 'constant':
      return;
    case 'and':
    case 'or':
      return formula.args.forEach((arg) => collect(arg, atoms, subjects));
    case 'not':
    case 'is':
      return collect(formula.arg, atoms, subjects);
    case 'case':
      for (const [when, then] of formula.whens) {
        collect(when, atoms, subjects);
        collect(then, atoms, subjects);
      }
      return collect(formula.otherwise, atoms, subjects);
    case 'null':
      return void named(formula.subject);
    case 'count':
      return formula.subjects.forEach(named);
    case 'order':
    case 'opaque':
      formula.subjects.forEach(named);
      return void atoms.set(keyOf(formula), formula);
    default:
      named(formula.subject);
      atoms.set(keyOf(formula), formula);
  }
}

/** What a row can choose, for each subject and each pair of subjects. */
function choicesOf(atoms: readonly Atom[]): Choice[] {
  const groups = new Map<string, Atom[]>();
  for (const atom of atoms) {
    const group =
      atom.kind === 'order'
        ? `order:${atom.pair}`
        : atom.kind === 'opaque'
          ? keyOf(atom)
          : `${atom.kind}:${atom.subject.key}`;
    groups.set(group, [...(groups.get(group) ?? []), atom]);
  }
  return [...groups.values()].map((group) => ({ keys: group.map(keyOf), says: answersOf(group) }));
}

function answersOf(group: readonly Atom[]): readonly (readonly boolean[])[] {
  const [first] = group;
  switch (first?.kind) {
    case 'compare': {
      const { family, type, labels } = first.subject;
      const compared = group.filter((atom) => atom.kind === 'compare');
      const points = distinct(compared.map(({ point }) => point));
      const places = placesOf(points, family as Family, type, labels.length);
      const says = ({ orders }: Place): readonly boolean[] =>
        compared.map(({ operator, point }) =>
          holds(operator, orders[points.findIndex((each) => comparePoints(each, point) === 0)] ?? 0),
        );
      return places.map(says);
    }
    case 'language':
      return classesOf(group.map((atom) => (atom as { readonly language: Language }).language));
    case 'order':
      return [-1, 0, 1].map((order) =>
        group.map((atom) => holds((atom as Extract<Atom, { kind: 'order' }>).operator, order)),
      );
    default:
      return [group.map(() => false), group.map(() => true)];
  }
}

function distinct(points: readonly Point[]): readonly Point[] {
  const sorted = [...points].sort(comparePoints);
  return sorted.filter((point, i) => i === 0 || comparePoints(sorted[i - 1] as Point, point) !== 0);
}
