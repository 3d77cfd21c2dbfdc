// How wide text is on a terminal, and text made to fit: East Asian and combining characters, emoji.
// Never prints; knows nothing of colours.

// What nearly all text is made of, the signs of our own among it: a column each.
const narrow = /^[ -~·…–→✔✖┌│]*$/;
let measure = (text: string): number => Array.from(text).length;

/**
 * Loads what knows the width of every character. It compiles Unicode's tables of emoji for 20 ms
 * (string-width 8.3, Node.js 20), so it is left to those who lay text out.
 */
export async function loadWidths(): Promise<void> {
  measure = (await import('string-width')).default;
}

/** Columns that `text` takes on a terminal; before `loadWidths` a guess for what is not plain. */
export const widthOf = (text: string): number => (narrow.test(text) ? text.length : measure(text));

let segmenter: Intl.Segmenter | undefined;

/** What a person sees as characters, in order. */
export function graphemesOf(text: string): string[] {
  // Made when it is needed: its tables take 8 ms to load.
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

// Control characters, and what is invisible, reorders or looks like a plain space: text of others (a migration, a
// server's message) must not move the cursor or show something it is not.
const unsafe =
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|\p{Surrogate}|[\u{e0000}-\u{e0fff}]/gu;

const picture = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
};

/** An emoji's joiner and variation selector belong to it; French puts an unbreakable space beside its quotes. */
function shown(character: string, at: number, text: string): string {
  if (character === '\ufe0f' || character === '\u200d') {
    const before = text.slice(Math.max(0, at - 3), at);
    const after = text.slice(at + 1, at + 3);
    const inEmoji =
      character === '\ufe0f'
        ? /\p{Extended_Pictographic}$/u.test(before) || after.startsWith('\u20e3')
        : /(\p{Extended_Pictographic}\ufe0f?|\p{Emoji_Modifier})$/u.test(before) &&
          /^\p{Extended_Pictographic}/u.test(after);
    if (inEmoji) return character;
  }
  if (/[\u00a0\u202f]/.test(character) && (text[at - 1] === '«' || text[at + 1] === '»')) return ' ';
  return picture(character);
}

/** One line of text in which nothing acts on the terminal: control characters become pictures, others `<U+202E>`. */
export const onOneLine = (text: string): string => text.replace(unsafe, shown);

/** As `onOneLine`, with line feeds and tabs left as they are. */
export const onManyLines = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(unsafe, (character, at: number, whole: string) =>
      /[\n\t]/.test(character) ? character : shown(character, at, whole),
    );

/**
 * `text` in which no line is a command to the runner of a CI job, wherever its log goes: `::error::` (GitHub, which trims
 * the line first), `##[…]` and `##vso[…]` (Azure, anywhere in a line), `##teamcity[…]`.
 */
export const withoutCommands = (text: string): string =>
  text.replace(/^([^\S\n]*)(?=::)/gm, '$1\\').replace(/##(?=\[|vso\[|teamcity\[)/gi, '#\\#');

/** `text` in at most `columns` columns, with `…` in place of its end. */
export function shorten(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let used = 1;
  for (const grapheme of graphemesOf(text)) {
    used += widthOf(grapheme);
    if (used > columns) break;
    kept += grapheme;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** `text` followed by spaces up to `columns`. */
export const padTo = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - widthOf(text)));

/** `text` after spaces, `columns` wide together. */
export const padFrom = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - widthOf(text))) + text;

/**
 * The lines of `text`, broken at spaces to fit `columns`; a word that is wider stays whole.
 * Without `columns` only its own line feeds break it.
 */
export function wrap(text: string, columns: number | undefined): string[] {
  return text.split('\n').flatMap((line) => (columns === undefined ? [line] : wrapLine(line, columns)));
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\s)(?=\S)/)) {
    if (current !== '' && widthOf(current + word.trimEnd()) > columns) {
      lines.push(current.trimEnd());
      current = word;
    } else {
      current += word;
    }
  }
  return [...lines, current.trimEnd()];
}
