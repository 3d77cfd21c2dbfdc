// Finds the secrets in SQL by its tokens: passwords, keys, connection strings, also in strings that hold SQL.
// In doubt a literal is one. Changes nothing.
import { readCommand } from './command.ts';
import { copyDataAfter } from './copy-data.ts';
import { asBuffer, Lexer } from './lexer.ts';
import { SecretRules } from './secret-rules.ts';
import { mask, mayHoldSecret } from './secret-words.ts';

/** What is to stand in place of the bytes from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The secrets that stand there, as a server would repeat them. */
  readonly values: readonly string[];
}

/** A statement longer than this that may hold a secret is one as a whole: to look at each of its tokens takes too much memory. */
const longestStatement = 4 * 1024 * 1024;
const deepest = 4;

/** The secrets of one statement, or of SQL that may be cut off, in order. `depth`: of strings within strings. */
export function secretsInStatement(text: Uint8Array, depth = 0): Edit[] {
  const bytes = asBuffer(text);
  if (depth > deepest || !mayHoldSecret(bytes.toString('latin1'))) return [];
  if (bytes.length > longestStatement) return [{ start: 0, end: bytes.length, text: mask, values: [] }];
  const nested = (inner: Buffer): Edit[] => secretsInStatement(inner, depth + 1);
  return new SecretRules(bytes, nested, depth > 0).find();
}

/** The secrets of a whole file, in order; rows of COPY are left out. Of a file that cannot be split, as far as can be told. */
export function secretsInFile(text: Uint8Array): Edit[] {
  const bytes = asBuffer(text);
  const edits: Edit[] = [];
  const lexer = new Lexer(text);
  let start = -1;
  const finish = (end: number): void => {
    if (start !== -1) {
      const from = start;
      for (const edit of secretsInStatement(bytes.subarray(from, end)))
        edits.push({ ...edit, start: edit.start + from, end: edit.end + from });
    }
    start = -1;
  };
  for (;;) {
    const token = lexer.next();
    if (token === 'end' || token === 'unterminated') {
      finish(bytes.length);
      return edits;
    }
    if (start === -1) start = lexer.start;
    if (token !== 'semicolon') continue;
    const command = readCommand(text, start, lexer.start);
    finish(lexer.end);
    if (command?.kind === 'copy' && command.direction === 'from-client') {
      const data = copyDataAfter(text, lexer.end);
      if ('next' in data && data.next !== -1) lexer.end = data.next;
    } else if (command?.kind === 'strings') lexer.standardStrings = command.standard;
  }
}

/** `sql` with its secrets as ***. */
export const maskSql = (sql: string): string => withEdits(sql, secretsInStatement(Buffer.from(sql)));

/** `sql` with every literal as ***: what others run may hold the data of people. */
export function maskLiterals(sql: string): string {
  const bytes = Buffer.from(sql);
  const lexer = new Lexer(bytes);
  const edits: Edit[] = [];
  for (let token = lexer.next(); token !== 'end'; token = lexer.next()) {
    const { start, end } = lexer;
    const open = token === 'unterminated' && lexer.unterminated?.what !== 'quoted name';
    if (token === 'literal' || open) edits.push({ start, end, text: `'${mask}'`, values: [] });
  }
  return maskSql(withEdits(sql, edits));
}

function withEdits(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const bytes = Buffer.from(text);
  let at = 0;
  let result = '';
  for (const { start, end, text: instead } of edits) {
    result += bytes.toString('utf8', at, start) + instead;
    at = end;
  }
  return result + bytes.toString('utf8', at);
}

/** Hides the secrets of `edits` in what a server says about the statements that hold them. */
export function hideValues(text: string, edits: readonly Edit[]): string {
  const values = new Set(edits.flatMap((edit) => edit.values).filter((value) => value !== ''));
  let clean = text;
  for (const value of [...values].sort((a, b) => b.length - a.length)) {
    // A short one is only hidden where it stands in quotes: `1` is in every text.
    if ([...value].length < 4) {
      for (const quote of ['"', "'"]) clean = clean.replaceAll(quote + value + quote, quote + mask + quote);
      continue;
    }
    for (const form of new Set([value, value.replaceAll("'", "''"), JSON.stringify(value).slice(1, -1)]))
      clean = clean.replaceAll(form, mask);
  }
  return clean;
}
