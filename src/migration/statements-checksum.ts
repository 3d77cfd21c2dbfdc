// What a script's statements say, without its comments and white space: whether an edit changed more than those.
import { checksum } from './checksum.ts';
import { asBuffer, Lexer, type Token } from './lexer.ts';
import type { Script, Statement } from './types.ts';

/** Of a longer text it is not worked out, in bytes: the data of a dump, of which nobody edits a comment. */
const largestText = 4 * 1024 * 1024;

/**
 * `sha256:` and the SHA-256, in hex, of the statements' tokens and of their COPY data, and of whether they run in
 * one transaction. Null where it cannot be told: a large file, or one that changes how its strings are read.
 */
export function statementsChecksum(script: Script): string | null {
  const { statements, transaction } = script;
  const last = statements.at(statements.length - 1);
  if ((last?.copyData?.end ?? last?.end ?? 0) > largestText) return null;
  const text = asBuffer(script.text);
  if (text.includes('standard_conforming_strings')) return null;
  const said = Array.from(statements, (statement) => tokensOf(text, statement));
  return checksum(Buffer.from([String(transaction), ...said].join('\0;\0'), 'latin1'));
}

/** A statement's tokens, a NUL between two, as Latin-1; with its rows when it is a COPY. */
export function tokensOf(text: Uint8Array, { start, end, copyData }: Statement): string {
  const buffer = asBuffer(text);
  const lexer = new Lexer(buffer, start, end);
  const all = buffer.toString('latin1', start, end);
  let said = '';
  let before: Seen | undefined;
  for (let token = lexer.next(); token !== 'end'; token = lexer.next()) {
    const text = all.slice(lexer.start - start, lexer.end - start);
    const gap = before === undefined ? '' : all.slice(before.end, lexer.start - start);
    const endsNumber = text === '.' && gap === '' && /^\d/.test(before?.text ?? '');
    const now: Seen = { token, text, gap, end: lexer.end - start, endsNumber };
    said += (before === undefined ? '' : between(before, now)) + now.text;
    before = now;
    if (token === 'unterminated') break;
  }
  const rows = copyData ? `\0\\.\0${buffer.toString('latin1', copyData.start, copyData.end)}` : '';
  return (said + rows).replace(/\r\n?/g, '\n');
}

interface Seen {
  readonly token: Token;
  readonly text: string;
  /** White space and comments before it. */
  readonly gap: string;
  readonly end: number;
  /** The point of 1. */
  readonly endsNumber: boolean;
}

const operator = /^[-+*/<>=~!@#%^&|`?:]$/;

/** Nothing between what PostgreSQL reads as one token, and a line break where that counts. */
function between(before: Seen, now: Seen): string {
  if (now.gap === '') {
    if (operator.test(before.text) && operator.test(now.text)) return '';
    if (before.endsNumber && now.token === 'word') return ''; // 1.e5
    if (now.token === 'literal' && /^n$/i.test(before.text)) return '';
  }
  // 'a' and 'b' are one string where a line break is between them (manual, section 4.1.2.1).
  if (before.token === 'literal' && now.token === 'literal' && /[\r\n]/.test(now.gap)) return '\n';
  return '\0';
}
