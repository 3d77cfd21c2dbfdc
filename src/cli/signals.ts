// SIGHUP, SIGINT and SIGTERM: the first one asks the command to stop, the second one leaves at once.
// Never leaves on the first: the running statement has to be cancelled and rolled back.
import { interruption } from '../database/failure.ts';
import type { Host } from './host.ts';

const statuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Sessions give up before; this is for what waits for something else. */
const atMostMs = 1850;

/**
 * Runs `task` with a signal that aborts, for the reason 'SIGHUP', 'SIGINT' or 'SIGTERM', when the process is told to
 * stop. Rejects with the interruption when the task has not ended by then.
 */
export async function withSignals<T>(host: Host, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (error: Error) => void = () => {};
  const onSignal = (name: NodeJS.Signals): void => {
    if (signal.aborted) return host.exit(statuses[name as keyof typeof statuses]);
    controller.abort(name);
    const unknown = 'what it was at had not ended 2 s later';
    timer = setTimeout(() => giveUp(interruption(signal, { unknown })), atMostMs);
  };
  for (const name of Object.keys(statuses)) host.on(name, onSignal);
  try {
    return await Promise.race([task(signal), new Promise<never>((_, reject) => (giveUp = reject))]);
  } finally {
    clearTimeout(timer);
    for (const name of Object.keys(statuses)) host.off(name, onSignal);
  }
}
