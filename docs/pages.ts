// The pages that the program itself writes: what --help says, and the catalogue of errors with cause and cure.
// Makes text; test/unit/docs.test.ts compares it with the files beside this one, `npm run docs` writes them.
import { commandNames } from '../src/cli/commands.ts';
import { groups } from '../src/cli/help.ts';
import { parseArguments } from '../src/cli/program.ts';

const written = '<!-- Written by `npm run docs`. -->';
const commonHeadings: readonly string[] = Object.values(groups);

/** docs/commands.md: each command as `--help` explains it; the options of every command once, at the end. */
export function commandsPage(readme: string): string {
  const program = partsOfHelp();
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
    ...asText(program.filter((section) => isCommon(section) || section.startsWith('Words in'))),
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
