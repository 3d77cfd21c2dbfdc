// libpq's parameters and environment variables: which are understood, which are refused by name. Pure.
// A parameter that only states what happens anyway is accepted; nothing else is passed over.
import type { Environment, Parameters } from './target.ts';
import { readService } from './target-service.ts';
import { quoteName, unusable } from './target-url.ts';

/** The parameters that reach the ConnectionTarget, with the environment variable that fills each (manual, section 34.15). */
const supported: Readonly<Record<string, string | undefined>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  passfile: 'PGPASSFILE',
  channel_binding: 'PGCHANNELBINDING',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  load_balance_hosts: 'PGLOADBALANCEHOSTS',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslrootcert: 'PGSSLROOTCERT',
  sslcrl: 'PGSSLCRL',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: undefined,
  sslcertmode: 'PGSSLCERTMODE',
  sslsni: 'PGSSLSNI',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
  requirepeer: 'PGREQUIREPEER',
  application_name: 'PGAPPNAME',
  fallback_application_name: undefined,
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  keepalives: undefined,
  keepalives_idle: undefined,
};

interface Refused {
  readonly env?: string;
  /** Values that change nothing about what amelia-db does. */
  readonly harmless?: RegExp;
  readonly hint?: string;
}

const noGss = 'GSSAPI is not supported';
/** It says how to do what amelia-db never does. */
const anything = /^/;

/** What libpq 18 knows and amelia-db does not do. */
const refused: Readonly<Record<string, Refused>> = {
  require_auth: { env: 'PGREQUIREAUTH' },
  gssencmode: { env: 'PGGSSENCMODE', harmless: /^(prefer|disable)$/, hint: noGss },
  gssdelegation: { env: 'PGGSSDELEGATION', harmless: anything },
  gsslib: { env: 'PGGSSLIB', harmless: anything },
  krbsrvname: { env: 'PGKRBSRVNAME', harmless: anything },
  sslcompression: { env: 'PGSSLCOMPRESSION', harmless: /^[01]$/ },
  sslcrldir: { env: 'PGSSLCRLDIR', hint: 'put the lists into one file: sslcrl=FILE' },
  sslkeylogfile: {},
  min_protocol_version: { env: 'PGMINPROTOCOLVERSION', harmless: /^3\.0$/ },
  max_protocol_version: { env: 'PGMAXPROTOCOLVERSION', harmless: /^(3\.0|latest)$/ },
  client_encoding: { env: 'PGCLIENTENCODING', harmless: /^(auto|utf-?8|unicode)$/i, hint: 'migrations are UTF-8' },
  keepalives_interval: { hint: 'Node.js sends them a second apart, ten of them: leave it out' },
  keepalives_count: { hint: 'Node.js sends them a second apart, ten of them: leave it out' },
  tcp_user_timeout: { harmless: /^0$/ },
  replication: { harmless: /^(false|off|no|0)$/ },
  scram_client_key: {},
  scram_server_key: {},
  oauth_issuer: {},
  oauth_client_id: {},
  oauth_client_secret: {},
  oauth_scope: {},
};

const pool = 'one session needs no pool: leave it out';
const prepares = 'amelia-db prepares no statements, and goes through a pooler as it is: leave it out';
const searchPath = 'the search path is set with ?options=-csearch_path%3DNAME';
const unchecked = 'sslmode=require encrypts without checking the certificate, sslmode=verify-full checks it';
const timeouts = 'connect_timeout=SECONDS is for the connection, --statement-timeout for statements';

/** Parameters of other programs that people leave in their URLs, in small letters: whose, and what to write instead. */
const foreign: Readonly<Record<string, readonly [owner: string | undefined, instead: string]>> = {
  schema: ["Prisma's", searchPath],
  pgbouncer: ["Prisma's", prepares],
  connection_limit: ["Prisma's", pool],
  pool_timeout: ["Prisma's", pool],
  socket_timeout: ["Prisma's", timeouts],
  statement_cache_size: ["Prisma's", prepares],
  sslaccept: ["Prisma's", unchecked],
  sslidentity: ["Prisma's", 'a client certificate is named with sslcert=FILE and sslkey=FILE'],
  currentschema: ["JDBC's", searchPath],
  preparethreshold: ["JDBC's", prepares],
  preparedstatementcachequeries: ["JDBC's", prepares],
  rewritebatchedinserts: ["JDBC's", 'leave it out'],
  stringtype: ["JDBC's", 'leave it out'],
  sslfactory: ["JDBC's", unchecked],
  applicationname: ["JDBC's", 'write application_name='],
  logintimeout: ["JDBC's", 'write connect_timeout='],
  sockettimeout: ["JDBC's", timeouts],
  tcpkeepalive: ["JDBC's", 'write keepalives=1 or keepalives=0'],
  targetservertype: ["JDBC's", 'write target_session_attrs='],
  uselibpqcompat: ["node-postgres'", 'sslmode means here what it means to libpq: leave it out'],
  ssl: [undefined, 'TLS is asked for with sslmode=require, and turned off with sslmode=disable'],
  supa: ["Supabase's", 'it says only where the URL was copied: leave it out'],
  sslrequire: ["dj-database-url's", 'TLS is asked for with sslmode=require'],
  conn_max_age: ["Django's", pool],
  prepared_statements: ["Rails'", prepares],
  pool: ["Rails'", pool],
  encoding: ["Rails'", 'migrations are UTF-8: leave it out'],
  prepared_statement_cache_size: ["SQLAlchemy's", prepares],
  'statement-cache-capacity': ["sqlx's", prepares],
  statement_cache_capacity: ["pgx's", prepares],
  default_query_exec_mode: ["pgx's", prepares],
  pool_max_conns: ["pgx's", pool],
  pool_min_conns: ["pgx's", pool],
  search_path: [undefined, searchPath],
  database: [undefined, 'the database is named after the host (…/DATABASE) or with ?dbname='],
  username: [undefined, 'the user is named with ?user='],
  timezone: [undefined, 'a setting of the server is given as ?options=-cTimeZone%3DUTC'],
  statement_timeout: [undefined, 'it is given as --statement-timeout DURATION'],
  lock_timeout: [undefined, 'it is given as --lock-timeout DURATION'],
};

/** Names that one program alone begins so. */
const foreignBeginning = /^x-[a-z-]{1,40}$/i;

/** What to write in place of a parameter that libpq does not know. */
function insteadOf(name: string): string | undefined {
  const small = name.toLowerCase();
  if (Object.hasOwn(supported, small)) return `libpq writes it in small letters: ${small}`;
  if (foreignBeginning.test(name)) {
    return "it is golang-migrate's; the history's table is named with --history-table, other settings have options, too: leave it out";
  }
  if (!Object.hasOwn(foreign, small)) return undefined;
  const [owner, instead] = foreign[small] ?? [undefined, ''];
  return owner === undefined ? instead : `it is ${owner}; ${instead}`;
}

/**
 * What the URL names, filled from the connection service that it or PGSERVICE names, then from the environment;
 * empty variables count as not set. Throws `config.database-url`.
 */
export function parametersOf(given: Parameters, env: Environment): Parameters {
  const { service = env['PGSERVICE'] || undefined, servicefile, ...named } = given;
  const parameters: Parameters = {};
  for (const source of [named, ...(service === undefined ? [] : [readService(service, servicefile, env)])]) {
    for (const [name, value] of Object.entries(source)) {
      if (Object.hasOwn(supported, name)) parameters[name] ??= value;
      else checkAccepted(name, value ?? '');
    }
  }
  for (const [name, variable] of Object.entries(supported)) {
    if (variable !== undefined) parameters[name] ??= env[variable] || undefined;
  }
  return parameters;
}

function checkAccepted(name: string, value: string): void {
  const known = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (known?.harmless?.test(value) === true) return;
  if (known !== undefined) throw unusable(`${quoteName(name)} is not supported`, known.hint);
  const instead = insteadOf(name);
  // A name that is known is no piece of a password.
  const called = instead === undefined ? quoteName(name) : `the parameter ${name}`;
  throw unusable(`${called} is not one that libpq knows`, instead ?? misplacedUrl(value));
}

/** `DATABASE_URL=postgresql://…` reads as a connection string of one parameter. */
const misplacedUrl = (value: string): string | undefined =>
  /^['"]?postgres(ql)?:\/\//i.test(value)
    ? 'what follows its = looks like the URL: give that alone, without the name of a variable'
    : undefined;

/** The first variable of the environment that libpq would follow and amelia-db cannot. */
export function unsupportedEnvironment(
  env: Environment,
): { readonly problem: string; readonly hint: string } | undefined {
  for (const { env: variable, harmless, hint } of Object.values(refused)) {
    const value = variable === undefined ? undefined : env[variable];
    // Migrations are sent as the UTF-8 that they are, whatever other clients are told to use.
    if (!variable || !value || variable === 'PGCLIENTENCODING' || harmless?.test(value) === true) continue;
    return {
      problem: `the environment sets ${variable}, which is not supported`,
      hint: hint ?? `unset ${variable} for this command`,
    };
  }
  return undefined;
}
