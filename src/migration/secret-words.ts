// Which names stand for secrets, and which texts hold one. Where it cannot be known, it is one.
// Never looks at SQL; that is secrets.ts.

/** What stands where a secret was. */
export const mask = '***';

const named = /(password|passwd|passphrase|passcode|secret|token|credentials?|pwd)$/;
const keys =
  /(api|access|account|admin|auth|encryption|decryption|license|master|private|role|secret|service|session|shared|signing|crypt|hmac|jwt)key$/;

/** True for a column, variable or parameter whose value is a secret, such as `password_hash`, `apiKey` or `pw`. */
export function isSecretName(name: string): boolean {
  const letters = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const stem = letters.replace(/(?:hash|hashed|digest|salt|plain|text|value|enc|encrypted|base|\d+)+$/, '');
  return named.test(stem) || keys.test(stem) || /^(pass|pw|psw)$/.test(stem) || named.test(letters);
}

/** True for a table that holds nothing but secrets, such as `api_keys`. */
export const isSecretTable = (name: string): boolean =>
  !/^tokens?$/i.test(name) && isSecretName(name.toLowerCase().replace(/s$/, ''));

/** True for a setting, an option or a key whose value is a secret, such as `app.jwt_secret` or `sslpassword`. */
export function isSecretSetting(name: string): boolean {
  const folded = name.toLowerCase();
  return (
    folded !== 'password_encryption' &&
    /(?<!by)pass(?!ive)|pwd|secret|token|credential|jwt|(^|[._-]|api|private|access|account|encryption|signing|master|service)key$/.test(
      folded,
    )
  );
}

/** Keys, tokens and hashes that are recognised by their form. */
const known = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/,
  /\beyJ[\w-]{4,}\.[\w-]{4,}/,
  /\bSCRAM-SHA-256\$/,
  /^md5[0-9a-f]{32}$/,
  /\$2[abxy]\$\d\d\$|\$argon2|^\$[156y]\$/,
  /\b[srp]k_(live|test)_\w{8,}|\bsk-[\w-]{16,}|\bwhsec_\w{8,}/,
  /\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}|\bnpm_\w{30,}/,
  /\bxox[abprs]-[\w-]{8,}|\bAKIA[A-Z0-9]{12,}|\bAIza[\w-]{30,}|\bSG\.[\w-]{16,}\./,
  /\b(bearer|basic)\s+\S{8,}/i,
];

export const isKnownSecret = (text: string): boolean => known.some((pattern) => pattern.test(text));

// `name=value` and `"name": "value"`; a placeholder such as %L or $1 is no value.
const pair = /(?:(["'])([\w.-]+)\1|([\w.-]+))(\s*(?:=>|:=|=|:)\s*)(?=[^\s%$?=:])/g;
// Of `user:password@`, everything from the colon to the last @ before a space; our own hints write the word.
const inUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)(?!PASSWORD@)[^\s]*@/gi;

/** A text without the secrets that stand beside their names (connection strings, URLs, JSON, .env), and what those were. */
export interface Cleaned {
  readonly text: string;
  readonly values: readonly string[];
  /** Where a value ends is not certain. */
  readonly doubtful: boolean;
}

export function withoutPairs(text: string): Cleaned {
  const values: string[] = [];
  let doubtful = false;
  const hide = (value: string): string => {
    const inQuotes = /^\\*["']([^]*?)\\*["']/.exec(value)?.[1];
    values.push(value, ...(inQuotes === undefined ? [] : [inQuotes]));
    return mask;
  };
  const isUrl = text.includes('://');
  let clean = text.replaceAll(inUrl, (whole, before: string) => {
    return `${before}${hide(whole.slice(before.length, -1))}@`;
  });
  for (const found of [...clean.matchAll(pair)].reverse()) {
    const name = found[2] ?? found[3] ?? '';
    const at = found.index + found[0].length;
    if (!(found[4]?.includes(':') === true ? isSecretName(name) : isSecretSetting(name))) continue;
    const value = (isUrl ? /^[^\s&]+/ : /^\S+/).exec(clean.slice(at))?.[0] ?? '';
    if (value === mask || value.startsWith('//')) continue;
    if (found[1] !== undefined || /["'\\{}<>,]/.test(value)) doubtful = true;
    clean = `${clean.slice(0, at)}${hide(value)}${clean.slice(at + value.length)}`;
  }
  if (/<(\w+)>[^<]/.test(clean) && isSecretSetting(/<(\w+)>[^<]/.exec(clean)?.[1] ?? '')) doubtful = true;
  // libpq reads names and values of a URL percent-encoded.
  if (
    isUrl &&
    clean.includes('%') &&
    withoutPairs(
      clean.replace(/%(?=[46-7])([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))),
    ).values.length > 0
  ) {
    doubtful = true;
  }
  return { text: clean, values, doubtful };
}

const secretWord = String.raw`\w*(?:pass\w*|pwd|secret\w*|token|credential\w*|key|\bpw)\w*`;
const following = String.raw`["']*\s*(?:=>|:=|=|:|,|\bto\b)?\s*(?:[en]?'+|")?\s*`;
const beforePlaceholder = new RegExp(`${secretWord}${following}(?:%|\\$\\d|\\?)`, 'i');
const atEnd = new RegExp(`${secretWord}${following}$`, 'i');

/** True for a text in which a secret takes the place of a placeholder, such as `ALTER ROLE x PASSWORD %L`. */
export const takesSecret = (text: string): boolean => beforePlaceholder.test(text);

/** True for a text that a secret is put behind, such as `ALTER ROLE x PASSWORD `. */
export const leadsToSecret = (text: string): boolean => atEnd.test(text);

/** What tells in a moment that a text has no secret in it. */
export const mayHoldSecret = (text: string): boolean =>
  /pass|pwd|psw|\bpw\b|secret|token|key|credential|crypt|hmac|connection|program|options|identified|jwt|:\/\/|-----BEGIN|\beyJ|SCRAM|md5|\$2[abxy]\$|\$argon|\$[156y]\$|bearer|basic|sk[-_]|whsec|gh[pousr]_|glpat|npm_|xox|AKIA|AIza|SG\.|\\/i.test(
    text,
  );
