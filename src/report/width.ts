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

// Control characters, and those that reorder or hide what stands around them: text of others
// (a migration, a server's message) must not move the cursor or show something it is not.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const picture = (character: string): string => {
  const code = character.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
};

/** One line of text in which nothing acts on the terminal: control characters become pictures of themselves. */
export const onOneLine = (text: string): string => text.replace(unsafe, picture);

/** As `onOneLine`, with line feeds and tabs left as they are. */
export const onManyLines = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(unsafe, (character) => (/[\n\t]/.test(character) ? character : picture(character)));

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
