// Asks git what the base branch has. Reads only: fetches nothing, changes nothing.
import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { AmeliaError } from '../errors.ts';

/** A repository, as seen from the migrations folder. */
export interface Repository {
  /** Its top folder, absolute. */
  readonly root: string;
  /** The migrations folder from there: empty, or with a slash at its end. */
  readonly prefix: string;
}

/** The migrations folder as the base has it: the files' texts by their names. */
export interface Base {
  readonly ref: string;
  readonly commit: string;
  readonly mergeBase: string;
  /** At the reference: what will be there when this branch is merged. */
  readonly tip: ReadonlyMap<string, Uint8Array>;
  /** At the merge base: what this branch began with. */
  readonly fork: ReadonlyMap<string, Uint8Array>;
}

const largestAnswer = 2 ** 31 - 1;

/** The repository that the folder is in; undefined where it is in none, or git is not installed. */
export function findRepository(folder: string): Repository | undefined {
  const { status, out } = git(folder, ['rev-parse', '--show-toplevel', '--show-prefix']);
  if (status !== 0) return undefined;
  const [root = '', prefix = ''] = out.toString().split('\n');
  return { root, prefix };
}

/** Reads the base. Throws `git.missing`, `git.no-repository`, `git.unknown-ref`, `git.no-merge-base` or `git.failed`. */
export function readBase(folder: string, ref: string): Base {
  const repository = findRepository(folder);
  if (repository === undefined) {
    const { missing, said } = git(folder, ['rev-parse', '--show-toplevel']);
    if (missing) throw new AmeliaError('git.missing', {});
    throw new AmeliaError('git.no-repository', { folder, said });
  }
  const { root, prefix } = repository;
  const ask = (...args: string[]): string => answered(git(root, args), args).toString().trim();
  const found = git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  const isShallow = ask('rev-parse', '--is-shallow-repository') === 'true';
  if (found.status !== 0) throw new AmeliaError('git.unknown-ref', { ref });
  const commit = found.out.toString().trim();
  const merged = git(root, ['merge-base', commit, 'HEAD']);
  if (merged.status !== 0) throw new AmeliaError('git.no-merge-base', { ref, isShallow });
  const mergeBase = merged.out.toString().trim();
  const [tip, fork] = readTrees(root, prefix, [commit, mergeBase]);
  return { ref, commit, mergeBase, tip: tip ?? new Map(), fork: fork ?? new Map() };
}

/** The `.sql` files of one folder, not of those below it, in each of the commits. */
function readTrees(root: string, prefix: string, commits: readonly string[]): Map<string, Uint8Array>[] {
  const trees = commits.map((commit) => {
    const args = ['--literal-pathspecs', 'ls-tree', '-z', '--full-tree', commit, ...(prefix === '' ? [] : [prefix])];
    const entries = answered(git(root, args), args).toString().split('\0');
    return entries.flatMap((entry) => {
      const [, blob, path = ''] = /^100\d+ blob ([0-9a-f]+)\t([^]*)$/.exec(entry) ?? [];
      return blob !== undefined && /\.sql$/i.test(path) ? [{ blob, name: path.slice(prefix.length) }] : [];
    });
  });
  const texts = readBlobs(root, [...new Set(trees.flat().map(({ blob }) => blob))]);
  return trees.map((files) => new Map(files.map(({ name, blob }) => [name, texts.get(blob) ?? new Uint8Array()])));
}

/** So many commits back a file is looked for, and so many bytes of it are read. */
const mostCommits = 50;
const mostBytes = 32 * 1024 * 1024;
/** Nothing of the user's runs, and nothing is fetched. */
const asIs = ['-c', 'core.fsmonitor=false', '-c', 'log.showSignature=false', '-c', 'protocol.allow=never'];

/**
 * The texts that a file had in its commits, newest first, also under other names and on other branches. None where
 * git does not know them, is not there, or does not answer within `timeoutMs`.
 */
export function earlierTexts(path: string, timeoutMs: number): readonly Uint8Array[] {
  const folder = dirname(path);
  const until = performance.now() + timeoutMs;
  const quietly = (args: readonly string[], input = ''): Buffer => {
    const limits = { timeout: Math.max(1, Math.ceil(until - performance.now())), maxBuffer: mostBytes };
    const { status, out } = git(folder, [...asIs, '--literal-pathspecs', ...args], input, limits);
    return status === 0 ? out : Buffer.alloc(0);
  };
  const about = ['--all', '--follow', '--format=', '--raw', '--no-abbrev', '--no-ext-diff', '--no-textconv'];
  const log = quietly(['log', `-${mostCommits}`, ...about, '--', basename(path)]).toString();
  // `:100644 100644 BEFORE AFTER M`, then the name.
  const blobs = [...log.matchAll(/^:\d+ 100\d+ [0-9a-f]+ ([0-9a-f]+) /gm)].map(([, blob = '']) => blob);
  if (blobs.length === 0) return [];
  const out = quietly(['cat-file', '--batch'], `${[...new Set(blobs)].join('\n')}\n`);
  return [...blobsIn(out).values()];
}

/** All in one process: `HASH blob SIZE`, a line feed, the bytes, a line feed, for each. */
function readBlobs(root: string, blobs: readonly string[]): Map<string, Uint8Array> {
  const args = ['cat-file', '--batch'];
  const out = blobs.length === 0 ? Buffer.alloc(0) : answered(git(root, args, `${blobs.join('\n')}\n`), args);
  return blobsIn(out);
}

function blobsIn(out: Buffer): Map<string, Uint8Array> {
  const texts = new Map<string, Uint8Array>();
  for (let at = 0; at < out.length;) {
    const headEnd = out.indexOf('\n', at);
    const [blob = '', , size = '0'] = out.toString('utf8', at, headEnd).split(' ');
    const end = headEnd + 1 + Number(size);
    texts.set(blob, out.subarray(headEnd + 1, end));
    at = end + 1;
  }
  return texts;
}

interface Ran {
  readonly status: number | null;
  readonly out: Buffer;
  /** The first line that git said about a failure. */
  readonly said: string;
  readonly missing: boolean;
}

function git(
  folder: string,
  args: readonly string[],
  input = '',
  limits: { readonly maxBuffer: number; readonly timeout?: number } = { maxBuffer: largestAnswer },
): Ran {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: folder,
    input,
    ...limits,
    env: { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
  });
  const said = error?.message ?? stderr.toString().trim().split('\n')[0] ?? '';
  const missing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  return { status: error ? null : status, out: stdout ?? Buffer.alloc(0), said, missing };
}

function answered({ status, out, said }: Ran, args: readonly string[]): Buffer {
  if (status !== 0) throw new AmeliaError('git.failed', { command: args.join(' '), said });
  return out;
}
