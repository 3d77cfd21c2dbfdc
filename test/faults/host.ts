// The application of host-program.js, in the installed package's library: one for many commands, as a service is.
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inject } from 'vitest';
import type { CreateMigratorOptions } from '../../src/index.ts';
import type { Migrator } from '../../src/options.ts';
import { cleanEnvironment } from '../support/cli.ts';

export type Verb = Exclude<keyof Migrator, 'contract'>;

export interface Command {
  readonly verb: Verb;
  readonly args?: readonly unknown[];
  readonly settings: CreateMigratorOptions;
  /** The signal is raised at that event, from 1. */
  readonly abortAtEvent?: number;
  /** The signal is raised before the command begins. */
  readonly abortFirst?: boolean;
}

export interface Settled {
  /** `resolved`, the code of an AmeliaError, or what else it is. */
  readonly settled: string;
  readonly events: number;
}

export interface Host {
  /** One at a time. Rejects when the process ends, or the command does not. */
  run(command: Command): Promise<Settled>;
  /** Raises the signal of the command that runs. */
  abort(): Promise<void>;
  /** What nobody handled since the last time this was asked. */
  takeUnhandled(): string[];
  /** Lets it end by itself; gives its exit status, null where a signal ended it. */
  end(): Promise<number | null>;
}

/** So long nothing here takes: what is not settled by then never is. */
const neverMs = 60_000;

interface Told extends Partial<Settled> {
  readonly ready?: true;
  readonly aborted?: true;
  readonly unhandled?: string;
}

/** Starts it; as another user, where that is said. */
export async function startHost(user: { readonly uid?: number } = {}): Promise<Host> {
  const library = join(inject('installed'), 'node_modules', 'amelia-db', 'dist', 'index.js');
  const child = fork(fileURLToPath(new URL('host-program.js', import.meta.url)), [], {
    ...user,
    serialization: 'advanced',
    execArgv: [],
    cwd: '/',
    env: cleanEnvironment({ AMELIA_DB_LIBRARY: pathToFileURL(library).href }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()));
  let unhandled: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const waiting = new Set<(told: Told) => void>();
  child.on('message', (told: Told) => {
    if (told.unhandled !== undefined) unhandled.push(told.unhandled);
    for (const hear of waiting) hear(told);
  });
  const told = async (fits: (told: Told) => boolean, ask: () => void): Promise<Told> => {
    const { promise, resolve, reject } = withResolvers<Told>();
    const timer = setTimeout(() => reject(new Error('it never settled')), neverMs);
    const hear = (each: Told) => fits(each) && resolve(each);
    waiting.add(hear);
    void ended.then(() => reject(new Error(`the process ended:\n${said}`)));
    ask();
    return await promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(hear);
    });
  };
  await told(
    ({ ready }) => ready === true,
    () => {},
  );
  return {
    async run(command) {
      const { settled = '', events = 0 } = await told(
        (each) => each.settled !== undefined,
        () => child.send({ args: [], ...command }),
      );
      return { settled, events };
    },
    async abort() {
      await told(
        ({ aborted }) => aborted === true,
        () => child.send('abort'),
      );
    },
    takeUnhandled() {
      const taken = unhandled;
      unhandled = [];
      return taken;
    },
    async end() {
      child.disconnect();
      const status = await ended;
      if (said !== '') unhandled.push(`it printed: ${said}`);
      return status;
    },
  };
}

function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  promise.catch(() => {}); // it is awaited a moment later
  return { promise, resolve, reject };
}
