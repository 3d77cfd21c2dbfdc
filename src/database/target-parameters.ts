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
  channel_binding: {
    env: 'PGCHANNELBINDING',
    harmless: /^(prefer|disable)$/,
    hint: 'sslmode=verify-full keeps others from standing between, too',
  },
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

/** Parameters of other programs that people leave in their URLs. */
const foreign: Readonly<Record<string, string>> = {
  schema: "it is Prisma's; the search path is set with ?options=-csearch_path%3DNAME",
  search_path: 'the search path is set with ?options=-csearch_path%3DNAME',
  currentSchema: "it is JDBC's; the search path is set with ?options=-csearch_path%3DNAME",
  ssl: 'TLS is asked for with ?sslmode=require',
  pgbouncer: "it is Prisma's: leave it out",
  connection_limit: "it is Prisma's: leave it out",
  pool_timeout: "it is Prisma's: leave it out",
  database: 'the database is named after the host (…/DATABASE) or with ?dbname=',
  username: 'the user is named with ?user=',
};

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
  throw unusable(
    `${quoteName(name)} is not one that libpq knows`,
    Object.hasOwn(foreign, name) ? foreign[name] : undefined,
  );
}

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
