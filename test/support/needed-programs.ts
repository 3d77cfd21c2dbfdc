// Some tests need programs besides Node.js that a bare machine lacks. Where one is missing, the test files that need
// it are left out, and it is said; with AMELIA_TEST_PROGRAMS=all, as in .ci/run, they run, and fail without it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, normalize } from 'node:path';

interface Program {
  readonly name: string;
  /** The Debian package that has it. */
  readonly debian: string;
  /** The files that run it: a test that imports one of them needs the program too. */
  readonly ranBy: readonly string[];
}

export const programs: readonly Program[] = [
  {
    name: 'git',
    debian: 'git',
    ranBy: ['test/support/repository.ts', 'test/e2e/docs.test.ts'],
  },
  { name: 'openssl', debian: 'openssl', ranBy: ['test/support/certificates.ts'] },
  { name: 'psql', debian: 'postgresql-client', ranBy: ['test/support/psql.ts'] },
  { name: 'pgbouncer', debian: 'pgbouncer', ranBy: ['test/faults/pgbouncer.ts'] },
  { name: 'script', debian: 'bsdutils', ranBy: ['test/support/terminal.ts'] },
  { name: 'zsh', debian: 'zsh', ranBy: ['test/unit/cli/completion.test.ts'] },
  { name: 'fish', debian: 'fish', ranBy: ['test/unit/cli/completion.test.ts'] },
];

export interface LeftOut {
  readonly program: Program;
  readonly files: readonly string[];
}

/** The test files that cannot run here, by what they lack; none where the environment says that all have to. */
export function leftOut(env: Readonly<Record<string, string | undefined>> = process.env): LeftOut[] {
  if (env['AMELIA_TEST_PROGRAMS'] === 'all') return [];
  const missing = programs.filter(({ name }) => !isThere(name, env['PATH'] ?? ''));
  return missing.map((program) => ({ program, files: filesThatNeed(program) }));
}

/** What a person reads of it: what is left out, and how to get what is missing. */
export function describeLeftOut(left: readonly LeftOut[]): string {
  const lines = left.map(({ program, files }) => `  ${program.name}: ${files.join(', ')}`);
  const packages = [...new Set(left.map(({ program }) => program.debian))].join(' ');
  return `Left out, since these programs are missing here:\n${lines.join('\n')}\nOn Debian: apt-get install ${packages}\n`;
}

/** The test files that run the program, by themselves or by what they import. */
export function filesThatNeed({ ranBy }: Program): string[] {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((file) => join('test', file));
  return files.filter((file) => file.endsWith('.test.ts') && [...closure(file)].some((each) => ranBy.includes(each)));
}

/** A file of the tests, and all that it imports of them. */
function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || !existsSync(file)) return seen;
  seen.add(file);
  for (const [, to = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']*\.ts)'/g))
    closure(normalize(join(dirname(file), to)), seen);
  return seen;
}

function isThere(name: string, path: string): boolean {
  // Debian keeps servers where only root looks.
  const folders = [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];
  return folders.some((folder) => existsSync(join(folder, name)));
}
