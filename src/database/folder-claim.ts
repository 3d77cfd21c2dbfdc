// Keeps a folder to one process at a time. Each claimant makes a file of its own whose name says who
// it is, then looks: whoever sees another living claimant steps back. A killed one's file is swept.
import { closeSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AmeliaError } from '../errors.ts';
import { interruption } from './failure.ts';

export interface FolderClaim {
  release(): void;
}

export interface ClaimOptions {
  /** How long to wait for the process that has the folder, in milliseconds. Default 0. */
  readonly waitMs?: number;
  /** Told once, when the wait begins. */
  readonly onWaiting?: (pid: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const pollMs = 100;

/**
 * Claims `dir`, which must exist. Of two claimants the later one always sees the earlier one's file,
 * so two never hold it together. Throws `embedded.in-use` when `waitMs` is up.
 */
export async function claimFolder(dir: string, options: ClaimOptions = {}): Promise<FolderClaim> {
  const name = ['claim', encodeURIComponent(hostname()), process.pid, startOf(process.pid) ?? '', Math.random()].join(
    '~',
  );
  const file = path.join(dir, name);
  const begun = performance.now();
  let told = false;
  for (;;) {
    let other = livingClaimant(dir, name);
    if (other === undefined) {
      closeSync(openSync(file, 'wx'));
      other = livingClaimant(dir, name);
      if (other === undefined) return { release: () => rmSync(file, { force: true }) };
      rmSync(file, { force: true });
    }
    const waitedMs = performance.now() - begun;
    if (waitedMs >= (options.waitMs ?? 0)) {
      throw new AmeliaError('embedded.in-use', { dir, pid: other.pid, waitedMs, file: path.join(dir, other.entry) });
    }
    if (!told) options.onWaiting?.(other.pid);
    told = true;
    await sleep(pollMs * (0.5 + Math.random()));
    if (options.signal?.aborted) throw interruption(options.signal);
  }
}

/** Another process that claims `dir`; sweeps the files of those that are gone. */
function livingClaimant(dir: string, mine: string): { pid: number; entry: string } | undefined {
  for (const entry of readdirSync(dir)) {
    const [kind, host, pid, started] = entry.split('~');
    if (kind !== 'claim' || entry === mine) continue;
    if (isAlive(host ?? '', Number(pid), started ?? '')) return { pid: Number(pid), entry };
    rmSync(path.join(dir, entry), { force: true });
  }
  return undefined;
}

function isAlive(host: string, pid: number, started: string): boolean {
  if (host !== encodeURIComponent(hostname())) return true; // on a shared disk: it cannot be asked
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = startOf(pid);
  return now === null || started === '' || now === started;
}

/** When a process began, in clock ticks since boot (proc(5), field 22): a pid may come again. Null where that is not told. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
