// Commits that do not wait for the server's disk: what they did is told when it would survive a crash of
// the server. A later commit that waits carries all before it, since the log is written in order
// (manual, section 30.4); `settle` makes one. Never decides which commits wait.
import { isServerError } from './server-error.ts';
import type { Session } from './session.ts';

/** Something for a commit to wait for: one that wrote nothing to the log would not. It changes nothing. */
export const writeToLog = `pg_catalog.pg_logical_emit_message(true, 'amelia-db', '')`;

const mostTries = 10;

/** Sends a message that has to get through: a cancel request that was meant for a migration may still hit it. */
export async function insist(session: Session, text: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await session.query(text);
      return;
    } catch (error) {
      if (tries >= mostTries || !isServerError(error) || error.code !== '57014') throw error;
    }
  }
}

/** Makes all that has committed on the server, in whichever session, as durable as this session's commits are. */
export async function flush(session: Session): Promise<void> {
  await insist(session, `SELECT ${writeToLog}`);
}

interface Waiting {
  /** How many commits have to be durable. */
  readonly after: number;
  readonly isClaim: boolean;
  readonly tell: () => void;
}

/** What is to be told, in order, each when all that had committed by then is durable. */
export class Durability {
  #committed = 0;
  #durable = 0;
  #waiting: Waiting[] = [];
  #waitsSince = 0;

  /** For how long something has been waiting to be told; 0 when nothing does. */
  get waitsMs(): number {
    return this.#waiting.length === 0 ? 0 : performance.now() - this.#waitsSince;
  }

  /** A commit was answered; `waited` when that was for the disk too. */
  committed({ waited }: { readonly waited: boolean }): void {
    this.#committed++;
    if (waited) this.#reach(this.#committed);
  }

  /** Tells it now, or as soon as what was committed before is durable. A claim says that something is committed. */
  tell(tell: () => void, { isClaim = false }: { readonly isClaim?: boolean } = {}): void {
    if (this.#waiting.length === 0) this.#waitsSince = performance.now();
    this.#waiting.push({ after: this.#committed, isClaim, tell });
    this.#release();
  }

  /** Makes what has committed durable through `session`, and tells it. Throws when the server refuses or the session is lost. */
  async settle(session: Session): Promise<void> {
    const committed = this.#committed;
    if (this.#durable >= committed) return;
    await flush(session);
    this.#reach(committed);
  }

  /** Nobody can say any more what is durable: tells everything but the claims. */
  forsake(): void {
    const waiting = this.#waiting.filter(({ isClaim }) => !isClaim);
    this.#waiting = [];
    this.#durable = Infinity;
    for (const { tell } of waiting) tell();
  }

  #reach(committed: number): void {
    this.#durable = Math.max(this.#durable, committed);
    this.#release();
  }

  #release(): void {
    let told = 0;
    for (const { after, tell } of this.#waiting) {
      if (after > this.#durable) break;
      told++;
      tell();
    }
    this.#waiting.splice(0, told);
    if (told > 0) this.#waitsSince = performance.now();
  }
}
