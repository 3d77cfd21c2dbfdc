// SIGINT and SIGTERM: the first one asks the migrator to stop, the second one leaves at once.
// Never leaves on the first: the running statement has to be cancelled and rolled back.
import type { Host } from './host.ts';

const statuses = { SIGINT: 130, SIGTERM: 143 } as const;

/** Runs `task` with a signal that aborts, for the reason 'SIGINT' or 'SIGTERM', when the process is told to stop. */
export async function withSignals<T>(host: Host, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) return controller.abort(name);
    host.exit(statuses[name as keyof typeof statuses]);
  };
  for (const name of Object.keys(statuses)) host.on(name, onSignal);
  try {
    return await task(controller.signal);
  } finally {
    for (const name of Object.keys(statuses)) host.off(name, onSignal);
  }
}
