// A page of the documentation as the steps that a reader takes: what is written into a file, sent to the database,
// typed into a shell, and what is shown then.
import { existsSync, readFileSync } from 'node:fs';

export interface Block {
  /** Where it begins, such as `README.md:12`. */
  readonly at: string;
  /** The language of a fenced block, or `hidden sql` for a comment that a reader does not see. */
  readonly kind: string;
  readonly text: string;
  /** The exit status that the last command of a shell block must end with. */
  readonly exits: number;
  /** The test that executes it instead. */
  readonly elsewhere: string | undefined;
  /** Nothing stands between it and the block before. */
  readonly follows: boolean;
}

/**
 * The fenced blocks of a page. A comment above it says what is peculiar to one: `<!-- exits 1 -->`, or
 * `<!-- executed by test/a.test.ts -->`, which must be a file that names the page. `<!-- sql … -->` is sent to the
 * database unseen.
 */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  const pattern = /(?:^<!-- (?!sql)(.*) -->\n+)?^```(.*)\n([^]*?)^```$|^<!-- (sql)\n([^]*?)^-->$/gm;
  let end = 0;
  return [...text.matchAll(pattern)].map((match) => {
    const [whole, mark = '', language, fenced, hidden, unseen] = match;
    const at = `${page}:${text.slice(0, match.index).split('\n').length}`;
    const follows = end > 0 && text.slice(end, match.index).trim() === '';
    end = match.index + whole.length;
    const elsewhere = /^executed by (\S+)/.exec(mark)?.[1];
    const exits = /^exits (\d+)$/.exec(mark)?.[1];
    if (mark !== '' && elsewhere === undefined && exits === undefined) throw new Error(`${at}: what is "${mark}"?`);
    if (elsewhere !== undefined && !(existsSync(elsewhere) && readFileSync(elsewhere, 'utf8').includes(page))) {
      throw new Error(`${at}: ${elsewhere} does not name ${page}`);
    }
    return {
      at,
      kind: hidden === undefined ? (language ?? '') : 'hidden sql',
      text: fenced ?? unseen ?? '',
      exits: Number(exits ?? 0),
      elsewhere,
      follows,
    };
  });
}

/** The file that a block is: its first line is a comment with the path. */
export const fileOf = ({ text }: Block): string | undefined => /^(?:--|#) (\S+\.(?:sql|ya?ml))\n/.exec(text)?.[1];

/** What a shown output looks like when it is produced again: `…` is anything; times, durations and widths differ. */
export function patternOf(shown: string): RegExp {
  const lines = shown
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
        .replace(/ +/g, '\t')
        .replace(/\d+(?:\\\.\d+)?\t(ms|s)\b/g, '[\\d.]+\tm?s')
        .replace(/\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t\d+/g, '[-\\d]+\t[:\\d]+\t\\d+')
        .replaceAll('\t', ' +')
        .replaceAll('…', '.*'),
    );
  return new RegExp(lines.map((line) => `^${line}$`).join('\\n(?:.*\\n)*?'), 'm');
}
