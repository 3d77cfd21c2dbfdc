// The text of --help: commands by what one wants to do, options by what they are about, examples. Pure.
import type { Command, Help, Option } from 'commander';
import type { CommandName } from './commands.ts';

/** Headings of the options that every command has, in the order in which they are shown. */
export const groups = { database: 'Database:', output: 'Output:', other: 'Other:' } as const;

const gap = '  ';

/** commander's formatHelp: commands before options, a command's own options before those of every command. */
export function formatHelp(command: Command, help: Help): string {
  const width = help.helpWidth ?? 80;
  const isProgram = command.parent === null;
  const commands = isProgram ? help.visibleCommands(command).filter((sub) => sub.name() !== 'help') : [];
  const options = [...help.visibleOptions(command), ...(isProgram ? [] : help.visibleGlobalOptions(command))];
  const commandRows = commands.map((sub) => ({
    heading: sub.helpGroup(),
    term: help.subcommandTerm(sub),
    text: sub.summary(),
  }));
  const optionRows = options.map((option) => ({
    heading: headingOf(option),
    term: termOf(option),
    text: option.description,
  }));
  const common: readonly string[] = Object.values(groups);
  const own = optionRows.filter(({ heading }) => !common.includes(heading));
  return [
    `Usage: ${help.commandUsage(command)}`,
    '',
    ...help.boxWrap(help.commandDescription(command), width).split('\n'),
    ...sections(commandRows, width, help),
    ...sections(
      [...own, ...common.flatMap((heading) => optionRows.filter((row) => row.heading === heading))],
      width,
      help,
    ),
    '',
    'Words in [BRACKETS] are environment variables; an option beats its variable.',
    'DURATION is 500ms, 5s, 2m or 1h.',
    '',
    'Examples:',
    ...examplesOf(isProgram ? '' : (command.name() as CommandName)),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

interface Row {
  readonly heading: string;
  readonly term: string;
  readonly text: string;
}

const headingOf = (option: Option): string =>
  option.helpGroupHeading ?? (['--help', '--version'].includes(option.long ?? '') ? groups.other : 'Options:');
const termOf = (option: Option): string =>
  (option.short === undefined ? '    ' : '') + option.flags.replace(/[<>]/g, '');

function sections(rows: readonly Row[], width: number, help: Help): string[] {
  const termWidth = Math.max(0, ...rows.map(({ term }) => term.length));
  const indent = gap.length + termWidth + gap.length;
  return [...new Set(rows.map(({ heading }) => heading))].flatMap((heading) => [
    '',
    heading,
    ...rows
      .filter((row) => row.heading === heading)
      .flatMap(({ term, text }) => {
        const [first = '', ...rest] = help.boxWrap(text, Math.max(width - indent, 24)).split('\n');
        return [`${gap}${term.padEnd(termWidth)}${gap}${first}`, ...rest.map((line) => ' '.repeat(indent) + line)];
      }),
  ]);
}

const examples: Record<CommandName | '', readonly (readonly [command: string, does: string])[]> = {
  '': [
    ['new create_users', 'begin: migrations/001_create_users.sql'],
    ['migrate --embedded', 'try it, without a server'],
    ['status --check', 'for scripts: exit 7 unless all is well'],
  ],
  migrate: [
    ['migrate --dry-run', 'print the SQL, touch nothing'],
    ['migrate --to 7', 'stop after version 7'],
    ['migrate --json', 'for scripts'],
  ],
  rollback: [
    ['rollback', 'undo the newest migration'],
    ['rollback --to 0', 'undo all of them'],
  ],
  status: [
    ['status', 'a table'],
    ['status --check --json', 'a gate for scripts'],
  ],
  doctor: [
    ['doctor', 'before the first migration'],
    ['doctor --json', 'for scripts'],
  ],
  wait: [
    ['wait --for head', 'until all that this folder has is applied'],
    ['wait --timeout 30s', 'until the database lets us in'],
  ],
  verify: [
    ['verify', 'prove every constraint, on a scratch server'],
    ['verify foreign-keys', 'only those'],
    ['verify --format tap', 'for CI'],
  ],
  contract: [
    ['contract', 'print it'],
    ['contract --write', 'contract.yaml beside the migrations'],
  ],
  check: [
    ['check', 'all of it, here and now'],
    ['check --base origin/main', 'on a pull request'],
    ['check --format github', 'annotations at their lines'],
    ['check --format junit=check.xml', 'a report beside the text'],
  ],
  new: [
    ['new add_email', 'migrations/008_add_email.sql'],
    ['new "Add email" --with-rollback', 'and 008_add_email.down.sql'],
  ],
  baseline: [['baseline 7', 'what versions 1 to 7 do is in the database already']],
  repair: [
    ['repair --accept-modified 3 4', 'the files are right as they are now'],
    ['repair --resolve 5=applied', 'version 5 was finished by hand'],
  ],
};

function examplesOf(name: CommandName | ''): string[] {
  const lines = examples[name];
  const width = Math.max(...lines.map(([command]) => command.length));
  return lines.map(([command, does]) => `${gap}amelia-db ${command.padEnd(width)}${gap}${does}`);
}
