// Runs a command and says what it cost: bash's `time` gives milliseconds of wall and CPU time with those of its
// children, GNU time the peak of memory. Neither starts from this process's own size, as a fork of Node would.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './tools.ts';

export interface Cost {
  wallMs: number;
  cpuMs: number;
  /** The peak of the process's resident memory, or of its largest child's. */
  memoryMb: number;
}

export interface Outcome extends Cost {
  status: number | null;
  /** The end of what it wrote. */
  output: string;
}

const SCRIPT = `TIMEFORMAT='%3R %3U %3S'
time /usr/bin/time --quiet --output "$1" --format %M "\${@:3}" >"$2" 2>&1 </dev/null`;

const LIMIT_MS = 600_000;

/** Runs the command to its end, or kills it and its children after ten minutes. Never throws because of its exit status. */
export async function measure(command: Command, scratch: string): Promise<Outcome> {
  const { program, args, cwd = scratch, env = {} } = command;
  const name = join(scratch, randomBytes(6).toString('hex'));
  const files = [`${name}.memory`, `${name}.output`] as const;
  const child = spawn('bash', ['-c', SCRIPT, 'measure', ...files, program, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: scratch, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const limit = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), LIMIT_MS);
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  }).finally(() => clearTimeout(limit));
  const [wall, user, system] = told.trim().split('\n').at(-1)!.split(' ').map(Number);
  const memory = Number(readFileSync(files[0], 'utf8').trim().split('\n').at(-1));
  const output = readFileSync(files[1], 'utf8').slice(-2000);
  for (const file of files) rmSync(file);
  if (wall === undefined || user === undefined || system === undefined || !(memory > 0)) {
    throw new Error(`The benchmark needs bash and GNU time (on Debian: apt-get install time).\n${told}${output}`);
  }
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000, memoryMb: (memory * 1024) / 1e6, status, output };
}

/** Watches the private memory of a server's processes, in MB; the function it returns ends that and says the peak. */
export function watchBackends(postmaster: number): () => number {
  let peakKb = 0;
  const look = () => {
    for (const task of listed(`/proc/${postmaster}/task`)) {
      for (const pid of read(`/proc/${postmaster}/task/${task}/children`).split(' ').filter(Boolean)) {
        peakKb = Math.max(peakKb, Number(/^RssAnon:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0));
      }
    }
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    return (peakKb * 1024) / 1e6;
  };
}

/** Nothing for a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
