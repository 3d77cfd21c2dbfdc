// `check` for people: every finding with its line of source, then how each migration did, then the sum.
// Makes lines; never prints them.
import type { CheckedMigration, CheckResult } from '../check/model.ts';
import type { Answering } from './answer.ts';
import { formatFailure } from './frame.ts';
import { onOneLine, padTo, widthOf } from './width.ts';
import { count, duration } from './words.ts';

/** The lines of the report. With `quiet` only what is wrong. */
export function checkLines(result: CheckResult, { style, writer, detail, versions }: Answering): string[] {
  const { findings, migrations, base } = result;
  const frames = findings.flatMap(({ error, level }, i) => [
    ...formatFailure(error, {
      columns: writer.columns,
      style,
      versions,
      redact: writer.redact,
      level,
      explains: findings.findLastIndex((each) => each.error.code === error.code) === i,
    }),
    '',
  ]);
  if (detail === 'quiet') return frames;
  // A folder of hundreds: what the base has and what is well needs no line.
  const shown = migrations.filter((each) => detail === 'verbose' || base === null || each.isNew || isBad(result, each));
  const width = Math.max(0, ...shown.map((each) => widthOf(titleOf(each, versions))));
  const lines = shown.map((each) => {
    const mark = isBad(result, each) ? style.failed('✗') : style.done('✓');
    return `  ${mark} ${padTo(titleOf(each, versions), width)}  ${style.detail(wordsOf(each, base !== null))}`;
  });
  return [...frames, ...lines, ...(lines.length > 0 ? [''] : []), style.strong(summaryOf(result))];
}

const titleOf = ({ version, name }: CheckedMigration, versions: Answering['versions']): string =>
  `${versions.write(version)} ${onOneLine(name)}`;

const isBad = ({ findings }: CheckResult, { path, replayed }: CheckedMigration): boolean =>
  !replayed || findings.some(({ error, level }) => level === 'error' && isAbout(error.location?.path, path));

/** Whether a finding's file is that migration's, or its rollback's. */
const isAbout = (file: string | undefined, migration: string): boolean =>
  file === migration || file === migration.replace(/\.sql$/i, '.down.sql');

/** How a migration did, in words. */
export function wordsOf({ isNew, replayed, rollback }: CheckedMigration, hasBase: boolean): string {
  const words = {
    restores: 'there and back again',
    fails: 'its rollback does not undo it',
    missing: 'no rollback',
    'not-tried': '',
  };
  return [hasBase && isNew ? 'new' : '', replayed ? 'replayed' : 'not replayed', words[rollback]]
    .filter((word) => word !== '')
    .join(' · ');
}

/** `2 problems · 4 migrations replayed, 1 there and back again · 34 of 35 constraints proven · compared with origin/main · 1.4 s`. */
export function summaryOf({ findings, migrations, constraints, base, contract, ms }: CheckResult): string {
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.length - errors;
  const tried = migrations.filter(({ rollback }) => rollback === 'restores').length;
  const replayed = migrations.filter((each) => each.replayed).length;
  return [
    errors === 0 ? 'all is well' : count(errors, 'problem'),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
    `${count(replayed, 'migration')} replayed${tried === 0 ? '' : `, ${tried} there and back again`}`,
    ...(constraints ? [`${constraints.proven} of ${count(constraints.all, 'constraint')} proven`] : []),
    ...(constraints && contract !== null ? ['held against the contract'] : []),
    ...(base ? [`compared with ${onOneLine(base.ref)}`] : []),
    duration(ms),
  ].join(' · ');
}
