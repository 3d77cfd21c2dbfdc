// Finite automata that read strings, built piece by piece. Pure.

/** Not in the part of PostgreSQL's expressions that is decided. */
export class Undecided extends Error {}

/** Code points from the first to the second, both included. */
export type Range = readonly [number, number];

/** A nondeterministic automaton: `steps[state]` are its transitions, `empty[state]` those that read nothing. */
export interface Automaton {
  readonly steps: (readonly [readonly Range[], number])[][];
  readonly empty: number[][];
  readonly start: number;
  readonly end: number;
}

export const lastCodePoint = 0x10ffff;
/** Text holds no character 0 (manual, section 8.3). */
export const anything: readonly Range[] = [[1, lastCodePoint]];
const mostStates = 6000;

/** Strings are built piece by piece; each piece has one start and one end. */
export class Builder {
  readonly steps: (readonly [readonly Range[], number])[][] = [];
  readonly empty: number[][] = [];

  state(): number {
    if (this.steps.length >= mostStates) throw new Undecided('the pattern is too long');
    this.empty.push([]);
    return this.steps.push([]) - 1;
  }

  read(set: readonly Range[]): Piece {
    const [start, end] = [this.state(), this.state()];
    this.steps[start]?.push([set, end]);
    return { start, end };
  }

  nothing(): Piece {
    const state = this.state();
    return { start: state, end: state };
  }

  join(from: number, to: number): void {
    this.empty[from]?.push(to);
  }

  sequence(pieces: readonly Piece[]): Piece {
    const [first = this.nothing(), ...rest] = pieces;
    let { end } = first;
    for (const piece of rest) {
      this.join(end, piece.start);
      end = piece.end;
    }
    return { start: first.start, end };
  }

  oneOf(pieces: readonly Piece[]): Piece {
    const [start, end] = [this.state(), this.state()];
    for (const piece of pieces) {
      this.join(start, piece.start);
      this.join(piece.end, end);
    }
    return { start, end };
  }

  /** `piece` builds one copy. */
  repeat(piece: () => Piece, least: number, most: number): Piece {
    const parts: Piece[] = Array.from({ length: least }, piece);
    if (most === Infinity) {
      const loop = piece();
      const around = this.nothing();
      this.join(around.start, loop.start);
      this.join(loop.end, around.start);
      parts.push(around);
    } else {
      const end = this.state();
      for (let n = least; n < most; n++) {
        const optional = piece();
        this.join(optional.start, end);
        parts.push(optional);
      }
      parts.push({ start: end, end });
    }
    return this.sequence(parts);
  }

  finish({ start, end }: Piece): Automaton {
    return { steps: this.steps, empty: this.empty, start, end };
  }
}

export interface Piece {
  readonly start: number;
  readonly end: number;
}

export const character = (sign: string): readonly Range[] => {
  const code = sign.codePointAt(0) ?? 0;
  return [[code, code]];
};
