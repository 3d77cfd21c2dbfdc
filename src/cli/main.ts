// The command line's entry: arguments in, exit status out. Never ends the process, never throws.
// `--version` is answered before anything is loaded.
import about from '../../package.json' with { type: 'json' };
import type { Host } from './host.ts';

/** Runs one command and returns the exit status of cli.md. Prints to the host's stdout and stderr only. */
export async function main(host: Host): Promise<number> {
  const args = host.argv.slice(2);
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    const text = `${about.version}\n`;
    host.stdout.on('error', () => {});
    const lost = await new Promise((resolve) => host.stdout.write(text, resolve));
    if (!lost) return 0;
    const { printText } = await import('./run.ts');
    return await printText(host, { text, to: 'out', exitStatus: 0 });
  }
  const { run } = await import('./run.ts');
  return await run(host, args, { version: about.version, issues: about.bugs.url });
}
