// A connection URL, cut into libpq's parameters (manual, section 34.1.1.2). Pure.
// Never repeats what it was given: any piece of a malformed URL may be the password.
import { AmeliaError } from '../errors.ts';
import type { Parameters } from './target.ts';

/** The error for a URL, or for what fills it, that cannot be used. */
export function unusable(problem: string, hint?: string): AmeliaError<'config.database-url'> {
  return new AmeliaError('config.database-url', { problem, ...(hint !== undefined && { hint }) });
}

/**
 * The parameters that a `postgresql://` URL names; `host` and `port` are comma lists.
 * The user part ends at the last `@` before the first `/` or `?`. Throws `config.database-url`.
 */
export function readUrl(url: string): Parameters {
  const trimmed = url.trim();
  const rest = withoutScheme(trimmed);
  const authorityEnd = firstOf(rest, '/?');
  const authority = rest.slice(0, authorityEnd);
  const tail = rest.slice(authorityEnd);
  // A password in front of a raw / or ? leaves its @ behind it: two readings, so none is taken.
  if (authority.includes(':') && tail.includes('@')) {
    const character = tail[0] ?? '/';
    throw unusable(
      `there is an unescaped ${character} in its password, or an unescaped @ in its database or parameters`,
      `in a password ${character} must be written ${encode(character)}; anywhere after the host @ must be written %40`,
    );
  }
  const at = authority.lastIndexOf('@');
  const queryStart = tail.indexOf('?');
  const path = queryStart < 0 ? tail : tail.slice(0, queryStart);
  return {
    ...readUser(at < 0 ? '' : authority.slice(0, at)),
    ...readHostList(authority.slice(at + 1)),
    ...(path.length > 1 && { dbname: decode(path.slice(1), 'the database name') }),
    ...readQuery(queryStart < 0 ? '' : tail.slice(queryStart + 1)),
  };
}

/** What people have around a URL: what it is, and what to do. */
const wrapping: readonly (readonly [shape: RegExp, problem: string, hint: string])[] = [
  [
    /^(["'`\u2018-\u201f]|\\["'])/,
    'the quotes around it are part of it',
    'leave the quotes out: docker --env-file, Kubernetes and many CI variables keep them',
  ],
  [
    /^psql\s/i,
    'it begins with the command psql',
    'leave out psql and the quotes: what is needed is the URL alone, postgresql://…',
  ],
  [
    /^(\$[({\w]|\{\{|%\w+%$)/,
    'it is the name of a variable that was not replaced by its value',
    'a shell replaces $NAME in double quotes or without quotes only, docker --env-file and cron never',
  ],
  [
    /^(export|set)\s+\w+=/i,
    'it begins with a command that sets a variable',
    'what is needed is the URL alone, postgresql://…',
  ],
];

function withoutScheme(url: string): string {
  const scheme = /^((?:jdbc:)?[a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  const form = 'it has the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE';
  const wrapped = wrapping.find(([shape]) => shape.test(url));
  if (wrapped !== undefined) throw unusable(wrapped[1], wrapped[2]);
  if (scheme === undefined) throw unusable('it does not begin with postgresql://', form);
  const known = scheme.toLowerCase();
  if (known === 'postgresql' || known === 'postgres') return url.slice(scheme.length + 3);
  if (/^(jdbc:|)postgres(ql)?\b/.test(known)) {
    throw unusable(`its scheme is ${scheme}://, which is another program's`, 'write postgresql:// in its place');
  }
  throw unusable(`its scheme is ${scheme}://, and amelia-db speaks to PostgreSQL only`, form);
}

function readUser(text: string): Parameters {
  const colon = text.indexOf(':');
  const user = decode(colon < 0 ? text : text.slice(0, colon), 'the user name');
  const password = colon < 0 ? '' : decode(text.slice(colon + 1), 'the password');
  return { ...(user !== '' && { user }), ...(password !== '' && { password }) };
}

/** `host:port,[ipv6]:port,…`; a Unix socket's folder is percent-encoded. */
function readHostList(text: string): Parameters {
  if (text === '') return {};
  const entries = text.split(',').map((entry) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(entry) ?? [];
    if (bracketed === undefined && plain === undefined) {
      throw unusable(
        'its host cannot be read',
        'an IPv6 address is written in brackets: postgresql://[::1]:5432/DATABASE',
      );
    }
    if (bracketed !== undefined && !/^[0-9a-f:.]+(%(25)?\w+)?$/i.test(bracketed)) {
      throw unusable(
        'what stands in brackets is not an IPv6 address',
        'it is written as in postgresql://[::1]:5432/DATABASE',
      );
    }
    const host = bracketed?.replace('%25', '%') ?? decode(plain ?? '', 'the host');
    if (host.includes(',')) throw unusable('there is a comma in a host name');
    return { host, port: port ?? '' };
  });
  const host = entries.map((e) => e.host).join(',');
  const port = entries.map((e) => e.port).join(',');
  return { ...(host !== '' && { host }), ...(port !== '' && { port }) };
}

function readQuery(text: string): Parameters {
  const parameters: Parameters = {};
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), 'a parameter');
    if (equals < 0) throw unusable(`${quoteName(name)} has no value`, 'parameters are written ?name=value&name=value');
    const value = decode(pair.slice(equals + 1), quoteName(name));
    // libpq's own courtesy to JDBC's URLs.
    if (name === 'ssl' && value === 'true') parameters['sslmode'] = 'require';
    else if (value !== '') parameters[name] = value;
  }
  return parameters;
}

/** A parameter's name, where it looks like one. */
export function quoteName(name: string): string {
  return /^\w{1,40}$/.test(name) ? `the parameter ${name}` : 'a parameter';
}

function decode(text: string, what: string): string {
  if (/%(?![0-9a-f]{2})/i.test(text)) throw unusable(`there is an unescaped % in ${what}`, '% must be written %25');
  if (/%00|\0/.test(text)) throw unusable(`there is a NUL in ${what}`);
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable(`${what} holds percent-encoded bytes that are not UTF-8`);
  }
}

const encode = (character: string): string => (character === '?' ? '%3F' : '%2F');

function firstOf(text: string, characters: string): number {
  const found = [...characters].map((c) => text.indexOf(c)).filter((index) => index >= 0);
  return found.length === 0 ? text.length : Math.min(...found);
}
