// A script whose text is too large to be held while it runs: read once more, piece by piece, and held
// against the checksum of what was parsed before the migration may be committed.
import { AmeliaError } from '../errors.ts';
import { RunningChecksum } from './checksum.ts';
import { readPiece, readText } from './discover.ts';
import type { Script, TextReader } from './types.ts';

/** From this size on, in bytes, a text is let go of. */
const largeBytes = 16 * 1024 * 1024;
const pieceBytes = 1024 * 1024;

/** The same script, without its text in memory where that is large. */
export function withoutText(script: Script): Script {
  // Without a transaction, a text that changed meanwhile could not be undone.
  if (script.text.length < largeBytes || !script.transaction) return script;
  const { path, checksum, advisory, statements, transaction, lockTimeoutMs, statementTimeoutMs } = script;
  return {
    path,
    checksum,
    advisory,
    statements,
    transaction,
    ...(lockTimeoutMs !== undefined && { lockTimeoutMs }),
    ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
    get text() {
      return readText(path);
    },
    reader: () => new PieceReader(path, checksum),
  };
}

class PieceReader implements TextReader {
  readonly #path: string;
  readonly #checksum: string;
  readonly #running = new RunningChecksum();
  /** What was read last: the text from `#start` to `#end`. */
  #window: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  constructor(path: string, checksum: string) {
    this.#path = path;
    this.#checksum = checksum;
  }

  read(start: number, end: number): Buffer {
    if (end > this.#end) this.#slide(Math.min(start, this.#end), end);
    return this.#window.subarray(start - this.#start, end - this.#start);
  }

  /** Into one buffer, made once: put together piece by piece, a long statement would be copied for each of them. */
  #slide(start: number, end: number): void {
    const kept = this.#window.subarray(start - this.#start);
    const window = Buffer.allocUnsafe(end - start + pieceBytes);
    let filled = kept.copy(window);
    while (end > this.#end) {
      const piece = this.#piece();
      if (piece.length === 0) throw this.#changed();
      filled += piece.copy(window, filled);
    }
    this.#start = start;
    this.#window = window.subarray(0, filled);
  }

  confirm(): void {
    while (this.#piece().length > 0);
    if (this.#running.digest() !== this.#checksum) throw this.#changed();
  }

  #piece(): Buffer {
    let piece: Buffer;
    try {
      piece = readPiece(this.#path, this.#end, pieceBytes);
    } catch (cause) {
      throw this.#changed(cause);
    }
    this.#end += piece.length;
    this.#running.update(piece);
    return piece;
  }

  #changed(cause?: unknown) {
    return new AmeliaError('apply.file-changed', { path: this.#path }, { cause });
  }
}
