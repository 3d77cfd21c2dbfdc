// The text of --help: commands by what one wants to do, options by what they are about, examples. Pure.
import type { Command, Help, Option } from 'commander';
import type { CommandName } from './commands.ts';

/** Headings of the options that every command has, in the order in which they are shown. */
export const groups = { database: 'Database:', output: 'Output:', other: 'Other:' } as const;

const gap = '  ';

/** commander's formatHelp: the program on one screen, or a command with all of its options. */
export function formatHelp(command: Command, help: Help): string {
  const width = help.helpWidth ?? 80;
  const lines = command.parent === null ? programLines(command, help, width) : commandLines(command, help, width);
  return lines.map((line) => `${line}\n`).join('');
}

/** The options that most people need first. */
const foremost = ['--database-url', '--migrations', '--embedded'];

/** 80 columns and 23 lines: a terminal has 24, and the prompt comes after. */
function programLines(program: Command, help: Help, width: number): string[] {
  const commands = help.visibleCommands(program).filter((sub) => sub.name() !== 'help');
  const commandRows = commands.map((sub) => ({
    heading: sub.helpGroup(),
    term: help.subcommandTerm(sub),
    text: sub.summary(),
  }));
  const optionRows = help
    .visibleOptions(program)
    .filter(({ long }) => foremost.includes(long ?? ''))
    .map((option) => ({
      heading: 'Options',
      term: termOf(option),
      // Its variable is told by COMMAND --help.
      text: option.description.replace(/ \[\w+\]$/, ''),
    }));
  return [
    `Usage: ${help.commandUsage(program)}`,
    ...help.boxWrap(help.commandDescription(program), width).split('\n'),
    '',
    ...labelled(commandRows, width, help),
    '',
    ...labelled(optionRows, width, help),
    ...labelled(exampleRows(''), width, help),
    ...help.boxWrap('amelia-db COMMAND --help lists all options, with their environment variables.', width).split('\n'),
  ];
}

function commandLines(command: Command, help: Help, width: number): string[] {
  const rows = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].map((option) => ({
    heading: headingOf(option),
    term: termOf(option),
    text: option.description,
  }));
  const common: readonly string[] = Object.values(groups);
  const lines = table(rows, width - gap.length, help);
  const headings = new Set([...rows.map(({ heading }) => heading).filter((each) => !common.includes(each)), ...common]);
  return [
    `Usage: ${help.commandUsage(command)}`,
    '',
    ...help.boxWrap(help.commandDescription(command), width).split('\n'),
    ...[...headings].flatMap((heading) => [
      '',
      heading,
      ...lines.filter((_, row) => rows[row]?.heading === heading).flatMap((each) => each.map((line) => gap + line)),
    ]),
    '',
    'Words in [BRACKETS] are environment variables; an option beats its variable.',
    'DURATION is 500ms, 5s, 2m or 1h.',
    '',
    'Examples:',
    ...table(exampleRows(command.name() as CommandName), Infinity, help).flatMap((each) =>
      each.map((line) => gap + line),
    ),
  ];
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

/** The lines of each row: terms in one column, texts in another. */
function table(rows: readonly Row[], width: number, help: Help): string[][] {
  const termWidth = Math.max(0, ...rows.map(({ term }) => term.length));
  const indent = termWidth + gap.length;
  return rows.map(({ term, text }) => {
    const [first = '', ...rest] = help.boxWrap(text, Math.max(width - indent, 24)).split('\n');
    return [term.padEnd(termWidth) + gap + first, ...rest.map((line) => ' '.repeat(indent) + line)];
  });
}

/** The same, with each heading before its first row. */
function labelled(rows: readonly Row[], width: number, help: Help): string[] {
  const labels = 'Examples'.length + gap.length;
  return table(rows, width - labels, help).flatMap((lines, row) =>
    lines.map((line, index) => {
      const starts = index === 0 && rows[row]?.heading !== rows[row - 1]?.heading;
      return (starts ? (rows[row]?.heading ?? '') : '').padEnd(labels) + line;
    }),
  );
}

const examples: Record<CommandName | '', readonly (readonly [command: string, does: string])[]> = {
  '': [
    ['new create_users', 'begin: migrations/001_create_users.sql'],
    ['migrate --embedded', 'try it, without a server'],
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
  explain: [
    ['explain plan.modified', 'its page of docs/errors.md'],
    ['explain', 'every code with its message'],
  ],
  completion: [
    ['completion bash > ~/.amelia-db.bash', 'source it in ~/.bashrc'],
    ['completion zsh > ~/.amelia-db.zsh', 'in ~/.zshrc, after compinit'],
    ['completion fish > ~/.amelia-db.fish', 'in ~/.config/fish/config.fish'],
  ],
  repair: [
    ['repair --accept-modified 3 4', 'the files are right as they are now'],
    ['repair --resolve 5=applied', 'version 5 was finished by hand'],
  ],
};

const exampleRows = (name: CommandName | ''): Row[] =>
  examples[name].map(([line, text]) => ({ heading: 'Examples', term: `amelia-db ${line}`, text }));
