// The comments by which other tools read a file: where the way back begins, and what they do besides. To PostgreSQL
// they are plain comments, so that a file of theirs would be applied and undone at once.
import { locate } from './location.ts';
import type { Location, Statements } from './types.ts';

/** A comment of another tool. */
export interface ForeignComment {
  readonly tool: string;
  /** As it stands there, without the dashes. */
  readonly annotation: string;
  readonly location: Location;
}

interface Marker {
  readonly tool: string;
  /** Tried on the comment without the dashes and blanks before its first word. */
  readonly pattern: RegExp;
  /** Words that people write too: it counts only where statements stand before and after it. */
  readonly divides?: true;
}

/** Each as that tool itself looks for it, any number of dashes and blanks allowed. */
const markers: readonly Marker[] = [
  // pressly/goose, rubenv/sql-migrate, amberframework/micrate and what else was made after them.
  { tool: 'goose', pattern: /^\+goose\b/i },
  { tool: 'sql-migrate', pattern: /^\+migrate\b/i },
  { tool: 'micrate', pattern: /^\+micrate\b/i },
  { tool: 'another tool', pattern: /^\+\s*\w+\s+(up|down|statement\s*begin|statement\s*end|no\s*transaction)\b/i },
  { tool: 'dbmate', pattern: /^migrate:(up|down)(\s|$)/i },
  { tool: 'tern', pattern: /^(create above \/ drop below|tern:\s*\S+)[\s-]*$/i },
  { tool: 'rambler', pattern: /^rambler\s+(up|down)\s*$/i },
  { tool: 'node-pg-migrate', pattern: /^(up|down)\s+migration[\s-]*$/i },
  { tool: 'node-pg-migrate', pattern: /^down\s+migration\b/i, divides: true },
  { tool: 'MyBatis Migrations', pattern: /^(\/\/\s*)?@(undo|delimiter)\b/i },
  { tool: 'Play evolutions', pattern: /^!(ups|downs)\b/i },
  { tool: 'Liquibase', pattern: /^(liquibase\s+formatted\b|changeset\s+("[^"]+"|[^\s:]+):\s*\S)/i },
  {
    tool: 'graphile-migrate',
    pattern: /^!\s*((previous|hash|message|allowinvalidhash)\s*:|no-transaction\b|include\b)/i,
  },
  { tool: 'Sqitch', pattern: /^(deploy \S+ to|revert \S+ from|verify \S+ on) (pg|postgres|cockroach|yugabyte)\s*$/i },
  { tool: 'Atlas', pattern: /^atlas:(txtar|txmode|delimiter|checkpoint)\b/i },
  { tool: 'another tool', pattern: /^[@#*[{<]*(migrate\s+|migration\s+)?(down|undo)[\s:.*#\]}>-]*$/i, divides: true },
];

/** What the markers can begin with, letters in lower case. */
const firstBytes = new Set(Buffer.from('acdlmrtuv+!/@#*[{<'));
/** More of a line is not looked at. */
const longest = 200;

/** Whether a `--` comment may be one of these; quick, as a dump has thousands of comments. */
export function mayBeForeign(text: Uint8Array, start: number, end: number): boolean {
  const first = firstWord(text, start, end);
  if (first === end) return false;
  const byte = text[first]!;
  if (!firstBytes.has(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)) return false;
  return markerOf(text, first, end) !== undefined;
}

/** The first of these comments that is another tool's. */
export function findForeign(
  path: string,
  text: Uint8Array,
  comments: readonly { readonly start: number; readonly end: number }[],
  statements: Statements,
): ForeignComment | undefined {
  for (const { start, end } of comments) {
    const word = firstWord(text, start, end);
    const marker = markerOf(text, word, end);
    if (marker === undefined || !beginsLine(text, start, marker)) continue;
    if (marker.divides && !divides(start, statements)) continue;
    const annotation = decode(text, word, end).trim();
    return { tool: marker.tool, annotation, location: locate(path, text, start) };
  }
  return undefined;
}

/** Whether statements end before and begin after this place, and none goes across it. */
function divides(place: number, statements: Statements): boolean {
  let isBehind = false;
  for (const { start, end } of statements) {
    if (start > place) return isBehind;
    if (end > place) return false;
    isBehind = true;
  }
  return false;
}

function markerOf(text: Uint8Array, first: number, end: number): Marker | undefined {
  const comment = decode(text, first, end);
  return markers.find(({ pattern }) => pattern.test(comment));
}

/** Behind the dashes and blanks that the comment begins with. */
function firstWord(text: Uint8Array, start: number, end: number): number {
  let i = start;
  while (i < end && (text[i] === 0x2d || text[i] === 0x20 || text[i] === 0x09)) i++;
  return i;
}

/** Tools read lines: what stands behind SQL is none of theirs. Play's begin with a number sign, which is an operator here. */
function beginsLine(text: Uint8Array, start: number, { tool }: Marker): boolean {
  let i = start - 1;
  while (i >= 0 && (text[i] === 0x20 || text[i] === 0x09 || (text[i] === 0x23 && tool === 'Play evolutions'))) i--;
  return i < 0 || text[i] === 10 || text[i] === 13 || (i === 2 && text[0] === 0xef);
}

function decode(text: Uint8Array, start: number, end: number): string {
  return Buffer.from(text.buffer, text.byteOffset + start, Math.min(end - start, longest)).toString();
}
