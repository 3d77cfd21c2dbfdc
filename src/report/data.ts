// Takes the values of rows out of what PostgreSQL says: the message, DETAIL and CONTEXT of an error or a notice quote
// them, and they are the data of people. Names of tables, columns and constraints stay.
import type { CheckResult } from '../check/model.ts';
import { AmeliaError } from '../errors.ts';
import type { MigratorEvent } from '../events.ts';
import { mask } from '../migration/secret-words.ts';
import type { VerifyResult } from '../schema/model.ts';
import type { Answer } from './reporter.ts';

interface Said {
  readonly sqlstate: string | null;
  /** `detail`, `context`, `inner query`; nothing for the message. */
  readonly label?: string;
}

// `Key (a, b)=(1, x)`: values may hold anything, so all between the first and the last parenthesis.
const twoKeys =
  /^([^'"(]*\([^]*?\)\s*=\s*\()[^]*(\) conflicts with (?:existing )?key \([^]*?\)\s*=\s*\()[^]*(\)[^)]*)$/;
// Whatever the language: a colon, and the value in quotes to the last of them.
const afterColon = /([:：]\s*)["“”„»«][^]*["“”„»«]/;
const inQuotes = /["“„»«][^]*["”“«»]/;
const quotesItsInput =
  /invalid input (?:syntax|value) |malformed \w+ literal|value out of range|is out of range for type/;
// Of a CONTEXT line of COPY all behind the line and the column.
const copyLine = /^(COPY (?:"(?:[^"]|"")*"|[^,\n]*), [^:\n]*): ["“”„»«][^]*/m;
const jsonLine = /^(JSON [^:\n]*\d): .*/gm;
const literals = /(?:\be)?'(?:[^']|'')*(?:'|$)|\$(\w*)\$[^]*?(?:\$\1\$|$)/gi;

/** `text` of the server with *** in place of the values of rows. */
export function withoutData(text: string, { sqlstate, label }: Said): string {
  const state = sqlstate ?? '';
  if (label === 'context' || label === 'inner query') {
    const clean = text.replace(copyLine, `$1: "${mask}"`).replace(jsonLine, `$1: ${mask}`);
    return clean.replaceAll(literals, `'${mask}'`);
  }
  if (label === 'detail') {
    if (/^(23|44)/.test(state)) return withoutRow(text);
    if (state.startsWith('2200')) return mask;
    return state.startsWith('22') ? text.replace(inQuotes, `"${mask}"`) : text;
  }
  if (label !== undefined) return text;
  if (/^22(P02|P03|P05|003|007|008|018|021|023|030|032)$/.test(state) || quotesItsInput.test(text)) {
    // A byte sequence is a piece of a value.
    const bytes = text.replace(/(: )(?:0x[0-9a-f]{2}\s*)+/i, `$1${mask}`);
    if (afterColon.test(bytes)) return bytes.replace(afterColon, `$1"${mask}"`);
    if (/^22(003|007|008|P02)$/.test(state) || quotesItsInput.test(text)) return bytes.replace(inQuotes, `"${mask}"`);
    return bytes;
  }
  return text;
}

/** A DETAIL of a constraint: a key keeps its columns. */
function withoutRow(text: string): string {
  if (twoKeys.test(text)) return text.replace(twoKeys, `$1${mask}$2${mask}$3`);
  const key = /^([^'"(]*\([^]*?\)\s*=\s*\()/.exec(text)?.[1];
  const opening = key ?? /^[^(]*\(/.exec(text)?.[0];
  if (opening === undefined) return text;
  const closing = text.lastIndexOf(')');
  return opening + mask + (closing < opening.length ? '' : text.slice(closing));
}

/** The same error without the values of rows in its facts. */
export function withoutRows(error: AmeliaError): AmeliaError {
  const { code, location, cause, result, stack } = error;
  const others = error.others.map(withoutRows);
  const facts = error.facts as Readonly<Record<string, unknown>> & { readonly sqlstate?: string | null };
  const sqlstate = facts.sqlstate ?? null;
  const clean: Record<string, unknown> = { ...facts };
  for (const name of ['reason', 'problem', 'detail']) {
    const text = facts[name];
    if (typeof text === 'string') clean[name] = withoutData(text, { sqlstate });
  }
  if (Array.isArray(facts['notes'])) {
    clean['notes'] = (facts['notes'] as { label: string; text: string }[]).map(({ label, text }) => {
      return { label, text: withoutData(text, { sqlstate, label }) };
    });
  }
  const made = new AmeliaError(code, clean as typeof error.facts, { location, cause, result, others });
  if (stack !== undefined) made.stack = stack;
  return made;
}

/** The same event; only notices quote rows. */
export function eventWithoutRows(event: MigratorEvent): MigratorEvent {
  if (event.type !== 'notice') return event;
  const { message, detail, sqlstate = null } = event.notice;
  const notice = {
    ...event.notice,
    message: withoutData(message, { sqlstate }),
    ...(detail !== undefined && { detail: withoutData(detail, { sqlstate, label: 'detail' }) }),
  };
  return { ...event, notice };
}

export function answerWithoutRows(answer: Answer): Answer {
  switch (answer.kind) {
    case 'check':
      return { ...answer, result: withoutRowsIn(answer.result) };
    case 'verify':
      return { ...answer, result: verifiedWithoutRows(answer.result) };
    case 'run':
      return answer.verified ? { ...answer, verified: verifiedWithoutRows(answer.verified) } : answer;
    default:
      return answer;
  }
}

function verifiedWithoutRows(result: VerifyResult): VerifyResult {
  const clean = <T extends { readonly message: string }>(each: T): T => {
    return { ...each, message: withoutData(each.message, { sqlstate: null }) };
  };
  return { ...result, problems: result.problems.map(clean), warnings: result.warnings.map(clean) };
}

/** The findings of a gate. */
export function withoutRowsIn(result: CheckResult): CheckResult {
  return { ...result, findings: result.findings.map((each) => ({ ...each, error: withoutRows(each.error) })) };
}
