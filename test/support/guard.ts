// Cleans up after its owner, however the owner ends: a small shell in a session of its own waits
// for the end of a pipe that only the owner holds. It never decides when the owner is done.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Guard {
  /** Lets the cleaning happen now and waits for its end. */
  release(): Promise<void>;
}

/** Runs the shell script (arguments in `$1`…) when this process ends or lets go of the guard, whichever is first. */
export function guard(script: string, ...args: string[]): Guard {
  // Ctrl-C reaches the whole foreground process group; the guard must outlive it.
  const child = spawn('/bin/sh', ['-c', `trap '' HUP INT TERM; cat >/dev/null; ${script}`, 'guard', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  const ended = once(child, 'exit');
  child.stdin.on('error', () => {});
  return {
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}
