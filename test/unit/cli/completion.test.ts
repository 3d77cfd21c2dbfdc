// The completion scripts, completed by the shells that they are for. No amelia-db is in reach of them: they are static.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandNames } from '../../../src/cli/commands.ts';
import { shells, type Shell } from '../../../src/cli/completion.ts';
import { parseArguments } from '../../../src/cli/program.ts';
import { addFiles } from '../../support/folder.ts';
import { run } from './host.ts';

function textOf(...args: string[]): string {
  const parsed = parseArguments(args, { version: '' });
  return parsed.kind === 'text' ? parsed.text : expect.fail('no text');
}

const root = mkdtempSync(join(tmpdir(), 'completion-'));
beforeAll(() => {
  addFiles(root, {
    ...Object.fromEntries(shells.map((shell) => [`script.${shell}`, textOf('completion', shell)])),
    'work/migrations/001_a.sql': '',
    'work/other place/file': '',
    'work/contract.yaml': '',
    'home/.zshrc': `autoload -U compinit && compinit -u -D
      source ../script.zsh
      all() { _main_complete "$@"; compstate[insert]=all; compstate[list]=''; }
      zle -C all complete-word all
      zle-line-init() {
        for line in "\${(@f)$(<~/lines)}"; do
          BUFFER=$line CURSOR=$#line
          zle all
          print -r -- "$BUFFER" >>~/completed
        done
        BUFFER=exit
        zle accept-line
      }
      zle -N zle-line-init`,
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs a program of a shell, whose arguments are lines, and returns what it prints. */
function inShell(shell: Shell, program: string, lines: readonly string[]): string {
  const plain = { bash: ['--noprofile', '--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell];
  const { error, status, stdout, stderr } = spawnSync(
    shell,
    [...plain, '-c', program, ...(shell === 'fish' ? [] : [shell]), ...lines],
    {
      cwd: join(root, 'work'),
      env: { PATH: process.env.PATH, HOME: join(root, 'home'), LANG: 'C.UTF-8', TERM: 'dumb' },
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  if (error) throw new Error(`These tests need ${shell}: on Debian \`apt-get install ${shell}\`.`, { cause: error });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** What TAB at the end of each line offers: whole words. */
const completions: Record<Shell, (lines: readonly string[]) => string[][]> = {
  // As bash calls the function: with the line in words, of which `=` is one.
  bash: (lines) =>
    inShell(
      'bash',
      `source ../script.bash
      for line; do
        read -ra COMP_WORDS <<<"\${line//=/ = }"
        if [[ $line == *' ' ]]; then COMP_WORDS+=(''); fi
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _amelia_db
        printf '%s\\t' "\${COMPREPLY[@]}"
        echo
      done`,
      lines,
    )
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t').filter(Boolean)),
  // An interactive one, in a terminal of its own, puts all matches into the line.
  zsh: (lines) =>
    inShell(
      'zsh',
      `rm -f ~/completed
      print -rl -- "$@" >~/lines
      zmodload zsh/zpty
      zpty inner 'ZDOTDIR=~ zsh -d -i'
      while zpty -r inner output; do :; done
      cat ~/completed`,
      lines,
    )
      .split('\n')
      .slice(0, -1)
      .map((line, index) => {
        const given = lines[index] ?? '';
        if (line === given) return [];
        const words = line.slice(given.lastIndexOf(' ') + 1).split(/(?<!\\) +/);
        return words.filter(Boolean).map((word) => word.replaceAll('\\', ''));
      }),
  fish: (lines) =>
    inShell('fish', 'source ../script.fish; for line in $argv; complete -C $line; echo =; end', lines)
      .split(/^=\n/m)
      .slice(0, -1)
      .map((text) => [...text.matchAll(/^[^\t\n]+/gm)].map(String)),
};

/** Without the option that a shell repeats, and without what follows a folder or an option with a value. */
const bare = (word: string): string => word.replace(/^--[\w-]+=(?=.)|[/=]$/g, '');

describe.each(shells)('%s', (shell) => {
  const complete = (lines: readonly string[]): string[][] =>
    completions[shell](lines).map((words) => words.map(bare).sort());

  it('offers commands, options, known values, files and folders, each in its place', () => {
    const expected: Record<string, readonly string[]> = {
      'amelia-db mi': ['migrate'],
      'amelia-db ': [...commandNames, 'help'],
      'amelia-db nonsense': [],
      'amelia-db -m migrations --json sta': ['status'],
      'amelia-db -d postgresql://localhost/amelia sta': ['status'],
      'amelia-db --log=json sta': ['status'],
      'amelia-db migrate --lock-r': ['--lock-retries'],
      'amelia-db status --ch': ['--check'],
      'amelia-db rollback --ch': [],
      'amelia-db new --no-t': ['--no-transaction'],
      'amelia-db verify ': ['checks', 'foreign-keys', 'indexes'],
      'amelia-db verify --live fo': ['foreign-keys'],
      'amelia-db verify --format ': ['text', 'tap', 'junit'],
      'amelia-db check --format text --format ': ['text', 'github', 'junit', 'sarif', 'json'],
      'amelia-db check --log ': ['text', 'json'],
      'amelia-db --log=': ['text', 'json'],
      'amelia-db --log=j': ['json'],
      'amelia-db wait --for ': ['head'],
      'amelia-db completion ': shells,
      'amelia-db help contr': ['contract'],
      'amelia-db -m ': ['migrations', 'other place'],
      'amelia-db status --migrations mi': ['migrations'],
      'amelia-db status --embedded mi': ['migrations'],
      'amelia-db verify --contract ': ['contract.yaml', 'migrations', 'other place'],
      'amelia-db --database-url-file c': ['contract.yaml'],
      'amelia-db --role ': [],
      'amelia-db migrate --to ': [],
      'amelia-db new m': [],
    };
    const lines = Object.keys(expected);
    const offered = complete(lines);
    expect(lines.map((line, index) => ({ line, offered: offered[index] }))).toEqual(
      lines.map((line) => ({ line, offered: [...(expected[line] ?? [])].sort() })),
    );
  });

  it('offers the options of each command that its help lists', () => {
    const offered = complete(commandNames.flatMap((name) => [`amelia-db ${name} -`, `amelia-db ${name} --`]));
    for (const [index, name] of commandNames.entries()) {
      const listed = [...textOf(name, '--help').matchAll(/^ {2}(?: {4}|(-\w), )(--[\w-]+)/gm)];
      const flags = listed.flatMap(([, short, long]) => [short, long]).filter((flag) => flag !== undefined);
      expect(flags).toContain('--database-url');
      expect([...new Set([...(offered[2 * index] ?? []), ...(offered[2 * index + 1] ?? [])])].sort(), name).toEqual(
        flags.sort(),
      );
    }
  });

  it('has a script that nothing in the environment changes', async () => {
    const settings = { AMELIA_DB_JSON: '1', AMELIA_DB_LOG: 'x', AMELIA_DB_MIGRATIONS: '/nowhere', DATABASE_URL: 'x' };
    const printed = await run(['completion', shell], { ...settings, PGPASSWORD: 'migrate' });
    expect(printed).toEqual({ status: 0, stdout: textOf('completion', shell), stderr: '' });
  });
});
