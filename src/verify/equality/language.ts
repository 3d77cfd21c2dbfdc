// Sets of strings that conditions on a text column describe: a constant, a LIKE pattern, a regular expression, a
// length. Exact for what is read; anything else is refused. Pure.
import {
  anything,
  Builder,
  character as only,
  lastCodePoint,
  Undecided,
  type Automaton,
  type Piece,
} from './automaton.ts';
import { Regex } from './regex.ts';

export type Comparison = '=' | '<' | '<=' | '>' | '>=';

/** One condition on a string. */
export type Language =
  | { readonly kind: 'equals'; readonly value: string }
  | { readonly kind: 'like'; readonly pattern: string }
  | { readonly kind: 'regex'; readonly pattern: string }
  | { readonly kind: 'length'; readonly operator: Comparison; readonly length: number };

const mostProducts = 20_000;

function ofString(builder: Builder, value: string): Piece {
  return builder.sequence([builder.nothing(), ...[...value].map((character) => builder.read(only(character)))]);
}

/** `%`, `_`, and the backslash that escapes (manual, section 9.7.1). Throws `Undecided`. */
function ofLike(builder: Builder, pattern: string): Piece {
  const pieces = [builder.nothing()];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character === '%') pieces.push(builder.repeat(() => builder.read(anything), 0, Infinity));
    else if (character === '_') pieces.push(builder.read(anything));
    else if (character !== '\\') pieces.push(builder.read(only(character)));
    else {
      const escaped = characters[++i];
      if (escaped === undefined) throw new Undecided('the pattern ends with its escape character');
      pieces.push(builder.read(only(escaped)));
    }
  }
  return builder.sequence(pieces);
}

/** Any string whose length is in the bounds, which may lie outside of what a string can have. */
function ofLength(builder: Builder, operator: Comparison, length: number): Piece {
  const [least, most] = {
    '=': [length, length],
    '<': [0, length - 1],
    '<=': [0, length],
    '>': [length + 1, Infinity],
    '>=': [length, Infinity],
  }[operator] as [number, number];
  if (most < 0 || (operator === '=' && length < 0)) return { start: builder.state(), end: builder.state() };
  return builder.repeat(() => builder.read(anything), Math.max(0, least), most);
}

function automatonOf(language: Language): Automaton {
  const builder = new Builder();
  switch (language.kind) {
    case 'equals':
      return builder.finish(ofString(builder, language.value));
    case 'like':
      return builder.finish(ofLike(builder, language.pattern));
    case 'regex':
      return builder.finish(new Regex(builder, language.pattern).read());
    case 'length':
      return builder.finish(ofLength(builder, language.operator, language.length));
  }
}

/** Where the server's encoding has no multibyte characters (SQL_ASCII), one of ours is several of its. */
function refuseBytes(languages: readonly Language[]): void {
  const text = (language: Language): string =>
    language.kind === 'equals' ? language.value : language.kind === 'length' ? '' : language.pattern;
  const counts = languages.some(({ kind }) => kind !== 'equals');
  if (counts && languages.some((language) => /\P{ASCII}/u.test(text(language))))
    throw new Undecided('a pattern or a length beside characters that are not ASCII');
}

/** The states that are reached without reading, sorted. */
function closure({ empty }: Automaton, states: Iterable<number>): readonly number[] {
  const reached = new Set(states);
  for (const state of reached) for (const next of empty[state] ?? []) reached.add(next);
  return [...reached].sort((a, b) => a - b);
}

/** One character of each kind that the automata tell apart. */
function alphabet(automata: readonly Automaton[]): readonly number[] {
  const bounds = new Set([1]);
  for (const { steps } of automata)
    for (const step of steps)
      for (const [set] of step)
        for (const [low, high] of set) {
          bounds.add(low);
          if (high < lastCodePoint) bounds.add(high + 1);
        }
  return [...bounds];
}

/**
 * What the conditions can say to one and the same string, each combination once: some string gives each, and
 * each string gives one. Throws `Undecided`.
 */
export function classesOf(languages: readonly Language[]): readonly (readonly boolean[])[] {
  refuseBytes(languages);
  const automata = languages.map(automatonOf);
  const letters = alphabet(automata);
  const begin = automata.map((automaton) => closure(automaton, [automaton.start]));
  const seen = new Map([[begin.join('|'), begin]]);
  const found = new Map<string, readonly boolean[]>();
  for (const states of seen.values()) {
    const accepts = states.map((each, i) => each.includes(automata[i]?.end ?? -1));
    found.set(accepts.join(), accepts);
    for (const letter of letters) {
      const next = states.map((each, i) => {
        const automaton = automata[i] as Automaton;
        const targets = each.flatMap((state) =>
          (automaton.steps[state] ?? []).flatMap(([set, target]) =>
            set.some(([low, high]) => low <= letter && letter <= high) ? [target] : [],
          ),
        );
        return closure(automaton, targets);
      });
      const key = next.join('|');
      if (seen.has(key)) continue;
      if (seen.size >= mostProducts) throw new Undecided('the patterns are too long together');
      seen.set(key, next);
    }
  }
  return [...found.values()];
}
