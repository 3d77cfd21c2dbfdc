// Where the faults strike: every kind at every message, or a sample that is spread evenly over them.
// AMELIA_TEST_FAULTS is `all`, or points by name to look at again, such as `kill-after:17,cut-before:9`.

export interface Point {
  readonly kind: string;
  /** The number of the client's message, from 1. */
  readonly message: number;
}

export const asked = process.env.AMELIA_TEST_FAULTS ?? '';

/** Whether everything runs, not a sample. */
export const everything = asked === 'all';

/** How a point is asked for. */
export function nameOf({ kind, message }: Point): string {
  return `${kind}:${message}`;
}

/** The points to try out of all of them: each kind at each message. */
export function choosePoints(kinds: readonly string[], messages: number, sample: number): Point[] {
  const all = kinds.flatMap((kind) => Array.from({ length: messages }, (_, index) => ({ kind, message: index + 1 })));
  if (everything) return all;
  if (asked) return all.filter((point) => asked.split(',').includes(nameOf(point)));
  const random = randomFrom(20_270_101);
  const stride = all.length / Math.min(sample, all.length);
  // One point out of each stretch of the same length, so that no kind and no part of the run goes without.
  return Array.from({ length: Math.round(all.length / stride) }, (_, at) => {
    const index = Math.floor((at + random()) * stride);
    return all[Math.min(index, all.length - 1)]!;
  });
}

/** The same numbers in each run: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs `work` on each item, so many at once; the results are in the items' order. */
export async function pooled<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
