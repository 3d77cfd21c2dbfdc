// How a script differs from what was applied: the first statement that says something else, in a few words. Pure.
import { asBuffer, Lexer } from './lexer.ts';
import { locate } from './location.ts';
import { tokensOf } from './statements-checksum.ts';
import type { Script, Statement } from './types.ts';

/** Of more statements, or of a longer text in bytes, it is not looked for. */
const mostStatements = 10_000;
const largestText = 1024 * 1024;
/** Of a line, in code points. */
const mostShown = 100;

/**
 * `statement 2, line 7 was: note varchar(20),`, without secrets; the line is that of the file as it is now. Undefined
 * where the files are too large to look.
 */
export function differenceOf(before: Script, now: Script): string | undefined {
  if ([before, now].some(({ text, statements }) => text.length > largestText || statements.length > mostStatements))
    return undefined;
  const said = [before, now].map(({ text, statements }) => Array.from(statements, (each) => tokensOf(text, each)));
  const [old = [], fresh = []] = said;
  let first = 0;
  while (first < Math.min(old.length, fresh.length) && old[first] === fresh[first]) first++;
  let same = 0;
  while (same < Math.min(old.length, fresh.length) - first && old.at(-1 - same) === fresh.at(-1 - same)) same++;
  const gone = old.length - first - same;
  const added = fresh.length - first - same;
  const wrapped = (script: Script): string => (script.transaction ? 'one transaction' : 'no-transaction');
  if (gone === 0 && added === 0) {
    return before.transaction === now.transaction ? undefined : `it was ${wrapped(before)}, and is ${wrapped(now)}`;
  }
  const more = Math.max(gone, added) - 1;
  const besides = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'statement differs' : 'statements differ'})`;
  if (gone === 0) {
    const { start } = now.statements.at(first)!;
    return `statement ${first + 1}, line ${lineOf(now, start)} is new: ${shown(now, start)}${besides}`;
  }
  const was = before.statements.at(first)!;
  if (added === 0) return `statement ${first + 1} is gone, it was: ${shown(before, was.start)}${besides}`;
  const is = now.statements.at(first)!;
  const [there, here] = firstDifference(before.text, was, now.text, is);
  return `statement ${first + 1}, line ${lineOf(now, here)} was: ${shown(before, there)}${besides}`;
}

/** The offsets in both at which two statements begin to say something else. */
function firstDifference(textA: Uint8Array, a: Statement, textB: Uint8Array, b: Statement): [number, number] {
  const [one, other] = [tokens(textA, a), tokens(textB, b)];
  const i = one.findIndex(({ text }, at) => text !== other[at]?.text);
  // One goes on where the other ends, be it with its rows.
  if (i < 0 && one.length < other.length) return [one.at(-1)?.start ?? a.start, other[one.length]!.start];
  if (i < 0) return [a.copyData?.start ?? a.start, b.copyData?.start ?? b.start];
  const [x, y] = [one[i]!, other[i]];
  if (y === undefined) return [x.start, other.at(-1)?.start ?? b.start];
  // Of a function's body or another long literal, the line.
  const [linesX, linesY] = [x.text.split('\n'), y.text.split('\n')];
  const line = linesX.findIndex((text, at) => text !== linesY[at]);
  if (line <= 0) return [x.start, y.start];
  const offset = (lines: readonly string[]): number =>
    lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, 0);
  return [x.start + offset(linesX), y.start + Math.min(offset(linesY), y.text.length - 1)];
}

/** As Latin-1: a character is a byte. */
function tokens(bytes: Uint8Array, { start, end }: Statement): { readonly text: string; readonly start: number }[] {
  const lexer = new Lexer(bytes, start, end);
  const found = [];
  for (let token = lexer.next(); token !== 'end'; token = lexer.next()) {
    found.push({ text: asBuffer(bytes).toString('latin1', lexer.start, lexer.end), start: lexer.start });
    if (token === 'unterminated') break;
  }
  return found;
}

const lineOf = ({ path, text }: Script, offset: number): number => locate(path, text, offset).line;

function shown({ path, text }: Script, offset: number): string {
  const { source, column } = locate(path, text, offset);
  const characters = [...source];
  const from = characters.length <= mostShown ? 0 : Math.max(0, column - 1 - mostShown / 2);
  const piece = characters
    .slice(from, from + mostShown)
    .join('')
    .trim();
  return `${from > 0 ? '…' : ''}${piece}${from + mostShown < characters.length ? '…' : ''}`;
}
