// Runs the packed and installed command line as a child process, in an environment that holds nothing but what a
// test says: no PG*, DATABASE_URL, NO_COLOR or CI leaks in from outside.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { inject } from 'vitest';

/** The command's file in the package as it was packed and installed (package-setup.ts). */
export function installedBin(): string {
  return join(inject('installed'), 'node_modules', 'amelia-db', 'bin', 'amelia-db.js');
}

export interface AmeliaOptions {
  /** Added to the clean environment. */
  env?: Record<string, string>;
  cwd?: string;
  /** Standard input; without it, standard input is at its end. */
  input?: string;
  /** After this, SIGKILL; 60 s by default. */
  timeoutMs?: number;
  /** Kills the process with SIGKILL. */
  signal?: AbortSignal;
  /** Another command file than the installed package's. */
  bin?: string;
  /** Another Node.js than this one. */
  node?: string;
  /** Another user than the one that runs the tests. */
  uid?: number;
  /** Options of Node itself, such as `--import`. */
  nodeOptions?: string[];
}

export interface AmeliaResult {
  /** The exit status; null when a signal ended the process. */
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Standard output as the one JSON document that `--json` promises. Throws, with all output, when it is not. */
  json<Document = Record<string, unknown>>(): Document;
}

export interface RunningAmelia {
  child: ChildProcessWithoutNullStreams;
  /** What was written until now. */
  output(): { stdout: string; stderr: string };
  /** Resolves when stdout or stderr shows the text; throws, with all output, when the process ends before. */
  shows(text: string | RegExp): Promise<void>;
  result: Promise<AmeliaResult>;
}

/** The environment that a child gets: where programs are, where temporary files go, and what the test says. */
export function cleanEnvironment(env: Record<string, string> = {}): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LANG: 'C.UTF-8', ...env };
}

/** Runs the command to its end; never throws because of its exit status. */
export function amelia(args: string[], options: AmeliaOptions = {}): Promise<AmeliaResult> {
  const running = spawnAmelia(args, options);
  running.child.stdin.end(options.input ?? '');
  return running.result;
}

/** Starts the command and leaves it running, with its standard input open, to be signalled or killed. */
export function spawnAmelia(args: string[], options: AmeliaOptions = {}): RunningAmelia {
  const { env, cwd, timeoutMs = 60_000, signal, uid, bin = installedBin(), nodeOptions = [] } = options;
  const { node = process.execPath } = options;
  const child = spawn(node, [...nodeOptions, bin, ...args], {
    env: cleanEnvironment(env),
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(cwd === undefined ? {} : { cwd }),
    ...(signal === undefined ? {} : { signal }),
    ...(uid === undefined ? {} : { uid }),
  });
  const written = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text;
      for (const watch of watchers) watch();
    });
  }
  // A command that ends without reading its input is no failure of the test's.
  child.stdin.on('error', () => {});
  const result = new Promise<AmeliaResult>((resolve, reject) => {
    child.on('error', (error) => (signal?.aborted ? undefined : reject(error)));
    child.on('close', (status, endedBy) => {
      resolve({ status, signal: endedBy, ...written, json: () => parse(written) as never });
    });
  });
  return {
    child,
    output: () => ({ ...written }),
    result,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const all = written.stdout + written.stderr;
          if (typeof text === 'string' ? !all.includes(text) : !text.test(all)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
        result.then(
          () => reject(new Error(`It ended and never showed ${String(text)}:\n${describe(written)}`)),
          (error: Error) => reject(error),
        );
      }),
  };
}

function parse(written: { stdout: string; stderr: string }): unknown {
  try {
    return JSON.parse(written.stdout);
  } catch (cause) {
    throw new Error(`Standard output is not one JSON document:\n${describe(written)}`, { cause });
  }
}

function describe({ stdout, stderr }: { stdout: string; stderr: string }): string {
  return `--- stdout\n${stdout}\n--- stderr\n${stderr}`;
}
