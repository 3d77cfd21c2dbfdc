// A process that a test can hold: arguments and environment in, text out.
import { EventEmitter } from 'node:events';
import type { Host } from '../../../src/cli/host.ts';
import { main } from '../../../src/cli/main.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export async function run(args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => ({
    write: (text: string, done?: () => void) => {
      written[name] += text;
      done?.();
    },
    on: () => {},
    isTTY: false,
  });
  const host = Object.assign(new EventEmitter(), {
    argv: ['node', 'amelia-db', ...args],
    env,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    exit: () => {},
  });
  const status = await main(host as unknown as Host);
  return { status, ...written };
}
