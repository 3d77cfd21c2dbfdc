import { describe, expect, it } from 'vitest';
import { commandNames, type CommandName } from '../../../src/cli/commands.ts';
import { parseArguments } from '../../../src/cli/program.ts';
import { isAmeliaError } from '../../../src/errors.ts';
import { run } from './host.ts';

const parse = (...args: string[]) => parseArguments(args, { version: '1.2.3' });

function refused(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (!isAmeliaError(error, 'usage.invalid')) throw error;
    expect(error.exitStatus).toBe(2);
    return `${error.message} | ${error.hint ?? ''}`;
  }
  return expect.fail('accepted');
}

function help(...args: string[]): string {
  const parsed = parse(...args);
  return parsed.kind === 'text' ? parsed.text : expect.fail('no help');
}

describe('a command', () => {
  it('is read with its options, before and after it', () => {
    expect(parse('-d', 'url', 'migrate', '--to', '7', '--dry-run', '--json', '-m', 'dir')).toEqual({
      kind: 'command',
      invocation: {
        command: 'migrate',
        args: [],
        options: { databaseUrl: 'url', to: '7', dryRun: true, json: true, migrations: 'dir' },
      },
    });
    expect(parse('new', 'add email', '--no-transaction', '--embedded')).toMatchObject({
      invocation: { command: 'new', args: ['add email'], options: { transaction: false, embedded: true } },
    });
    expect(
      parse('repair', '--accept-modified', '3', '4', '--resolve', '5=applied', '--resolve', '6=pending'),
    ).toMatchObject({
      invocation: { options: { acceptModified: ['3', '4'], resolve: ['5=applied', '6=pending'] } },
    });
    expect(parse('rollback', '--no-color', '--steps=2')).toMatchObject({
      invocation: { options: { color: false, steps: '2' } },
    });
  });

  it.each<[string[], RegExp]>([
    [['statsu'], /unknown command 'statsu' \| did you mean status\?/],
    [['prove'], /unknown command 'prove'/],
    [['status', '--chek'], /unknown option '--chek' \| did you mean --check\?/],
    [['--nonsense'], /unknown option '--nonsense' \| amelia-db --help/],
    [['completion'], /missing required argument 'SHELL' \| amelia-db completion --help/],
    [['completion', 'tcsh'], /completion takes bash, zsh, fish; not tcsh/],
    [['baseline'], /missing required argument 'VERSION' \| amelia-db baseline --help/],
    [['new'], /missing required argument 'NAME'/],
    [['migrate', 'x'], /too many arguments/],
    [['migrate', '--to'], /argument missing/],
    [['status', '--to', '3'], /unknown option '--to'/],
    [['--embedded', 'migrate'], /--embedded took migrate for its folder.* \| .*amelia-db migrate --embedded/],
    [['migrate', '-m', 'a', '-m', 'b'], /--migrations is given twice \| give it once/],
    [['-m', 'a', 'status', '--migrations=a'], /--migrations is given twice/],
    [['migrate', '--to', '1', '--to', '2'], /--to is given twice/],
    [['status', '-d', 'postgresql://a:secret@x/y', '-d', 'z'], /^--database-url is given twice \| [^z]*$/],
    [['verify', '--contract', 'a', '--contract', 'a'], /--contract is given twice/],
    [['status', '--json', '--json'], /--json is given twice/],
    [['status', '-q', '--quiet'], /--quiet is given twice/],
    [['status', '--color', '--no-color'], /--color and --no-color exclude each other/],
    [['new', 'x', '--embedded', '--embedded', 'y'], /--embedded is given twice/],
  ])('%o is refused', (args, says) => {
    expect(refused(...args)).toMatch(says);
  });
});

// cli.md, as far as it is there: commands with their own options, and the options of every command.
const commands: Record<CommandName, readonly string[]> = {
  migrate: [
    '--to VERSION',
    '--dry-run',
    '--verify',
    '--scratch-url URL',
    '--out-of-order',
    '--ignore-foreign-history',
    '--wait DURATION',
    '--lock-wait DURATION',
    '--lock-retries N',
    '--max-victims N',
  ],
  status: ['--check'],
  doctor: [],
  wait: ['--for VERSION', '--timeout DURATION'],
  contract: ['--write', '--force'],
  verify: ['--contract FILE', '--live', '--data', '--strict', '--scratch-url URL', '--schema NAME...', '--format FORM'],
  check: ['--base REF', '--scratch-url URL', '--format FORM'],
  new: ['--no-transaction', '--timestamp', '--with-rollback'],
  rollback: ['--steps N', '--to VERSION'],
  baseline: [],
  explain: [],
  completion: [],
  repair: ['--accept-modified VERSION...', '--resolve VERSION=STATE...'],
};
const common: readonly (readonly [flags: string, variable?: string])[] = [
  ['-d, --database-url URL', 'DATABASE_URL'],
  ['--database-url-file FILE', 'DATABASE_URL_FILE'],
  ['--embedded [DIR]', 'AMELIA_DB_EMBEDDED'],
  ['-m, --migrations DIR', 'AMELIA_DB_MIGRATIONS'],
  ['--allow-empty', 'AMELIA_DB_ALLOW_EMPTY'],
  ['--history-table [SCHEMA.]TABLE', 'AMELIA_DB_HISTORY_TABLE'],
  ['--lock-timeout DURATION', 'AMELIA_DB_LOCK_TIMEOUT'],
  ['--statement-timeout DURATION', 'AMELIA_DB_STATEMENT_TIMEOUT'],
  ['--role ROLE', 'AMELIA_DB_ROLE'],
  ['--json', 'AMELIA_DB_JSON'],
  ['--log FORM', 'AMELIA_DB_LOG'],
  ['--color', 'FORCE_COLOR'],
  ['--no-color', 'NO_COLOR'],
  ['-q, --quiet'],
  ['-v, --verbose'],
  ['--show-values', 'AMELIA_DB_SHOW_VALUES'],
];
const everywhere = ['-h, --help', '-V, --version'];

/** The flags that a help lists. */
const flagsIn = (text: string): string[] =>
  [...text.matchAll(/^ {2}(?: {4})?(-.*?)(?: {2}|$)/gm)].map(([, flags]) => flags?.trimEnd() ?? '');

describe('help', () => {
  it.each(commandNames)('of %s lists exactly its options', (name) => {
    const expected = [...commands[name], ...common.map(([flags]) => flags), ...everywhere];
    expect(flagsIn(help(name, '--help')).sort()).toEqual(expected.sort());
    expect(help('help', name)).toBe(help(name, '--help'));
  });

  it('of the program lists the commands by task, and the options that most need first', () => {
    const text = help('--help');
    for (const name of commandNames)
      expect(text).toMatch(new RegExp(`^(\\w+)? {2,}${name}( \\[?[A-Z]+\\]?)? {2,}\\S`, 'm'));
    const labels = [...text.matchAll(/^(\w+) {2,}/gm)].map(([, label]) => label);
    expect(labels).toEqual(['Apply', 'Look', 'Write', 'Gate', 'Recover', 'Shell', 'Options', 'Examples']);
    expect([...text.matchAll(/--[\w-]+ [[\]A-Z]+(?= {2})/g)].map(String)).toEqual([
      '--database-url URL',
      '--embedded [DIR]',
      '--migrations DIR',
    ]);
    expect(text).toContain('amelia-db COMMAND --help lists all options');
  });

  it('of the program leaves the prompt a line of a screen of 80 columns and 24 lines', () => {
    const lines = help('--help').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(23);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('of a command says which variable stands for an option', () => {
    const text = help('status', '--help');
    for (const [, variable] of common) if (variable !== undefined) expect(text).toContain(`[${variable}]`);
  });

  it.each([['--help'], ...commandNames.map((name) => [name, '--help'])])('fits 80 columns: %s %s', (...args) => {
    const lines = help(...args.filter((arg) => arg !== undefined)).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    expect(lines.at(-1)).toBe('');
  });

  it('is what one gets, on stderr, without a command', () => {
    expect(parse()).toEqual({ kind: 'text', text: help('--help'), to: 'err', exitStatus: 2 });
  });
});

describe('values', () => {
  const url = { DATABASE_URL: 'postgres://u@127.0.0.1:1/d' };

  it.each<[string[], RegExp]>([
    [['migrate', '--to', 'abc'], /^error\[usage\.invalid\]: --to: "abc" is not a version\n/],
    [
      ['migrate', '--to', '-0'],
      /--to: "-0" is not a version\n {2}hint: a version is a number from 0 to 9223372036854775807/,
    ],
    [['migrate', '--to', '-5'], /--to/],
    [['migrate', '--to', '9223372036854775808'], /is not a version/],
    [['migrate', '--to', '1'.repeat(1_000_000)], /is not a version/],
    [['migrate', '--wait', '5'], /--wait: not a duration/],
    [['wait', '--for', 'tail'], /--for: "tail" is not a version/],
    [['wait', '--timeout', '5'], /--timeout: not a duration/],
    [['rollback', '--to', '-1'], /--to/],
    [['rollback', '--steps', '0'], /--steps: "0" is not such a number/],
    [['rollback', '--steps', '1', '--to', '1'], /--steps and --to exclude each other/],
    [['baseline', 'x'], /VERSION: "x" is not a version/],
    [['repair'], /nothing is named that is to be repaired/],
    [['repair', '--resolve', '5'], /--resolve: "5" is not VERSION=applied or VERSION=pending/],
    [['repair', '--resolve', '5=gone'], /--resolve/],
    [['repair', '--resolve', 'x=applied'], /"x" is not a version/],
    [['repair', '--resolve', '5=applied', '--accept-modified', '05'], /version 5 is named twice/],
    [['new', '...'], /NAME: "\.\.\." has no letter or digit/],
  ])('%o exits 2', async (args, says) => {
    const { status, stdout, stderr } = await run(args, url);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });
});

describe('main', () => {
  it.each(['--version', '-V'])('%s prints the version', async (flag) => {
    expect(await run([flag])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
    expect((await run(['migrate', flag])).stdout).toBe((await run([flag])).stdout);
  });

  it('prints help to stdout when asked, and to stderr when lost', async () => {
    expect(await run(['--help'])).toMatchObject({ status: 0, stderr: '' });
    expect(await run([])).toMatchObject({ status: 2, stdout: '' });
  });

  it('answers in JSON where JSON was asked for, also when the usage is wrong', async () => {
    for (const [args, env] of [
      [['status', '--chek', '--json'], {}],
      [['status', '--chek'], { AMELIA_DB_JSON: '1' }],
    ] as const) {
      const { status, stdout } = await run([...args], env);
      expect(status).toBe(2);
      expect(JSON.parse(stdout)).toEqual({
        schema: 1,
        command: 'status',
        ok: false,
        exitStatus: 2,
        error: { code: 'usage.invalid', message: "unknown option '--chek'", hint: 'did you mean --check?' },
      });
    }
  });

  it('leaves no listener behind', async () => {
    const before = process.listenerCount('SIGINT');
    await run(['status', '-m', '/nowhere'], { DATABASE_URL: 'postgres://u@127.0.0.1:1/d' });
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('never prints a password of the environment', async () => {
    const { stderr } = await run(['statuz-hunter2'], { PGPASSWORD: 'hunter2' });
    expect(stderr).toContain("unknown command 'statuz-***'");
  });
});
