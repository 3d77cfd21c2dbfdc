// `verify` for people: problems and warnings first, then each table with one line a constraint, then the summary.
// Makes lines; never prints them.
import type { ConstraintResult, Finding, VerifyResult } from '../schema/model.ts';
import type { Answering } from './answer.ts';
import { onOneLine, padTo, shorten, widthOf } from './width.ts';
import { count, databaseName } from './words.ts';

const widest = 160;
const marks = { proven: '✓', failed: '✗', unproven: '?' } as const;

/** The lines of the report. With `quiet` only what is wrong. */
export function verifyLines(
  result: VerifyResult,
  { style, writer, detail }: Pick<Answering, 'style' | 'writer' | 'detail'>,
): string[] {
  const { constraints, problems, warnings, database, version, scratch } = result;
  const columns = writer.columns ?? widest;
  const at = version === null ? 'no migration applied' : `verified up to ${version}`;
  const head = `${databaseName(database)} · PostgreSQL ${database.serverVersion} · ${at}, tried on ${scratch}`;
  const found = (list: readonly Finding[], word: string, paint: (text: string) => string): string[] =>
    list.flatMap((finding) =>
      findingLines(finding).map((line, i) => (i === 0 ? `${paint(`${word}:`)} ${line}` : `  ${style.detail(line)}`)),
    );
  const unproven = constraints.filter(({ proof }) => proof === 'unproven');
  const first = [
    ...found(problems, 'problem', style.failed),
    ...unproven.map(
      (each) => `${style.attention('unproven:')} ${onOneLine(`${each.table} ${each.name}: ${each.reason ?? ''}`)}`,
    ),
    ...found(warnings, 'warning', style.attention),
  ];
  if (detail === 'quiet') return first;
  const paint = { proven: style.done, failed: style.failed, unproven: style.attention } as const;
  const tables = [...new Set(constraints.map(({ table }) => table))];
  const body = tables.flatMap((table) => {
    const own = constraints.filter((each) => each.table === table);
    const width = Math.max(...own.map(({ name }) => widthOf(onOneLine(name))));
    return [
      '',
      style.strong(onOneLine(table)),
      ...own.map((each) => {
        const name = padTo(onOneLine(each.name), width);
        const room = Math.max(columns - width - 6, 20);
        const lines = detail === 'verbose' ? saidOf(each) : [saidOf(each).join('; ')];
        return lines
          .map(
            (line, i) =>
              `  ${i === 0 ? `${paint[each.proof](marks[each.proof])} ${name}` : ' '.repeat(width + 2)}  ${style.detail(detail === 'verbose' ? onOneLine(line) : shorten(onOneLine(line), room))}`,
          )
          .join('\n');
      }),
    ];
  });
  return [onOneLine(head), ...(first.length > 0 ? ['', ...first] : []), ...body, '', summaryLine(result, style.strong)];
}

function saidOf({ proof, evidence, reason, problems }: ConstraintResult): readonly string[] {
  if (proof === 'failed') return problems.length > 0 ? problems : ['is not there with this meaning'];
  return proof === 'unproven' ? [`unproven: ${reason ?? ''}`] : evidence.toSorted((a, b) => telling(a) - telling(b));
}

/** What is refused says most, and that a good row is accepted least: a narrow terminal cuts the rest. */
const telling = (line: string): number => (/^(rejects|refuses)/.test(line) ? 0 : line.startsWith('accepts') ? 2 : 1);

function findingLines({ table, kind, name, message, expected, found }: Finding): string[] {
  const where = table === null || table === name ? onOneLine(name) : `${onOneLine(table)} ${onOneLine(name)}`;
  const definitions = expected !== null && found !== null && (expected.length > 30 || found.length > 30);
  return [
    `${where} (${kind.replace('-', ' ')}) ${onOneLine(message)}`,
    ...(definitions ? [`expected: ${onOneLine(expected)}`, `found:    ${onOneLine(found)}`] : []),
  ];
}

function summaryLine({ summary }: VerifyResult, strong: (text: string) => string): string {
  const { constraints, proven, failed, unproven, problems, warnings } = summary;
  const parts = [
    `${proven} of ${count(constraints, 'constraint')} proven`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(unproven > 0 ? [`${unproven} unproven`] : []),
    count(problems, 'problem'),
    count(warnings, 'warning'),
  ];
  return strong(parts.join(' · '));
}
