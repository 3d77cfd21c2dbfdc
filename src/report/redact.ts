// Takes secrets out of text at the one place where text leaves: the writers.
// Never looks at where a text came from; what looks like a password in SQL is one.
import { mask } from '../migration/secret-words.ts';

export { mask };

/** Shorter ones are only hidden where the text says that they are passwords: `1` is in every text. */
const shortestSecret = 4;

/** A text without the secrets that its maker knows. */
export type Redactor = (text: string) => string;

// A password written in a URL: everything from the colon after the user to the last @ before a space;
// our own hints write the word.
const inUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)(?!PASSWORD@)[^\s]*@/gi;
// A literal behind PASSWORD or another secret's name, with comments between, also cut off before its closing quote.
// The statements of files are masked by their tokens (migration/secrets.ts); this is for SQL within prose.
// A text that is 'password' or a comment about one is not that.
const between = String.raw`(?:\s|/\*[^]*?\*/|(?<=\s)--[^\n]*\n)*`;
const literal = String.raw`(?:e'(?:[^'\\]|''|\\[^])*(?:'|$)|(?:u&|n)?'(?:[^']|'')*(?:'|$)|\$(?<tag>[a-z_]\w*)?\$[^]*?(?:\$\k<tag>\$|$))`;
const inSql = new RegExp(
  `((?<!['"$\\w]|--[^\\n]*)(?:"?\\w*passw(?:or)?d"?${between}(?:=>|:=|=)?|"?\\w*(?:secret|token|passphrase|api_?key|private_?key)"?${between}(?:=>|:=|=))${between})${literal}`,
  'gi',
);
// password=secret of a connection string, which has a host or a database beside it.
const inConnection = /(\b(?:ssl)?password\s*=\s*)(?!\*\*\*)[^\s'",;)&]+/gi;
const connectionString = /\b(?:host|hostaddr|dbname|user|port)\s*=/i;
const onCommandLine = /(--?[\w-]*(?:password|passwd|secret|token)[\w-]*=)[^\s'"]+/gi;
// Keys and tokens that are recognised by their form.
const byForm =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[^]*?-----END [A-Z0-9 ]*PRIVATE KEY-----|[^]*)|\beyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?|\bSCRAM-SHA-256\$[\w+/=:$]+|\b[sr]k_(?:live|test)_\w{8,}|\bgh[pousr]_\w{16,}|\bAKIA[A-Z0-9]{16}\b/g;

/** `text` without `secrets` (as they are, percent-encoded, or escaped for JSON or SQL) and without passwords in SQL and URLs. */
export function redact(text: string, secrets: readonly string[]): string {
  return createRedactor(secrets)(text);
}

/** As `redact`, with the patterns made once. `shown` are names that the output is about; a secret within one is no secret. */
export function createRedactor(secrets: readonly string[], shown: readonly string[] = []): Redactor {
  const patterns = secrets
    .filter((secret) => [...secret].length >= shortestSecret && !shown.some((name) => name.includes(secret)))
    .sort((a, b) => b.length - a.length)
    .map((secret) => new RegExp([...secret].map(forms).join(''), 'gu'));
  return (text) => {
    let clean = text;
    for (const pattern of patterns) clean = clean.replace(pattern, mask);
    clean = clean.replace(byForm, mask).replace(inUrl, `$1${mask}@`).replace(inSql, `$1'${mask}'`);
    clean = clean.replace(onCommandLine, `$1${mask}`);
    return connectionString.test(clean) ? clean.replace(inConnection, `$1${mask}`) : clean;
  };
}

/** A pattern for one character in each way it may be written. */
function forms(character: string): string {
  const written = new Set([character, JSON.stringify(character).slice(1, -1)]);
  if (character === "'") written.add("''");
  const bytes = new TextEncoder().encode(character);
  const encoded = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const choices = [...written].sort((a, b) => b.length - a.length).map(escapePattern);
  // Hexadecimal digits come in both cases.
  choices.push(encoded.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`));
  return `(?:${choices.join('|')})`;
}

const escapePattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Values that programs compare; a password that happens to be one of these words must not change them. */
const structural = new Set([
  'schema',
  'command',
  'type',
  'state',
  'direction',
  'code',
  'sqlstate',
  'checksum',
  'version',
]);

/** The same value with every text in it redacted, but for keys and for the words that programs compare. */
export function redactValues(value: unknown, redactor: Redactor, key = ''): unknown {
  if (typeof value === 'string') return structural.has(key) ? value : redactor(value);
  if (Array.isArray(value)) return value.map((item) => redactValues(item, redactor, key));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redactValues(item, redactor, name)]));
}
