// PostgreSQL's regular expressions as automata: those that mean the same in every locale. Pure.
import {
  anything,
  character as only,
  lastCodePoint,
  Undecided,
  type Builder,
  type Piece,
  type Range,
} from './automaton.ts';

/** A repetition is written out (manual, section 9.7.3: DUP_MAX). */
const mostRepeats = 255;

/**
 * Advanced regular expressions (manual, section 9.7.3) without what depends on a locale, looks around or refers
 * back, and with `^` and `$` at the ends of a pattern's branches only. Throws `Undecided`.
 */
export class Regex {
  readonly #builder: Builder;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(builder: Builder, pattern: string) {
    if (pattern.startsWith('***') || pattern.startsWith('(?')) throw new Undecided('the pattern has options');
    this.#builder = builder;
    this.#characters = [...pattern];
  }

  read(): Piece {
    const branches: Piece[] = [];
    do branches.push(this.#topBranch());
    while (this.#take('|'));
    if (this.#at < this.#characters.length) throw new Undecided('an unpaired parenthesis');
    return this.#builder.oneOf(branches);
  }

  #take(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #topBranch(): Piece {
    const around = (): Piece => this.#builder.repeat(() => this.#builder.read(anything), 0, Infinity);
    const before = this.#take('^') ? this.#builder.nothing() : around();
    const inside = this.#branch();
    const after = this.#take('$') ? this.#builder.nothing() : around();
    return this.#builder.sequence([before, inside, after]);
  }

  #branch(): Piece {
    const pieces = [this.#builder.nothing()];
    for (;;) {
      const next = this.#characters[this.#at];
      if (next === undefined || next === '|' || next === ')' || next === '$') return this.#builder.sequence(pieces);
      pieces.push(this.#quantified());
    }
  }

  #quantified(): Piece {
    const begun = this.#at;
    const atom = (): Piece => {
      this.#at = begun;
      return this.#atom();
    };
    const first = atom();
    const after = this.#at;
    const bounds = this.#bounds();
    if (bounds === undefined) return first;
    const end = this.#at;
    if (this.#characters[end] === '?') throw new Undecided('a quantifier that prefers short matches');
    if (['*', '+', '{'].includes(this.#characters[end] ?? '')) throw new Undecided('two quantifiers in a row');
    let used = false;
    const repeated = this.#builder.repeat(
      () => {
        if (used) return atom();
        used = true;
        return first;
      },
      bounds[0],
      bounds[1],
    );
    if (this.#at !== after && this.#at !== end) throw new Undecided('a quantifier was misread');
    this.#at = end;
    return repeated;
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    if (this.#characters[this.#at] !== '{') return undefined;
    const [, least = '', comma, most] =
      /^\{(\d+)(,(\d*))?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join('')) ?? [];
    if (least === '') throw new Undecided('a brace that is no quantifier');
    while (!this.#take('}')) this.#at++;
    const bounds = [Number(least), comma === undefined ? Number(least) : most ? Number(most) : Infinity] as const;
    if (bounds[0] > mostRepeats || (bounds[1] !== Infinity && (bounds[1] > mostRepeats || bounds[1] < bounds[0])))
      throw new Undecided('a quantifier out of bounds');
    return bounds;
  }

  #atom(): Piece {
    const character = this.#characters[this.#at++] ?? '';
    switch (character) {
      case '(': {
        if (this.#take('?')) {
          if (!this.#take(':')) throw new Undecided('a constraint that looks around');
        } else if (this.#characters[this.#at] === '*') throw new Undecided('a quantifier without an atom');
        const branches: Piece[] = [];
        do branches.push(this.#branch());
        while (this.#take('|'));
        if (!this.#take(')')) throw new Undecided('an anchor within a group, or an unpaired parenthesis');
        return this.#builder.oneOf(branches);
      }
      case '[':
        return this.#builder.read(this.#set());
      case '.':
        return this.#builder.read(anything);
      case '\\':
        return this.#builder.read(only(this.#escape()));
      case '^':
      case '*':
      case '+':
      case '?':
      case '{':
        throw new Undecided(`${character} where it is not expected`);
      default:
        return this.#builder.read(only(character));
    }
  }

  /** Any character that is no letter and no digit stands for itself. */
  #escape(): string {
    const escaped = this.#characters[this.#at++] ?? '';
    if (escaped === '' || /[\p{L}\p{N}_]/u.test(escaped)) throw new Undecided('an escape that depends on a locale');
    return escaped;
  }

  #set(): readonly Range[] {
    const isNegated = this.#take('^');
    const ranges: Range[] = [];
    for (let first = true; first || this.#characters[this.#at] !== ']'; first = false) {
      const from = this.#member();
      if (this.#characters[this.#at] === '-' && this.#characters[this.#at + 1] !== ']') {
        this.#at++;
        const to = this.#member();
        if (to < from) throw new Undecided('a range that ends before it begins');
        ranges.push([from, to]);
      } else ranges.push([from, from]);
    }
    this.#at++;
    return isNegated ? complement(ranges) : ranges;
  }

  #member(): number {
    let character = this.#characters[this.#at++];
    if (character === undefined) throw new Undecided('an unpaired bracket');
    if (character === '[' && ['.', ':', '='].includes(this.#characters[this.#at] ?? ''))
      throw new Undecided('a class of characters that depends on a locale');
    if (character === '\\') character = this.#escape();
    return character.codePointAt(0) ?? 0;
  }
}

function complement(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const rest: Range[] = [];
  let from = 1;
  for (const [low, high] of sorted) {
    if (low > from) rest.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= lastCodePoint) rest.push([from, lastCodePoint]);
  return rest;
}
