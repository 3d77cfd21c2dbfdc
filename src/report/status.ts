// `status` as a table that a person can read in 80 columns, and that fits narrower terminals.
// Makes lines; never prints them.
import type { StatusEntry, StatusResult, StatusSummary } from '../events.ts';
import type { Answering } from './answer.ts';
import type { Style } from './style.ts';
import { onManyLines, onOneLine, padFrom, padTo, shorten, widthOf, wrap } from './width.ts';
import { databaseName, sessionName } from './words.ts';

const gap = '  ';
const narrowestName = 12;
const mostGaps = 8;

interface Column {
  readonly title: string;
  readonly cell: (entry: StatusEntry) => string;
  readonly align?: 'right';
  readonly paint?: (text: string, entry: StatusEntry) => string;
}

/** The lines of the table with the database above it, gaps and the summary under it. */
export function statusLines(
  result: StatusResult,
  to: Pick<Answering, 'writer' | 'style' | 'versions' | 'folder'>,
): string[] {
  const { migrations, database, historyTable } = result;
  const { style, versions, folder } = to;
  for (const { path } of migrations) versions.learn(path);
  const about = `PostgreSQL ${database.serverVersion} · history in ${onOneLine(historyTable)}`;
  const head = wrap(`${databaseName(database)} · ${about}`, to.writer.columns);
  if (migrations.length === 0) {
    return [
      ...head,
      '',
      `no migrations in ${onOneLine(folder)}, and none applied`,
      style.detail('begin with: amelia-db new NAME'),
    ];
  }
  return [...head, '', ...tableLines(migrations, to), '', ...summaryLines(result, to)];
}

function tableLines(
  entries: readonly StatusEntry[],
  { writer, style, versions }: Pick<Answering, 'writer' | 'style' | 'versions'>,
): string[] {
  const version: Column = { title: 'VERSION', cell: (e) => versions.write(e.version) };
  const name: Column = { title: 'NAME', cell: (e) => onOneLine(e.name ?? '–') };
  const state: Column = {
    title: 'STATE',
    cell: (e) => words(e.state),
    paint: (text, e) => paintState(e, style)(text),
  };
  const appliedAt: Column = {
    title: 'APPLIED AT (UTC)',
    cell: (e) => e.appliedAt?.slice(0, 19).replace('T', ' ') ?? '–',
  };
  const ms: Column = {
    title: 'MS',
    cell: (e) => (e.durationMs === undefined ? '–' : String(Math.round(e.durationMs))),
    align: 'right',
  };

  const appliedBy: Column = { title: 'APPLIED BY', cell: (e) => onOneLine(e.appliedBy ?? '–') };
  const natural = (column: Column): number =>
    Math.max(widthOf(column.title), ...entries.map((e) => widthOf(column.cell(e))));
  const room = writer.columns;
  const others = [state, appliedAt, ms];
  const isKnown = entries.some((entry) => entry.appliedBy !== undefined);
  const nameRoom = (): number =>
    (room ?? Infinity) - [version, ...others].reduce((sum, c) => sum + natural(c) + gap.length, 0);
  // Who applied it is shown where that costs nothing else.
  if (isKnown && nameRoom() - natural(appliedBy) - gap.length >= natural(name)) others.push(appliedBy);
  // On a narrow terminal the name matters more than how long it took and when.
  while (others.length > 1 && nameRoom() < Math.min(narrowestName, natural(name))) others.pop();
  const nameWidth = Math.max(Math.min(natural(name), nameRoom()), narrowestName);

  const columns = [version, name, ...others];
  const widths = new Map(columns.map((column) => [column, column === name ? nameWidth : natural(column)]));
  const row = (cell: (column: Column) => string): string =>
    columns
      .map((column) => {
        const width = widths.get(column) ?? 0;
        const text = room === undefined ? cell(column) : shorten(cell(column), width);
        return column.align === 'right' ? padFrom(text, width) : padTo(text, width);
      })
      .join(gap)
      .trimEnd();
  const indent = ' '.repeat(natural(version) + gap.length);
  return [
    style.detail(row((column) => column.title)),
    ...entries.flatMap((entry) => {
      const line = row((column) => column.cell(entry));
      const painted = entry.state === 'applied' ? line : paintState(entry, style)(line);
      const note = entry.note === undefined ? [] : wrap(onManyLines(entry.note), room && room - indent.length);
      return [painted, ...note.map((text) => indent + style.detail(text))];
    }),
  ];
}

function summaryLines(
  { summary, gaps, current, running, ahead, unseen }: StatusResult,
  { style, versions, writer }: Pick<Answering, 'style' | 'versions' | 'writer'>,
): string[] {
  const counts = countsOf(summary).map(([state, n]) => `${n} ${words(state)}`);
  const at = current === null ? 'no migration is applied' : `the database is at ${versions.write(current)}`;
  const near = gaps.filter(isNear);
  const shown = near.slice(0, mostGaps).map((range) =>
    range
      .split('-')
      .map((v) => versions.write(v))
      .join('–'),
  );
  const more = near.length > mostGaps ? ` and ${near.length - mostGaps} more` : '';
  const onlyPending =
    summary.pending > 0 && countsOf(summary).every(([state]) => state === 'applied' || state === 'pending');
  return [
    ...wrap(`${[...counts, at].join(' · ')}`, writer.columns).map((line) => style.strong(line)),
    ...(near.length === 0
      ? []
      : wrap(`unused numbers: ${shown.join(', ')}${more}`, writer.columns).map((line) => style.detail(line))),
    ...(ahead.length === 0
      ? []
      : wrap(
          `the database is ahead of this folder: ${versions.list(ahead)} ${ahead.length === 1 ? 'was' : 'were'} applied from a newer one`,
          writer.columns,
        ).map(style.attention)),
    ...(unseen === undefined ? [] : wrap(`not seen: ${onOneLine(unseen)}`, writer.columns).map(style.attention)),
    ...(running === null
      ? []
      : wrap(`a run goes on at this moment · ${sessionName(running)}`, writer.columns).map(style.attention)),
    ...(summary.unfinished > 0 && running === null
      ? wrap('amelia-db migrate (or rollback, if that stopped) goes on where it stopped', writer.columns).map((line) =>
          style.detail(line),
        )
      : []),
    ...(onlyPending && running === null
      ? wrap('amelia-db migrate applies what is pending', writer.columns).map((line) => style.detail(line))
      : []),
  ];
}

/** The states that there are, with how many; applied always. */
export function countsOf(summary: StatusSummary): [StatusEntry['state'], number][] {
  const all: [StatusEntry['state'], number][] = [
    ['applied', summary.applied],
    ['pending', summary.pending],
    ['modified', summary.modified],
    ['missing', summary.missing],
    ['out-of-order', summary.outOfOrder],
    ['unfinished', summary.unfinished],
  ];
  return all.filter(([state, n]) => n > 0 || state === 'applied');
}

/** Between dates used as numbers there are gaps everywhere: those say nothing. */
function isNear(range: string): boolean {
  const [from = '0', to = from] = range.split('-');
  return BigInt(to) - BigInt(from) < 1000n;
}

const words = (state: StatusEntry['state']): string => state.replaceAll('-', ' ');

function paintState({ state, onlyComments }: StatusEntry, style: Style): (text: string) => string {
  if (state === 'applied') return style.done;
  return state === 'pending' || onlyComments ? style.attention : style.failed;
}
