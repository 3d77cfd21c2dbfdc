// Ends what a session is at when the caller's signal is raised: one signal is enough, whatever the session waits
// for. Asks the server to cancel, again if need be, and at last gives the session up.

/** A second try when the server did not hear the first, and the moment to give up on the session. */
const cancelAgainMs = 300;
const giveUpMs = 1000;

export interface Stoppable {
  /** Whether the server has let it in: before, there is nothing to cancel. */
  readonly entered: boolean;
  /** Whether an answer is missing. */
  readonly busy: boolean;
  cancel(): Promise<void>;
  destroy(): void;
}

/** Until the function that it answers is called. */
export function stopOnAbort(session: Stoppable, signal: AbortSignal | undefined): () => void {
  const timers: NodeJS.Timeout[] = [];
  const cancel = () => {
    if (!session.entered) session.destroy();
    else if (session.busy) void session.cancel();
  };
  const stop = () => {
    cancel();
    timers.push(setInterval(cancel, cancelAgainMs).unref(), setTimeout(() => session.destroy(), giveUpMs).unref());
  };
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return () => {
    signal?.removeEventListener('abort', stop);
    for (const timer of timers) clearTimeout(timer);
  };
}
