// `check` for GitHub Actions: workflow commands that become annotations at their lines, and a job summary in
// Markdown. Pure.
import type { CheckFinding, CheckResult } from '../check/model.ts';
import { summaryOf, wordsOf } from './check.ts';
import { onManyLines, onOneLine } from './width.ts';

// As GitHub's own toolkit escapes them (actions/toolkit, packages/core/src/command.ts).
const data = (text: string): string =>
  onManyLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** One command a finding; the last line sums up. GitHub shows the first ten of a kind, the job summary has all. */
export function githubLines(result: CheckResult): string[] {
  return [...result.findings.map((finding) => commandOf(finding)), `amelia-db check: ${summaryOf(result)}`];
}

function commandOf(finding: CheckFinding): string {
  const { level, error, file, endLine } = finding;
  const { line = 1, column = 1 } = error.location ?? {};
  const properties = {
    ...(file !== undefined && { file, line }),
    // GitHub takes a column only where there is one line.
    ...(file !== undefined && (endLine === undefined ? { col: column } : { endLine })),
    title: error.code,
  };
  const written = Object.entries(properties).map(([key, value]) => `${key}=${property(String(value))}`);
  return `::${level} ${written.join(',')}::${data(messageOf(finding))}`;
}

/** The message, what PostgreSQL says besides, and what to do: a line each. */
export function messageOf({ error }: CheckFinding): string {
  const { notes = [] } = error.facts as {
    readonly notes?: readonly { readonly label: string; readonly text: string }[];
  };
  return [
    error.message,
    ...notes.map(({ label, text }) => `${label}: ${text}`),
    ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
  ].join('\n');
}

/** Text of others as Markdown shows it to the letter, in a cell of a table too. */
const markdown = (text: string): string =>
  onOneLine(text.replaceAll(/\s*\n\s*/g, ' '))
    .replaceAll(/[\\`*_{}[\]()#+!|~<>&-]/g, (character) => `\\${character}`)
    .replaceAll('\\<', '&lt;')
    .replaceAll('\\>', '&gt;')
    .replaceAll('\\&', '&amp;');

/** The job summary. */
export function markdownLines(result: CheckResult): string[] {
  const { findings, migrations, base } = result;
  const failed = findings.some(({ level }) => level === 'error');
  const rows = findings.map(({ level, error, file }) => {
    const at = file === undefined ? '' : `${markdown(file)}:${error.location?.line ?? 1}`;
    const hint = error.hint === undefined ? '' : `<br>${markdown(error.hint)}`;
    return `| ${level === 'error' ? '❌' : '⚠️'} | ${at} | ${markdown(error.message)}${hint} |`;
  });
  const shown = migrations.filter((each) => base === null || each.isNew || !each.replayed);
  return [
    `### ${failed ? '❌' : '✅'} amelia-db check`,
    '',
    markdown(summaryOf(result)),
    '',
    ...(rows.length > 0 ? ['| | where | what |', '|---|---|---|', ...rows, ''] : []),
    ...(shown.length > 0
      ? [
          '| migration | |',
          '|---|---|',
          ...shown.map((each) => `| ${markdown(each.file)} | ${markdown(wordsOf(each, base !== null))} |`),
          '',
        ]
      : []),
  ];
}
