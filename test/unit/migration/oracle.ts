// PostgreSQL's own parser and scanner (libpg-query), asked where statements begin and end.
import { loadModule, parseSync, scanSync } from 'libpg-query';

await loadModule();

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The statements' first and last tokens, as byte offsets; undefined where PostgreSQL finds a syntax error. */
export function statementsByPostgres(text: Uint8Array): Range[] | undefined {
  if (text.length === 0) return [];
  const sql = Buffer.from(text).toString();
  const parsed = parse(sql);
  if (parsed === undefined) return undefined;
  // A form feed in a comment makes libpg-query 18.1 print broken JSON.
  const tokens = scanSync(sql.replace(/[\f\v]/g, ' ')).tokens.filter(
    ({ tokenName }) => !['SQL_COMMENT', 'C_COMMENT'].includes(tokenName),
  );
  let token = 0;
  return parsed.map(({ stmt_location: start = 0, stmt_len: length = text.length }) => {
    while (tokens[token]!.start < start) token++;
    const first = tokens[token]!;
    let last = first;
    while (token < tokens.length && tokens[token]!.end <= start + length) last = tokens[token++]!;
    return { start: first.start, end: last.end };
  });
}

function parse(sql: string): { stmt_location?: number; stmt_len?: number }[] | undefined {
  try {
    return parseSync(sql).stmts ?? [];
  } catch {
    return undefined;
  }
}

/**
 * The text with white space, byte for byte, for what only psql knows: rows behind COPY … FROM stdin,
 * backslash lines, a byte order mark. Works on lines, on purpose unlike the splitter.
 */
export function withoutPsql(text: Uint8Array): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.subarray(0, 3).toString('hex') === 'efbbbf') bytes.fill(' ', 0, 3);
  let inData = false;
  for (const line of bytes.toString('latin1').matchAll(/[^\r\n]+/g)) {
    const blank = inData || /^\s*\\/.test(line[0]);
    inData = inData
      ? line[0] !== '\\.'
      : /(^ *copy\b[^;]*\bfrom|^) +stdin\b(?! *\)).*;\s*(--.*|\/\*.*\*\/\s*)?$/i.test(line[0]);
    if (blank) bytes.fill(' ', line.index, line.index + line[0].length);
  }
  return bytes;
}
