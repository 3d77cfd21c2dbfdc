// The statements of a file, packed: a data migration has millions of them, and an object each would
// take more memory than the file does.
import type { Statement, Statements } from './types.ts';

/** So many statements are in one block; the last block grows up to that. */
const blockSize = 1 << 16;

/** A list that grows at its end. Offsets are kept in 32 bits: no file that fits in a Buffer has more. */
export class StatementList implements Statements {
  /** Start and end of each statement, one after the other. */
  readonly #blocks: Uint32Array[] = [];
  /** What few statements have, by index. */
  readonly #rare = new Map<number, Omit<Statement, 'start' | 'end'>>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ start, end, ...rare }: Statement): void {
    const index = this.#length++;
    const at = 2 * (index % blockSize);
    const block = this.#room(Math.floor(index / blockSize), at);
    block[at] = start;
    block[at + 1] = end;
    const isRare = rare.control !== undefined || rare.barrier !== undefined || rare.copyData !== undefined;
    if (isRare) this.#rare.set(index, rare);
  }

  at(index: number): Statement | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    const block = this.#blocks[Math.floor(index / blockSize)]!;
    const at = 2 * (index % blockSize);
    const rare = this.#rare.get(index);
    return { start: block[at]!, end: block[at + 1]!, ...rare };
  }

  *[Symbol.iterator](): Iterator<Statement> {
    for (let index = 0; index < this.#length; index++) yield this.at(index)!;
  }

  #room(number: number, at: number): Uint32Array {
    const block = this.#blocks[number] ?? new Uint32Array(64);
    if (at < block.length) return (this.#blocks[number] = block);
    const grown = new Uint32Array(2 * block.length);
    grown.set(block);
    return (this.#blocks[number] = grown);
  }
}

/** Statements without the first and the last. */
export function inner(statements: Statements): Statements {
  const length = statements.length - 2;
  return {
    length,
    at: (index) => (index < 0 || index >= length ? undefined : statements.at(index + 1)),
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield statements.at(index + 1)!;
    },
  };
}
