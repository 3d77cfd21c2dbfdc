// `doctor` for people: each check on a line with its verdict, and what to do about those that are not well.
// Makes lines; never prints them.
import type { DoctorResult, HealthCheck } from '../events.ts';
import type { Answering } from './answer.ts';
import { onOneLine, padTo, wrap } from './width.ts';
import { count, databaseName } from './words.ts';

const usual = 80;
const nameColumns = 16;
const marks = { ok: '✔', warning: '!', problem: '✖' } as const;

/** How many checks came to each verdict. */
export function verdicts({ checks }: DoctorResult): { ok: number; warnings: number; problems: number } {
  const of = (verdict: HealthCheck['verdict']): number => checks.filter((check) => check.verdict === verdict).length;
  return { ok: of('ok'), warnings: of('warning'), problems: of('problem') };
}

/** The lines of the report. With `quiet` only what is not well. */
export function doctorLines(
  result: DoctorResult,
  { style, writer, detail }: Pick<Answering, 'style' | 'writer' | 'detail'>,
): string[] {
  const columns = Math.min(writer.columns ?? usual, 120);
  const paint = { ok: style.done, warning: style.attention, problem: style.failed };
  const shown = result.checks.filter(({ verdict }) => detail !== 'quiet' || verdict !== 'ok');
  const indent = ' '.repeat(nameColumns + 6);
  const room = Math.max(columns - indent.length, 20);
  const lines = [...new Set(shown.map(({ area }) => area))].flatMap((area) => [
    '',
    style.strong(area),
    ...shown
      .filter((check) => check.area === area)
      .flatMap(({ name, verdict, message, hint }) => {
        const said = message.split('\n').flatMap((line) => wrap(onOneLine(line), room));
        const todo = hint === undefined ? [] : wrap(`→ ${onOneLine(hint)}`, room);
        return [
          `  ${paint[verdict](marks[verdict])} ${padTo(onOneLine(name), nameColumns)}  ${said[0] ?? ''}`,
          ...said.slice(1).map((line) => indent + line),
          ...todo.map((line, i) => indent + style.detail(i === 0 ? line : `  ${line}`)),
        ];
      }),
  ]);
  if (detail === 'quiet') return lines.slice(1);
  const { ok, warnings, problems } = verdicts(result);
  const { database } = result;
  const head = database === undefined ? [] : [`${databaseName(database)} · PostgreSQL ${database.serverVersion}`];
  const sum = `${count(result.checks.length, 'check')}: ${ok} ok, ${count(warnings, 'warning')}, ${count(problems, 'problem')}`;
  return [...head, ...(head.length === 0 ? lines.slice(1) : lines), '', style.strong(sum)];
}
