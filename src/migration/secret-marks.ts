// What is masked in one SQL text, literal by literal: keys, connection strings, SQL within strings.
// Where in a statement secrets stand is secret-rules.ts.
import type { Edit } from './secrets.ts';
import { Tokens } from './secret-tokens.ts';
import { isKnownSecret, leadsToSecret, mask, mayHoldSecret, takesSecret, withoutPairs } from './secret-words.ts';

/** The secrets of SQL that stands in a string. */
export type Nested = (text: Buffer) => readonly Edit[];

export class SecretMarks {
  protected readonly t: Tokens;
  readonly #nested: Nested;
  /** By token. */
  readonly #edits = new Map<number, readonly Edit[]>();
  #fromVariable = false;

  constructor(text: Buffer, nested: Nested) {
    this.t = new Tokens(text);
    this.#nested = nested;
  }

  /** What was marked, in order. */
  protected get marked(): Edit[] {
    return [...this.#edits.values()].flat().sort((a, b) => a.start - b.start);
  }

  /** True when a secret comes out of a variable: each value that the body gives to one may be it. */
  protected get fromVariable(): boolean {
    return this.#fromVariable;
  }

  /** Masks the token; a literal keeps its quotes. */
  protected mark(i: number): void {
    const { start, end, kind } = this.t.at(i);
    if (start < 0) return;
    const isLiteral = kind === 'literal';
    const value = isLiteral ? this.t.literal(i).value : this.t.raw(i);
    if (isLiteral && (value === '' || value === mask)) return;
    const values = isLiteral
      ? [value, ...piecesOf(value), ...this.#nested(Buffer.from(value)).flatMap((edit) => edit.values)]
      : [value, value.replace(/^"|"$/g, '')];
    this.#edits.set(i, [{ start, end, text: isLiteral ? `'${mask}'` : mask, values }]);
  }

  protected markLiterals(from: number, to: number, spared: (i: number) => boolean = () => false): void {
    for (let i = from; i < to; i++) if (this.t.isLiteral(i) && !spared(i)) this.mark(i);
  }

  /** What a literal holds by itself: a key, a connection string, SQL. */
  protected content(i: number, from: number, to: number): void {
    const { t } = this;
    if (this.#edits.has(i)) return;
    const { value, form, opening } = t.literal(i);
    if (!mayHoldSecret(value)) return;
    if (isKnownSecret(value)) return this.mark(i);
    if (takesSecret(value) || (leadsToSecret(value) && (t.is(i + 1, '|') || t.is(i - 2, 'concat', 'concat_ws'))))
      this.#filledIn(i, from, to);
    const isSql = t.is(i - 1, 'do', 'as', 'execute') || (form === 'dollar' && t.is(from, 'do'));
    if (!isSql && (/^\s*\w+\s*=/.test(value) || !value.includes("'"))) return this.#pairs(i);
    const bytes = Buffer.from(value);
    const inner = this.#nested(bytes);
    if (inner.length === 0) return isSql ? undefined : this.#pairs(i);
    if (form === 'escaped') return this.mark(i);
    const from0 = t.at(i).start + opening;
    // A quote in '…' stands there twice.
    const quotes = (end: number): number =>
      form === 'dollar' ? 0 : bytes.toString('latin1', 0, end).split("'").length - 1;
    this.#edits.set(
      i,
      inner.map(({ start, end, text, values }) => ({
        start: from0 + start + quotes(start),
        end: from0 + end + quotes(end),
        text: form === 'dollar' ? text : text.replaceAll("'", "''"),
        values,
      })),
    );
  }

  /** A connection string, a URL, JSON: only its secrets where it is certain where they end, else all of it. */
  #pairs(i: number): void {
    const { t } = this;
    const { value, form, opening } = t.literal(i);
    const { text, values, doubtful } = withoutPairs(value);
    if (values.length === 0 && !doubtful) return;
    const raw = t.raw(i);
    const certain = !doubtful && form !== 'escaped' && !/['\\]/.test(value) && raw.includes(value);
    if (!certain) {
      this.mark(i);
      return;
    }
    const { start, end } = t.at(i);
    const closing = raw.slice(opening + value.length);
    this.#edits.set(i, [{ start, end, text: raw.slice(0, opening) + text + closing, values }]);
  }

  /** A literal with a placeholder for a secret, or that a secret is put behind: one of the others there is it. */
  #filledIn(i: number, from: number, to: number): void {
    const { t } = this;
    if (t.at(i - 1).kind === 'open' && t.is(i - 2, 'format')) return this.#format(i);
    this.#fromVariable = true;
    this.markLiterals(from, to, (other) => other === i || takesSecret(t.literal(other).value));
  }

  /** format('… PASSWORD %L', …): the arguments that stand for a secret. */
  #format(i: number): void {
    const { t } = this;
    const { value } = t.literal(i);
    const args = t.parts(i, t.closing(i - 1));
    let n = 0;
    for (const found of value.matchAll(/%(?:(\d+)\$)?-?\d*[sIL]/g)) {
      n = found[1] === undefined ? n + 1 : Number(found[1]);
      const arg = args[n];
      if (!arg || !leadsToSecret(value.slice(0, found.index))) continue;
      const [from, to] = arg;
      if (to > from + 1 || !t.isLiteral(from)) this.#fromVariable = true;
      this.markLiterals(from, to);
    }
  }

  /** Every literal that a variable of this body gets. */
  protected assigned(): void {
    const { t } = this;
    for (let i = 0; i < t.all.length; i++) {
      if (t.isLiteral(i) && !this.#edits.has(i) && (t.is(i - 1, '=', 'default') || t.is(t.afterCasts(i + 1), 'into')))
        this.mark(i);
    }
  }
}

/** What a server may repeat of a text that is hidden as a whole: the secrets in it, its lines. */
function piecesOf(text: string): string[] {
  const lines = text.split(/[\r\n]+/);
  return [
    ...withoutPairs(text).values,
    ...(lines.length > 1 ? lines : []),
    ...(/\s(\S{8,})$/.exec(text)?.slice(1) ?? []),
  ];
}
