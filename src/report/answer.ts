// The answers for people, on stdout: the summary of a run, the SQL of a dry run, rows changed, files made.
// Never tells of progress and never of failures.
import type { DryRunResult, DryRunStep, HistoryChange, HistoryChangeResult, RunResult } from '../events.ts';
import { maskSql } from '../migration/secrets.ts';
import { githubLines } from './check-github.ts';
import { junitReport } from './check-junit.ts';
import { sarifLog } from './check-sarif.ts';
import { checkLines } from './check.ts';
import type { Answer, CreatedResult } from './reporter.ts';
import { doctorLines } from './doctor.ts';
import { listLines, pageLines } from './explain.ts';
import { statusLines } from './status.ts';
import type { Style } from './style.ts';
import type { VersionNames } from './versions.ts';
import { waitLines } from './wait.ts';
import { junitLines, tapLines } from './verify-formats.ts';
import { verifyLines } from './verify.ts';
import { onManyLines, onOneLine } from './width.ts';
import { count, databaseName, duration, shortName } from './words.ts';
import type { Writer } from './writer.ts';

export interface Answering {
  readonly writer: Writer;
  readonly versions: VersionNames;
  readonly style: Style;
  readonly detail: 'quiet' | 'normal' | 'verbose';
  /** The migrations folder as the user names it. */
  readonly folder: string;
  /** Since the first migration began. */
  readonly elapsedMs: number;
  /** An error follows on stderr. */
  readonly failed: boolean;
}

/** Writes the answer as text. With `quiet` what only says that all went well is left out. */
export function printAnswer(answer: Answer, to: Answering): void {
  const quiet = to.detail === 'quiet';
  switch (answer.kind) {
    case 'run':
      if (!quiet && (!to.failed || answer.verified)) print(runLines(answer.result, to), to);
      if (answer.verified) printVerify({ kind: 'verify', result: answer.verified, format: 'text' }, to);
      return;
    case 'dry-run':
      return print(dryRunLines(answer.result, to), to);
    case 'status':
      return print(statusLines(answer.result, to), to);
    case 'history':
      if (!quiet) print(changeLines(answer.result, to), to);
      return;
    case 'contract':
      if (answer.result.file !== undefined) return to.writer.text(`${onOneLine(answer.result.file)}\n`);
      return to.writer.text(to.writer.isTerminal ? onManyLines(answer.result.text) : answer.result.text);
    case 'verify':
      return printVerify(answer, to);
    case 'doctor':
      return print(doctorLines(answer.result, to), to);
    case 'wait':
      if (!quiet && !to.failed) print(waitLines(answer.result, to), to);
      return;
    case 'check':
      if (answer.form === 'github') return to.writer.text(`${githubLines(answer.result).join('\n')}\n`, 'commands');
      if (answer.form === 'sarif') return to.writer.json(sarifLog(answer.result, answer.tool), 2);
      return print(checkReport(answer, to), to);
    case 'explained':
      return print(
        answer.asList ? listLines(answer.result, to) : answer.result.flatMap((each) => pageLines(each, to)),
        to,
      );
    case 'created':
      return print(createdLines(answer.result), to);
  }
}

const print = (lines: readonly string[], { writer }: Answering): void => writer.text(`${lines.join('\n')}\n`);

function checkReport({ result, form }: Answer & { kind: 'check' }, to: Answering): string[] {
  return form === 'junit' ? junitReport(result) : checkLines(result, to);
}

function printVerify({ result, format }: Answer & { kind: 'verify' }, to: Answering): void {
  const lines = format === 'tap' ? tapLines(result) : format === 'junit' ? junitLines(result) : verifyLines(result, to);
  if (lines.length > 0) print(lines, to);
}

function runLines(result: RunResult, { versions, style, folder, elapsedMs }: Answering): string[] {
  const { direction, steps, to, database } = result;
  const at = to === null ? 'no migration is applied' : `the database is at ${versions.write(to)}`;
  if (steps.length > 0) {
    const what = `${direction === 'up' ? 'applied' : 'rolled back'} ${count(steps.length, 'migration')}`;
    return [`${style.done(what)} in ${duration(elapsedMs)} · ${at}`];
  }
  if (to !== null) return [`nothing to do: ${shortName(database)} is at ${versions.write(to)}`];
  return direction === 'up'
    ? [`nothing to do: there are no migrations in ${onOneLine(folder)}`, style.detail('begin with: amelia-db new NAME')]
    : [`nothing to do: no migration is applied in ${shortName(database)}`];
}

/** SQL that psql could read; what is not SQL stands in comments. */
function dryRunLines(result: DryRunResult, to: Answering): string[] {
  const { steps, direction, database } = result;
  const { style, versions } = to;
  const comment = (text: string): string => style.detail(`-- ${text}`);
  for (const { path } of steps) versions.learn(path);
  const where = databaseName(database);
  if (steps.length === 0) {
    return [
      comment(
        `dry run: nothing to do, ${where} is at ${result.from === null ? 'no version' : versions.write(result.from)}`,
      ),
    ];
  }
  const would = direction === 'up' ? 'be applied to' : 'be rolled back from';
  return [
    comment(`dry run: ${count(steps.length, 'migration')} would ${would} ${where}; nothing was run`),
    ...steps.flatMap((step) => ['', ...plannedLines(step, to, comment)]),
  ];
}

function plannedLines(step: DryRunStep, { writer }: Answering, comment: (text: string) => string): string[] {
  const { path, transaction, statements } = step;
  const kind = transaction ? 'one transaction' : 'no transaction, statement by statement';
  return [
    comment(`${onOneLine(path)} (${kind}, ${count(statements.length, 'statement')})`),
    ...(transaction ? ['BEGIN;'] : []),
    ...statements.flatMap(({ sql, copyBytes, location }) => {
      // A terminal must not obey what stands in a file; psql must get it byte for byte.
      // A line that begins with a cast looks like a command to GitHub's runner.
      const masked = maskSql(sql).replace(/^([^\S\n]*)(?=::)/gm, '$1/**/');
      const shown = `${writer.isTerminal ? onManyLines(masked) : masked};`;
      if (copyBytes === undefined) return [shown];
      return [
        comment(`${copyBytes} bytes of rows, from line ${location.line + 1} of the file:`),
        ...shown.split('\n').map((line) => comment(line)),
      ];
    }),
    ...(transaction ? ['COMMIT;'] : []),
  ];
}

function changeLines(result: HistoryChangeResult, { versions, style }: Answering): string[] {
  const { changes, historyTable, database } = result;
  if (changes.length === 0)
    return [`nothing to do: ${onOneLine(historyTable)} of ${databaseName(database)} is as it should be`];
  return [
    `${style.done(`changed ${count(changes.length, 'row')}`)} of ${onOneLine(historyTable)} in ${databaseName(database)}:`,
    ...changes.map((change) => `  ${versions.write(change.version)} ${changeWords(change)}`),
  ];
}

function changeWords({ name, change, before, after, removed }: HistoryChange): string {
  const values = before === undefined && after === undefined ? '' : ` (${before ?? 'none'} → ${after ?? 'none'})`;
  const words = {
    baselined: 'recorded as applied, not run',
    'checksum-accepted': 'modified file accepted',
    'resolved-applied': 'unfinished, now recorded as applied',
    'resolved-pending': removed === undefined ? 'unfinished, now pending' : removedWords(removed),
  };
  return `${onOneLine(name ?? '')}: ${words[change]}${onOneLine(values)}`.trimStart();
}

function removedWords({
  state,
  appliedAt,
  appliedBy,
  checksum,
  completed,
  statements,
}: NonNullable<HistoryChange['removed']>): string {
  const row = [
    ...(appliedAt === undefined ? [] : [`applied at ${appliedAt}`]),
    ...(appliedBy === undefined ? [] : [`by ${appliedBy}`]),
    ...(checksum === undefined ? [] : [checksum]),
    ...(completed === undefined ? [] : [`${completed} of ${statements} statements completed`]),
  ];
  // One that has no file is not pending, but gone.
  const now = state === 'missing' ? 'now unknown' : 'now pending';
  return `${state}, ${now}; removed its row${row.length === 0 ? '' : ` (${row.join(', ')})`}`;
}

const createdLines = ({ files }: CreatedResult): string[] => files.map(onOneLine);
