// A git repository made for one test, with a base branch that others push to and a branch that becomes a pull request.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment } from './cli.ts';
import { addFiles, folderOf } from './folder.ts';

/** Files to write; null deletes one. */
export type Change = Readonly<Record<string, string | null>>;

export interface PullRequest {
  /** What the base branch has when the pull request is begun. */
  base: Change;
  /** What others merge into the base branch meanwhile. */
  meanwhile?: Change;
  /** What the pull request changes. */
  change: Change;
}

/** Runs git in the repository; what it prints. */
export function git(repository: string, ...args: string[]): string {
  const env = cleanEnvironment({ GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' });
  const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: repository, env, encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** A clone with the pull request's branch checked out; `origin/main` is the base branch as it is now. */
export function pullRequest({ base, meanwhile, change }: PullRequest): string {
  const repository = folderOf();
  git(repository, 'init', '--quiet', '--initial-branch', 'main');
  commit(repository, base, 'base');
  git(repository, 'checkout', '--quiet', '-b', 'feature');
  commit(repository, change, 'change');
  if (meanwhile) {
    git(repository, 'checkout', '--quiet', 'main');
    commit(repository, meanwhile, 'meanwhile');
    git(repository, 'checkout', '--quiet', 'feature');
  }
  git(repository, 'update-ref', 'refs/remotes/origin/main', 'main');
  return repository;
}

/** Commits a change to the branch that is checked out. */
export function commit(repository: string, change: Change, message: string): void {
  for (const [file, text] of Object.entries(change)) {
    if (text === null) rmSync(join(repository, file));
    else addFiles(repository, { [file]: text });
  }
  git(repository, 'add', '--all');
  git(repository, 'commit', '--quiet', '--allow-empty', '--message', message);
}
