// What a literal or a quoted name of SQL stands for (manual, section 4.1.2). Pure.

export interface Literal {
  readonly value: string;
  /** 'plain' and 'dollar' are as they stand, but for doubled quotes. */
  readonly form: 'plain' | 'escaped' | 'dollar';
  /** Length of what stands before the value. */
  readonly opening: number;
}

/** Reads a literal of the lexer's, also one that is not closed. */
export function readLiteral(raw: string): Literal {
  const dollar = /^\$[^$]*\$/.exec(raw)?.[0];
  if (dollar !== undefined) {
    const inner = raw.slice(dollar.length);
    return {
      value: inner.endsWith(dollar) ? inner.slice(0, -dollar.length) : inner,
      form: 'dollar',
      opening: dollar.length,
    };
  }
  const opening = raw.indexOf("'") + 1;
  const inner = raw.length > opening && raw.endsWith("'") ? raw.slice(opening, -1) : raw.slice(opening);
  const prefix = raw.slice(0, opening - 1).toLowerCase();
  const quotes = inner.replaceAll("''", "'");
  if (prefix === 'e') return { value: unescape(inner.replace(/'\s*?[\r\n]\s*'/g, '')), form: 'escaped', opening };
  if (prefix === 'u&') return { value: unicode(quotes), form: 'escaped', opening };
  return { value: quotes, form: prefix === '' ? 'plain' : 'escaped', opening };
}

/** The name that "…" or U&"…" stands for. */
export function readName(raw: string): string {
  const inner = raw.slice(raw.indexOf('"') + 1, -1).replaceAll('""', '"');
  return raw.startsWith('"') ? inner : unicode(inner);
}

const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** E'…'. */
const unescape = (inner: string): string =>
  inner.replace(
    /''|\\(?:x([0-9a-f]{1,2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([0-7]{1,3})|([^]))/gi,
    (whole, hex?: string, short?: string, long?: string, octal?: string, character?: string) => {
      if (whole === "''") return "'";
      if (character !== undefined) return controls[character] ?? character;
      return fromCode(octal === undefined ? parseInt(hex ?? short ?? long ?? '', 16) : parseInt(octal, 8));
    },
  );

/** U&'…' with the usual escape character. */
const unicode = (inner: string): string =>
  inner.replace(/\\(?:\+([0-9a-f]{6})|([0-9a-f]{4})|\\)/gi, (whole, long?: string, short?: string) =>
    whole === '\\\\' ? '\\' : fromCode(parseInt(long ?? short ?? '', 16)),
  );

const fromCode = (code: number): string => (code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');
