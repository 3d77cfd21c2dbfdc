// The program as commander knows it: commands, options, help. Parses; runs nothing and prints nothing.
import { Argument, Command, CommanderError, Option } from 'commander';
import { AmeliaError, errorCodes } from '../errors.ts';
import { checkForms, oneOf, verifyForms, verifyParts } from './arguments.ts';
import { commandNames, type CommandName, type CommandOptions, type Invocation, type TextName } from './commands.ts';
import { completionScript, shells } from './completion.ts';
import type { CommonOptions } from './config.ts';
import { commonOptions, offering } from './common-options.ts';
import { formatHelp } from './help.ts';

/** What the arguments ask for: a command, or a text about the program (help, a completion script) and nothing else. */
export type Parsed =
  | { readonly kind: 'command'; readonly invocation: Invocation }
  | { readonly kind: 'text'; readonly text: string; readonly to: 'out' | 'err'; readonly exitStatus: number };

export interface ProgramSettings {
  readonly version: string;
  /** The terminal's width, for help. */
  readonly columns?: number | undefined;
}

const narrowestHelp = 60;
const usualHelp = 80;
const widestHelp = 100;

/** Reads the arguments after the program's name. Throws `usage.invalid`. */
export function parseArguments(args: readonly string[], settings: ProgramSettings): Parsed {
  let found: Invocation | undefined;
  let out = '';
  const onFound = (invocation: Invocation) => (found = invocation);
  const program = createProgram(settings, onFound, (text) => (out += text));
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text: out, to: 'out', exitStatus: 0 };
    // No command at all: commander's answer is the help.
    if (error.code === 'commander.help') {
      refuseSwallowed(program.opts<CommonOptions>().embedded);
      return { kind: 'text', text: out, to: 'err', exitStatus: 2 };
    }
    throw usageError(error, args);
  }
  if (found === undefined) return { kind: 'text', text: out, to: 'out', exitStatus: 0 };
  return { kind: 'command', invocation: found };
}

/** `--embedded migrate` takes the command for the folder. */
function refuseSwallowed(embedded: string | true | undefined): void {
  if (!(commandNames as readonly unknown[]).includes(embedded)) return;
  const command = String(embedded);
  throw new AmeliaError('usage.invalid', {
    problem: `--embedded took ${command} for its folder, so no command is left`,
    hint: `write the command first: amelia-db ${command} --embedded`,
  });
}

/** commander says `error: unknown option '--chek'\n(Did you mean --check?)`. */
function usageError(error: CommanderError, args: readonly string[]): AmeliaError {
  const [first = '', ...rest] = error.message.split('\n');
  const problem = first.replace(/^error: /, '').replace(/\.$/, '');
  const suggestion = /\(?Did you mean (.*?)\?\)?$/s.exec(rest.join(' '))?.[1];
  const command = args.find((arg) => (commandNames as readonly string[]).includes(arg));
  const help = `amelia-db ${command === undefined ? '' : `${command} `}--help says what there is`;
  return new AmeliaError(
    'usage.invalid',
    { problem, hint: suggestion === undefined ? help : `did you mean ${suggestion}?` },
    { cause: error },
  );
}

const argumentWords: Partial<Record<CommandName, readonly string[]>> = {
  verify: verifyParts,
  explain: errorCodes,
  completion: shells,
};

function createProgram(
  { version, columns = usualHelp }: ProgramSettings,
  found: (invocation: Invocation) => void,
  write: (text: string) => void,
): Command {
  const helpWidth = Math.min(Math.max(columns, narrowestHelp), widestHelp);
  const program = new Command('amelia-db')
    .usage('COMMAND [OPTIONS]')
    .description('PostgreSQL schema migrations that prove the finished schema.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the program or a command')
    .helpCommand('help [COMMAND]', 'explain a command')
    .exitOverride()
    .configureOutput({
      writeOut: write,
      writeErr: write,
      outputError: () => {},
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({
      showGlobalOptions: true,
      formatHelp,
      subcommandTerm: (sub) => `${sub.name()} ${argumentsOf(sub)}`.trim(),
    });
  for (const option of commonOptions()) program.addOption(option);

  const describe = (name: CommandName, args: string, summary: string, description = summary): Command => {
    const made = program
      .command(name)
      .summary(summary)
      .description(`${description[0]?.toUpperCase()}${description.slice(1)}.`)
      .usage(`${args === '' ? '' : `${args.replace(/[<>]/g, '')} `}[OPTIONS]`);
    return args === '' ? made : made.addArgument(offering(new Argument(args), argumentWords[name] ?? []));
  };
  const command = (
    name: Exclude<CommandName, TextName>,
    ...about: [args: string, summary: string, description?: string]
  ): Command => {
    const made = describe(name, ...about);
    return made.action(() => {
      const options = made.optsWithGlobals<CommonOptions & CommandOptions>();
      found({ command: name, args: made.args, options });
    });
  };

  program.commandsGroup('Apply');
  command('migrate', '', 'apply what is pending, in order')
    .option('--to <VERSION>', 'apply up to and including VERSION')
    .option('--dry-run', 'print the SQL that would run, passwords as ***; touch nothing')
    .option('--verify', 'then prove the finished schema, as verify does')
    .option('--scratch-url <URL>', 'an empty database for --verify to try on')
    .option('--out-of-order', 'also apply versions below the newest applied one')
    .option('--ignore-foreign-history', "begin although another tool's history is in the database")
    .option('--wait <DURATION>', 'how long to wait for a database that cannot be reached (default: 0s)')
    .option('--lock-wait <DURATION>', 'how long to wait for another run to end (default: 5m)')
    .option('--lock-retries <N>', 'how often to try again for a lock (default: 10)')
    .option('--max-victims <N>', 'give way when more sessions wait behind a blocked statement (default: 20)');
  command(
    'rollback',
    '',
    'undo the newest migrations',
    'run NNN_name.down.sql of the newest applied migrations, newest first',
  )
    .option('--steps <N>', 'how many migrations to undo (default: 1)')
    .option('--to <VERSION>', 'undo everything above VERSION; 0 undoes all but a version 0');
  command(
    'baseline',
    '<VERSION>',
    'record versions as applied',
    'record versions up to VERSION as applied without running them, on a database that has no history',
  );

  program.commandsGroup('Look');
  command(
    'status',
    '',
    'what is applied, pending, modified, missing',
    'what is applied, pending, modified, missing, out of order or unfinished',
  ).option('--check', 'exit 7 unless everything is applied and healthy');
  command(
    'doctor',
    '',
    'what a migration could stumble over',
    'connect, look at the server, the role, its settings and what goes on, and say of each what to do. It only reads; exit 7 for a problem',
  );
  command(
    'wait',
    '',
    'return when the database is at a version',
    'return when the database lets us in and, with --for, has that version: for those who must not migrate themselves. It only reads',
  )
    .addOption(
      offering(new Option('--for <VERSION>', 'that VERSION is applied; head: all that the migrations folder has'), [
        'head',
      ]),
    )
    .option('--timeout <DURATION>', 'then exit 7, and say what was seen last (default: 5m)');

  program.commandsGroup('Write');
  command('new', '<NAME>', 'create the next migration file')
    .option('--no-transaction', 'run the file statement by statement, not in a transaction')
    .option('--timestamp', 'number it YYYYMMDDHHMMSS, as folders of such files go on by themselves')
    .option('--with-rollback', 'create NNN_name.down.sql too');
  command(
    'contract',
    '',
    'print what the schema promises',
    'the contract of the schema that the migrations produce: to be reviewed, and kept by hand',
  )
    .option('--write', 'write contract.yaml beside the migrations')
    .option('--force', 'write over the one that is there');

  program.commandsGroup('Gate');
  command(
    'verify',
    '[PART]',
    'prove what the finished schema promises',
    'does this database refuse what it must refuse? PART is checks, foreign-keys or indexes; without it, all',
  )
    .option('--contract <FILE>', 'what the schema promises (default: contract.yaml beside the migrations)')
    .option('--live', 'try on the database itself too, in a transaction that is rolled back')
    .option('--data', 'count rows that violate what is not validated')
    .option('--strict', 'exit 7 also for what could not be proven')
    .option('--scratch-url <URL>', 'an empty database to try on, instead of the embedded server')
    .option('--schema <NAME...>', 'only these schemas')
    .addOption(formats(verifyForms, 'text, tap or junit (default: text)'));
  command(
    'check',
    '',
    'the gate for pull requests, without a database',
    'replay the migrations on the embedded server, hold the schema against its contract, roll back and forth what is new, and refuse changes to what the base branch has',
  )
    .option('--base <REF>', 'the branch that this one will be merged into, such as origin/main')
    .option('--scratch-url <URL>', 'an empty database to replay on, instead of the embedded server')
    .addOption(formats(checkForms, 'text, github, junit, sarif or json (default: text); more than once as FORM=FILE'));

  program.commandsGroup('Recover');
  command(
    'repair',
    '',
    'settle modified and unfinished migrations',
    'rewrite rows of the history, and say each one: no other command does',
  )
    .option('--accept-modified <VERSION...>', 'the database is as the modified file says')
    .option('--resolve <VERSION=STATE...>', 'an unfinished migration is applied, or pending again');

  command(
    'explain',
    '[CODE]',
    'what an error means, and what to do',
    'what the error with that code, such as plan.modified, means and what to do; without CODE, all codes',
  );

  program.commandsGroup('Shell');
  const completion = describe(
    'completion',
    '<SHELL>',
    'print the completion script of a shell',
    'the script that completes commands, options and their values in bash, zsh or fish. It is written once, into a file that the shell reads when it starts; nothing of amelia-db runs at TAB. It is a text for the shell, whatever --json says',
  );
  completion.action(() => {
    write(completionScript(program, oneOf(shells, completion.args[0] ?? '', 'completion takes')));
  });
  for (const each of [program, ...program.commands]) refuseTwice(each);
  return program;
}

/** Of an option that takes one value, the last would win in silence; `--color --no-color` are one option. */
function refuseTwice(command: Command): void {
  const given = new Map<string, string>();
  for (const option of command.options) {
    if (option.variadic || option.parseArg) continue;
    const { long = '' } = option;
    command.on(`option:${option.name()}`, () => {
      const before = given.get(option.attributeName());
      given.set(option.attributeName(), long);
      if (before === undefined) return;
      const problem = before === long ? `${long} is given twice` : `${before} and ${long} exclude each other`;
      throw new AmeliaError('usage.invalid', { problem, hint: 'give it once: which of the two counts cannot be told' });
    });
  }
}

/** `--format`, which can be given several times. */
const formats = (forms: readonly string[], description: string): Option =>
  offering(new Option('--format <FORM>', description), forms).argParser(
    (form: string, before: readonly string[] = []) => [...before, form],
  );

const argumentsOf = (command: Command): string =>
  command.registeredArguments
    .map((argument) => (argument.required ? argument.name() : `[${argument.name()}]`))
    .join(' ');
