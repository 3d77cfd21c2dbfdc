// What was sent in a session and is not answered yet, in the order of sending. Bounds it; sends nothing itself.
import type { Listener } from './session.ts';

/** A message that is not answered yet. */
export interface Pending {
  readonly bytes: number;
  /** When the server could begin with it. */
  startedAt: number;
  readonly listener: Listener | undefined;
}

/** Bounds of what is in flight: enough to hide the round trip, little enough to cancel and to hold in memory. */
const mostMessages = 1000;
const mostBytes = 1024 * 1024;

export class InFlight {
  readonly #messages: Pending[] = [];
  #bytes = 0;
  #roomMade: (() => void) | undefined;

  /** The message that the server is at. */
  get current(): Pending | undefined {
    return this.#messages[0];
  }

  add(bytes: number, listener: Listener | undefined): Pending {
    const pending = { bytes, startedAt: performance.now(), listener };
    this.#messages.push(pending);
    this.#bytes += bytes;
    return pending;
  }

  /** The current message was answered. */
  settle(): void {
    this.#bytes -= this.#messages.shift()?.bytes ?? 0;
    if (this.current) this.current.startedAt = performance.now();
    this.#roomMade?.();
  }

  /**
   * Resolves when there is room for a message of so many bytes. Once it was full, that is when it is half
   * empty: filled up one by one, each message would cost a round trip again.
   */
  async room(bytes: number): Promise<void> {
    if (this.#fits(bytes, 1)) return;
    while (this.#messages.length > 0 && !this.#fits(bytes, 2)) {
      await new Promise<void>((resolve) => (this.#roomMade = resolve));
    }
  }

  #fits(bytes: number, share: number): boolean {
    return this.#messages.length < mostMessages / share && (this.#bytes + bytes) * share <= mostBytes;
  }
}
