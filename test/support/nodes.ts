// Node.js and npm of other versions, from npm's own registry, and the packed package installed with them.
// Never skips: what cannot be had is an error that says how to get it.
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { cached, openCache } from './cache.ts';
import { cleanEnvironment } from './cli.ts';

export interface NodeVersion {
  /** Such as `20.19.0`, or `24` for the newest of them. */
  readonly node: string;
  /** The npm that this Node.js is delivered with. */
  readonly npm: string;
}

export interface Installation {
  /** The program of Node.js itself. */
  readonly node: string;
  /** The command's file in the installed package. */
  readonly bin: string;
  /** The folder whose node_modules holds the installed package. */
  readonly modules: string;
  /** All that npm said while it installed. */
  readonly said: string;
}

const run = promisify(execFile);

/** Installs the packed package as README.md says, with this Node.js and its npm, into `prefix`. */
export async function installWith(version: NodeVersion, prefix: string): Promise<Installation> {
  const node = join(await fetched(`node-${platform()}`, version.node), 'bin', 'node');
  const npm = join(await fetched('npm', version.npm), 'bin', 'npm-cli.js');
  const env = registryEnvironment({ PATH: `${dirname(node)}:${process.env.PATH}` });
  const installed = await run(node, [npm, 'install', '--global', '--prefix', prefix, inject('tarball')], { env });
  const modules = join(prefix, 'lib');
  const bin = join(modules, 'node_modules', 'amelia-db', 'bin', 'amelia-db.js');
  // What npm says of the machine's own settings is nothing of ours.
  const said = (installed.stdout + installed.stderr).replace(/^npm warn Unknown .*\n/gm, '');
  return { node, bin, modules, said };
}

/** The folder of a package of npm's registry. */
async function fetched(name: string, version: string): Promise<string> {
  const folder = await cached(join(openCache(), `${name}-${version}`), async (draft) => {
    // A folder that is a package of its own, so that npm looks no further up.
    writeFileSync(join(draft, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--silent', `${name}@${version}`];
    try {
      await run('npm', args, { cwd: draft, env: registryEnvironment() });
    } catch (cause) {
      throw new Error(
        `npm cannot fetch ${name}@${version}: these tests run the package on other versions of Node.js. ` +
          `Look whether \`npm view ${name}@${version}\` reaches the registry.`,
        { cause },
      );
    }
    const unused = join(draft, 'node_modules', name);
    for (const part of ['include', 'share']) rmSync(join(unused, part), { recursive: true, force: true });
  });
  return join(folder, 'node_modules', name);
}

/** As the packages of Node.js are named. */
const platform = (): string => `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** The clean environment, and what says how the registry is reached. */
function registryEnvironment(env: Record<string, string> = {}): Record<string, string> {
  const registry = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      /^(npm_config_(registry|cache)|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy)$/i.test(entry[0]),
  );
  return cleanEnvironment({ ...Object.fromEntries(registry), npm_config_update_notifier: 'false', ...env });
}
