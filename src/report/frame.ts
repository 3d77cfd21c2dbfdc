// An error as people read it: what is wrong, where with the line of source, what the database holds now, what to do.
// Makes lines; never prints them.
import type { AmeliaError } from '../errors.ts';
import type { RunResult, StepResult } from '../events.ts';
import type { Location } from '../migration/types.ts';
import type { Redactor } from './redact.ts';
import type { Style } from './style.ts';
import type { VersionNames } from './versions.ts';
import { graphemesOf, onManyLines, onOneLine, widthOf, wrap } from './width.ts';

export interface FrameOptions {
  /** The terminal's width; undefined for files and pipes, where only the source line is cut. */
  readonly columns: number | undefined;
  readonly style: Style;
  readonly versions: VersionNames;
  /** Hides secrets before lines are cut, which could leave a piece of one. */
  readonly redact: Redactor;
  /** What is true of the database when the error brings no result, such as `nothing was run`. */
  readonly otherwise?: string | undefined;
  /** False where another error follows: what the database holds now is said once. */
  readonly isLast?: boolean;
  /** False where the same code follows: how to have it explained is said once. */
  readonly explains?: boolean;
  /** Default error. */
  readonly level?: 'error' | 'warning';
}

/** Columns of source shown where no terminal sets a limit. */
const widestSource = 120;
const narrowestSource = 16;
const tabWidth = 4;

/** So many errors at once are read; the rest is counted. */
const most = 20;

/** The lines of an error and of all that was found with it; what the database holds now stands once, at the end. */
export function formatFailures(error: AmeliaError, options: FrameOptions): string[] {
  const errors = [error, ...error.others].slice(0, most);
  const more = error.others.length + 1 - errors.length;
  return [
    ...errors.flatMap((each, i) =>
      formatFailure(each, {
        ...options,
        isLast: i === errors.length - 1 && more === 0,
        explains: errors.findLastIndex(({ code }) => code === each.code) === i,
      }),
    ),
    ...(more > 0
      ? [`${more} more such errors: --json has them all`, ...outcome(error, options).map((line) => `  = ${line}`)]
      : []),
  ];
}

/**
 * The lines of an error:
 *
 *     error[apply.statement-failed]: column "emial" does not exist (42703)
 *       ┌ migrations/0007_add_email.sql:12:20
 *     12│ update users set emial = lower(email);
 *       │                  ^
 *       = rolled back: 0007 · applied before it: 0005, 0006 · not run: 0008
 *       hint: …
 *       = amelia-db explain apply.statement-failed
 */
export function formatFailure(error: AmeliaError, options: FrameOptions): string[] {
  const { style, redact, columns, level = 'error' } = options;
  const { location } = error;
  const margin = ' '.repeat(Math.max(2, String(location?.line ?? '').length));
  const clean = (text: string): string => onManyLines(redact(text));
  const indented = (first: string, text: string, paint: (line: string) => string = (line) => line): string[] =>
    hang(margin + first, clean(text), columns).map((line, index) =>
      index === 0 ? margin + paint(first) + line.slice(margin.length + first.length) : line,
    );

  const head = `${level}[${error.code}]: `;
  const paint = level === 'error' ? style.failed : style.attention;
  const message = clean(error.message).split('\n');
  return [
    ...wrap(head + (message[0] ?? ''), columns && columns - margin.length).map((line, index) =>
      index === 0 ? paint(head.trimEnd()) + style.strong(line.slice(head.length - 1)) : margin + style.strong(line),
    ),
    ...message.slice(1).flatMap((line) => hang(margin, line, columns)),
    ...(location === undefined ? [] : sourceFrame(location, margin, options)),
    ...notesOf(error).flatMap(({ label, text }) => indented(`= ${label}: `, text, style.detail)),
    ...(options.isLast === false ? [] : outcome(error, options)).flatMap((line) => indented('= ', line, style.detail)),
    ...(error.hint === undefined ? [] : indented('hint: ', error.hint, style.attention)),
    ...(options.explains === false ? [] : indented('= ', `amelia-db explain ${error.code}`, style.detail)),
  ];
}

/** `text` after `first`, its further lines below the text's beginning. */
function hang(first: string, text: string, columns: number | undefined): string[] {
  const indent = ' '.repeat(widthOf(first));
  const room = columns === undefined ? undefined : Math.max(columns - indent.length, narrowestSource);
  return wrap(text, room).map((line, index) => (index === 0 ? first : indent) + line);
}

function sourceFrame(location: Location, margin: string, options: FrameOptions): string[] {
  const { style, columns } = options;
  const room = Math.max((columns ?? widestSource + margin.length + 2) - margin.length - 2, narrowestSource);
  const { text, caret } = sourceWindow(location, room, options.redact);
  const place = `${onOneLine(location.path)}:${location.line}:${location.column}`;
  return [
    `${margin}${style.detail('┌')} ${place}`,
    `${style.detail(`${String(location.line).padStart(margin.length)}│`)} ${text}`.trimEnd(),
    `${margin}${style.detail('│')} ${' '.repeat(caret)}${style.failed('^')}`,
    ...lookalikes(location).map((line) => `${margin}${style.detail('=')} ${line}`),
  ];
}

const scripts = ['Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Coptic', 'Lisu'].map(
  (name) => [name, new RegExp(`\\p{Script=${name}}`, 'u')] as const,
);

/** Says which letters of the word at the place are not those that they look like: `аmount contains U+0430 (Cyrillic)`. */
function lookalikes({ source, column, sourceColumn = column }: Location): string[] {
  const characters = [...firstCodePoints(source, sourceColumn + widestSource)];
  const isOfWord = (at: number): boolean => /[\p{L}\p{N}\p{M}_$]/u.test(characters[at] ?? '');
  let from = sourceColumn - 1;
  if (/["']/.test(characters[from] ?? '')) from++;
  let to = from;
  while (from > 0 && isOfWord(from - 1)) from--;
  while (isOfWord(to)) to++;
  const word = characters.slice(from, to);
  // A word that is Cyrillic as a whole is one; and fullwidth letters are seen.
  if (!word.some((character) => /[a-z]/i.test(character))) return [];
  const strange = [...new Set(word)].flatMap((character) => {
    const script = scripts.find(([, letters]) => letters.test(character))?.[0];
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
    return script === undefined ? [] : [`U+${code} (${script})`];
  });
  return strange.length === 0 ? [] : [`${onOneLine(word.join(''))} contains ${strange.join(', ')}`];
}

interface Cell {
  readonly text: string;
  readonly width: number;
}

/** The part of a source line around the location's column that fits `room` columns, and the caret's column in it. */
export function sourceWindow(
  location: Pick<Location, 'source' | 'column' | 'sourceColumn'>,
  room: number,
  redact: Redactor,
): { readonly text: string; readonly caret: number } {
  const source = redact(location.source);
  const shownAt = location.sourceColumn ?? location.column;
  const column = redact([...firstCodePoints(location.source, shownAt - 1)].join('')).length;
  // Enough on both sides whatever the characters' widths; the rest of a line of megabytes is not looked at.
  const far = room * 16;
  const from = Math.max(0, column - far);
  const graphemes = graphemesOf(source.slice(from, column + far));
  const cells = toCells(graphemes);
  // What points into the middle of a grapheme (a combining mark) points at the grapheme.
  let end = from;
  const straddling = graphemes.findIndex((grapheme) => (end += grapheme.length) > column);
  const left = straddling < 0 ? cells : cells.slice(0, straddling);
  const right = straddling < 0 ? [] : cells.slice(straddling);
  const caret = total(left);
  if (from === 0 && caret + total(right) <= room) return { text: join(cells), caret };

  const cutRightAt = (columns: number): Cell[] => takeWhileFits(right, columns);
  if (from === 0 && caret < room - Math.min(total(right), room / 3)) {
    return { text: `${join([...left, ...cutRightAt(room - caret - 1)])}…`, caret };
  }
  // As much of the end as there is, up to half of the room; the rest is for what leads to the caret.
  const wanted = Math.min(total(right), Math.floor(room / 2));
  const shownLeft = takeWhileFits([...left].reverse(), room - 1 - wanted).reverse();
  const rest = room - 1 - total(shownLeft);
  const shownRight = total(right) <= rest ? right : [...cutRightAt(rest - 1), { text: '…', width: 1 }];
  return { text: `…${join(shownLeft)}${join(shownRight)}`, caret: 1 + total(shownLeft) };
}

/** Tabs become spaces up to their stop, control characters pictures of themselves. */
function toCells(graphemes: readonly string[]): Cell[] {
  let column = 0;
  return graphemes.map((grapheme) => {
    const toStop = tabWidth - (column % tabWidth);
    const cell = grapheme === '\t' ? { text: ' '.repeat(toStop), width: toStop } : measure(onOneLine(grapheme));
    column += cell.width;
    return cell;
  });
}

const measure = (text: string): Cell => ({ text, width: widthOf(text) });
const join = (cells: readonly Cell[]): string => cells.map((cell) => cell.text).join('');
const total = (cells: readonly Cell[]): number => cells.reduce((sum, cell) => sum + cell.width, 0);

function takeWhileFits(cells: readonly Cell[], columns: number): Cell[] {
  let used = 0;
  const end = cells.findIndex((cell) => (used += cell.width) > columns);
  return cells.slice(0, end < 0 ? cells.length : end);
}

function* firstCodePoints(text: string, n: number): Generator<string> {
  let taken = 0;
  for (const character of text) {
    if (taken++ >= n) return;
    yield character;
  }
}

/** What PostgreSQL says besides its message. */
function notesOf(error: AmeliaError): readonly { readonly label: string; readonly text: string }[] {
  const { facts } = error;
  return 'notes' in facts && Array.isArray(facts.notes) ? (facts.notes as { label: string; text: string }[]) : [];
}

/** What the database holds now. */
function outcome(error: AmeliaError, options: FrameOptions): string[] {
  if (error.result === undefined) return options.otherwise === undefined ? [] : [options.otherwise];
  if (error.result.steps.length === 0) {
    const saidAlready = error.hint?.startsWith('nothing was run') === true;
    return [`${saidAlready ? '' : 'nothing was run · '}${nowAt(error.result, options.versions)}`];
  }
  const failed = 'version' in error.facts ? String(error.facts.version) : undefined;
  // Of a migration without a transaction the journal says how far it came: no answer was lost.
  const isLost = error.code === 'session.lost' || error.code === 'apply.outcome-unknown';
  const unknown = isLost ? 'outcome unknown' : 'unfinished';
  return [describeOutcome(error.result, { failed, unknown }, options.versions)];
}

/** Each planned step by what became of it, and the version that the database is at: `rolled back: 0007 · not run: 0008 · …`. */
function describeOutcome(
  result: RunResult,
  { failed, unknown }: { readonly failed: string | undefined; readonly unknown: string },
  versions: VersionNames,
): string {
  const up = result.direction === 'up';
  const isFailed = (step: StepResult): boolean => step.version === failed && step.state !== 'unknown';
  const groups: [string, (step: StepResult) => boolean][] = up
    ? [
        ['rolled back', (step) => step.state === 'rolled-back'],
        [unknown, (step) => step.state === 'unknown'],
        [
          // A gate says no after a run in which nothing failed.
          result.steps.every(({ state }) => state === 'applied') ? 'applied' : 'applied before it',
          (step) => step.state === 'applied',
        ],
        ['not run', (step) => step.state === 'not-run'],
      ]
    : [
        ['still applied', isFailed],
        [unknown, (step) => step.state === 'unknown'],
        ['rolled back before it', (step) => step.state === 'rolled-back' && !isFailed(step)],
        ['not run', (step) => (step.state === 'not-run' || step.state === 'applied') && !isFailed(step)],
      ];
  const parts = groups.flatMap(([label, belongs]) => {
    const found = result.steps.filter(belongs).map((step) => step.version);
    return found.length === 0 ? [] : [`${label}: ${versions.list(found)}`];
  });
  const isUnknown = unknown === 'outcome unknown' && result.steps.some((step) => step.state === 'unknown');
  return [...parts, ...(isUnknown ? [] : [nowAt(result, versions)])].join(' · ');
}

const nowAt = ({ to }: RunResult, versions: VersionNames): string =>
  to === null ? 'no migration is applied' : `the database is at ${versions.write(to)}`;
