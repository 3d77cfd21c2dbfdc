// The statements of a file, packed: a data migration has millions of them, and an object each would
// take more memory than the file does.
import type { Statement, Statements } from './types.ts';

/** A list that grows at its end. Offsets are kept in 32 bits: no file that fits in a Buffer has more. */
export class StatementList implements Statements {
  #offsets = new Uint32Array(32);
  /** What few statements have, by index. */
  readonly #rare = new Map<number, Pick<Statement, 'control' | 'copyData'>>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ start, end, ...rare }: Statement): void {
    const at = this.#length++;
    if (2 * at === this.#offsets.length) {
      const grown = new Uint32Array(this.#offsets.length * 2);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
    this.#offsets[2 * at] = start;
    this.#offsets[2 * at + 1] = end;
    if (rare.control !== undefined || rare.copyData !== undefined) this.#rare.set(at, rare);
  }

  at(index: number): Statement | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    const start = this.#offsets[2 * index]!;
    const end = this.#offsets[2 * index + 1]!;
    const rare = this.#rare.get(index);
    return rare === undefined ? { start, end } : { start, end, ...rare };
  }

  /** The same statements without the first and the last. */
  inner(): StatementList {
    const inner = new StatementList();
    inner.#offsets = this.#offsets.subarray(2, 2 * (this.#length - 1));
    inner.#length = this.#length - 2;
    for (const [at, rare] of this.#rare) if (at > 0 && at <= inner.#length) inner.#rare.set(at - 1, rare);
    return inner;
  }

  *[Symbol.iterator](): Iterator<Statement> {
    for (let at = 0; at < this.#length; at++) yield this.at(at)!;
  }
}
