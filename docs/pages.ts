// The pages that the program itself writes: what --help says, and the catalogue of errors with cause and cure.
// Makes text; test/unit/docs.test.ts compares it with the files beside this one, `npm run docs` writes them.
import { catalogue } from '../src/catalogue.ts';
import { commandNames } from '../src/cli/commands.ts';
import { groups } from '../src/cli/help.ts';
import { parseArguments } from '../src/cli/program.ts';
import type { Entry, ErrorCode } from '../src/errors.ts';
import { explanations } from './errors.ts';

const written = '<!-- Written by `npm run docs`. -->';
const commonHeadings: readonly string[] = Object.values(groups);

/** docs/commands.md: each command as `--help` explains it; the options of every command once, at the end. */
export function commandsPage(readme: string): string {
  const everyCommand = partsOfHelp('status');
  const lines = commandNames.flatMap((name) => {
    const [usage = '', description = '', ...sections] = partsOfHelp(name);
    const own = sections.filter((section) => !isCommon(section) && !section.startsWith('Words in'));
    return [`## ${name}`, '', description, '', ...asText([usage, ...own])];
  });
  return [
    written,
    '# Commands',
    '',
    `${commandNames.map((name) => `[${name}](#${name})`).join(' · ')} · [the options of every command](#options-of-every-command) · [exit statuses](#exit-statuses)`,
    '',
    ...lines,
    '## Options of every command',
    '',
    ...asText(everyCommand.filter((section) => isCommon(section) || section.startsWith('Words in'))),
    "libpq's variables (`PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE`, `PGSSLROOTCERT`, `PGPASSFILE` …) fill what the URL leaves out.",
    '',
    '## Exit statuses',
    '',
    /^\| exit status \|[^]*?(?=\n\n)/m.exec(readme)?.[0] ?? '',
    '',
  ].join('\n');
}

/** The paragraphs of a help text: usage, description, a section each, examples. */
function partsOfHelp(...command: string[]): string[] {
  const parsed = parseArguments([...command, '--help'], { version: '', columns: 100 });
  if (parsed.kind !== 'text') throw new Error(`no help for ${command.join(' ')}`);
  return parsed.text.trimEnd().split('\n\n');
}

const isCommon = (section: string): boolean => commonHeadings.some((heading) => section.startsWith(`${heading}\n`));
const asText = (parts: readonly string[]): string[] => ['```text', parts.join('\n\n'), '```', ''];
/** docs/errors.md: each error with its exit status, message, hint, cause and cure; `## ` by exit status. */
export function errorsPage(readme: string): string {
  const codes = Object.keys(catalogue) as ErrorCode[];
  const statuses = [...new Set(codes.map((code) => catalogue[code].exitStatus))].sort((a, b) => a - b);
  const meanings = new Map(
    [...readme.matchAll(/^\| (\d+(?:, \d+)*) \| (.*) \|$/gm)].flatMap(([, numbers = '', meaning = '']) =>
      numbers.split(', ').map((number) => [Number(number), meaning]),
    ),
  );
  return [
    written,
    '# Errors',
    '',
    'Every error has a code. It is printed as `error[CODE]: message`, with a hint where there is something to do and the command that prints its section of this page, `amelia-db explain CODE`; `--json` has it as `error.code`. The part before the dot is the stage that found it. NAMES IN CAPITALS stand for what differs.',
    '',
    'The exit status tells a script the kind of failure; it is the number of the section below.',
    '',
    ...statuses.flatMap((status) => [
      `## ${status}: ${meanings.get(status) ?? ''}`,
      '',
      ...codes.filter((code) => catalogue[code].exitStatus === status).flatMap(errorLines),
    ]),
  ].join('\n');
}

function errorLines(code: ErrorCode): string[] {
  const { message, hint } = catalogue[code] as Entry<unknown>;
  const { facts, cause, cure } = explanations[code] ?? {};
  const shown = new Proxy<Record<string, unknown>>(
    { ...facts },
    {
      // A hint that differs from case to case is not shown.
      get: (given, name) => (name in given || name === 'hint' ? given[String(name)] : String(name).toUpperCase()),
    },
  );
  const hinted = hint?.(shown);
  return [
    `### <a id="${code}"></a>${code}`,
    '',
    ...asText([
      [`error[${code}]: ${message(shown)}`, ...(hinted === undefined ? [] : [`  hint: ${hinted}`])].join('\n'),
    ]),
    ...[cause, cure].flatMap((text) => (text === undefined ? [] : [text, ''])),
  ];
}
