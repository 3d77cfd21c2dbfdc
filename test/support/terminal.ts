// Runs the command line in a real pseudo-terminal and reads its screen as a person would see it:
// `script` of util-linux holds the terminal, xterm.js interprets what was written to it.
import { spawn } from 'node:child_process';
import xterm from '@xterm/headless';
import { onTestFinished } from 'vitest';
import { type AmeliaOptions, cleanEnvironment, installedBin } from './cli.ts';

export interface TerminalOptions extends Pick<AmeliaOptions, 'env' | 'cwd' | 'bin' | 'timeoutMs'> {
  /** 80 by default. */
  columns?: number;
  /** 24 by default. */
  rows?: number;
  /** Another program with its arguments instead of the command line. */
  command?: string[];
}

export interface TestTerminal {
  /** The visible lines, without trailing blanks, down to the last one with something on it. */
  screen(): Promise<string[]>;
  /** All lines, with those that scrolled out at the top. */
  lines(): Promise<string[]>;
  /** Everything that was written, escape sequences included. */
  raw(): string;
  /** Types text; `\x03` is Ctrl-C. */
  type(text: string): void;
  /** Resolves when the screen shows the text; throws, with the screen, when the program ends before. */
  shows(text: string | RegExp): Promise<void>;
  /** The exit status, 128 + n after signal n, as a shell reports it. */
  ended: Promise<number>;
}

/** Starts the command in a terminal of its own; it is killed when the test ends. */
export function openTerminal(args: string[], options: TerminalOptions = {}): TestTerminal {
  const { columns = 80, rows = 24, env, cwd, bin = installedBin(), timeoutMs = 60_000 } = options;
  const command = options.command ?? [process.execPath, bin, ...args];
  const inside = `stty cols ${columns} rows ${rows}; exec ${command.map(quote).join(' ')}`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', inside, '/dev/null'], {
    env: { ...cleanEnvironment(), SHELL: '/bin/sh', TERM: 'xterm-256color', ...env },
    timeout: timeoutMs,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  let raw = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    terminal.write(text, () => watchers.forEach((watch) => watch()));
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', (cause) => {
      reject(new Error('`script` does not run: install util-linux (on Debian: bsdutils).', { cause }));
    });
    child.on('close', (status) => resolve(status ?? 137));
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    terminal.dispose();
  });

  const read = (from: number) => {
    const buffer = terminal.buffer.active;
    const lines = Array.from({ length: buffer.length - from }, (_, line) =>
      (buffer.getLine(from + line)?.translateToString(true) ?? '').trimEnd(),
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  };
  const settled = () => new Promise<void>((resolve) => terminal.write('', resolve));
  const visible = () => read(terminal.buffer.active.baseY);

  return {
    screen: async () => settled().then(visible),
    lines: async () => settled().then(() => read(0)),
    raw: () => raw,
    type: (text) => void child.stdin.write(text),
    shows: (text) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const all = visible().join('\n');
          if (typeof text === 'string' ? !all.includes(text) : !text.test(all)) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
        ended.then(
          () =>
            settled().then(() =>
              reject(new Error(`It ended and never showed ${String(text)}:\n${visible().join('\n')}`)),
            ),
          (error: Error) => reject(error),
        );
      }),
    ended,
  };
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
