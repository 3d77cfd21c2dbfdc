// libpq's parameters and environment variables: which are understood, which are refused by name. Pure.
// A parameter that only states what happens anyway is accepted; nothing else is passed over.
import type { Environment, Parameters } from './target.ts';
import { quoteName, unusable } from './target-url.ts';

/** The parameters that reach the ConnectionTarget, with the environment variable that fills each (manual, section 34.15). */
const supported: Readonly<Record<string, string | undefined>> = {
  host: 'PGHOST',
  port: 'PGPORT',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  dbname: 'PGDATABASE',
  passfile: 'PGPASSFILE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  application_name: 'PGAPPNAME',
  fallback_application_name: undefined,
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
};

interface Refused {
  readonly env?: string;
  /** Values that change nothing about what amelia-db does. */
  readonly harmless?: RegExp;
  readonly hint?: string;
}

/** What libpq 18 knows and amelia-db does not do. */
const refused: Readonly<Record<string, Refused>> = {
  hostaddr: { env: 'PGHOSTADDR', hint: 'name the address as the host' },
  service: {
    env: 'PGSERVICE',
    hint: 'connection service files are not read yet: put what the service says into DATABASE_URL',
  },
  servicefile: { hint: 'connection service files are not read yet' },
  target_session_attrs: { env: 'PGTARGETSESSIONATTRS', harmless: /^any$/, hint: 'name the primary as the only host' },
  load_balance_hosts: { env: 'PGLOADBALANCEHOSTS', harmless: /^disable$/ },
  channel_binding: { env: 'PGCHANNELBINDING', harmless: /^(prefer|disable)$/ },
  require_auth: { env: 'PGREQUIREAUTH' },
  requirepeer: { env: 'PGREQUIREPEER' },
  gssencmode: { env: 'PGGSSENCMODE', harmless: /^(prefer|disable)$/, hint: 'GSSAPI is not supported' },
  gssdelegation: { env: 'PGGSSDELEGATION', harmless: /^0$/ },
  gsslib: { env: 'PGGSSLIB', hint: 'GSSAPI is not supported' },
  krbsrvname: { env: 'PGKRBSRVNAME', hint: 'GSSAPI is not supported' },
  sslnegotiation: { env: 'PGSSLNEGOTIATION', harmless: /^postgres$/ },
  sslcompression: { env: 'PGSSLCOMPRESSION', harmless: /^[01]$/ },
  sslcertmode: { env: 'PGSSLCERTMODE', harmless: /^allow$/ },
  sslpassword: { hint: 'take the pass phrase off the key' },
  sslcrl: { env: 'PGSSLCRL' },
  sslcrldir: { env: 'PGSSLCRLDIR' },
  sslsni: { env: 'PGSSLSNI', harmless: /^1$/ },
  sslkeylogfile: {},
  ssl_min_protocol_version: { env: 'PGSSLMINPROTOCOLVERSION', harmless: /^TLSv1(\.[12])?$/i },
  ssl_max_protocol_version: { env: 'PGSSLMAXPROTOCOLVERSION', harmless: /^TLSv1\.3$/i },
  min_protocol_version: { env: 'PGMINPROTOCOLVERSION', harmless: /^3\.0$/ },
  max_protocol_version: { env: 'PGMAXPROTOCOLVERSION' },
  client_encoding: { env: 'PGCLIENTENCODING', harmless: /^(auto|utf-?8|unicode)$/i, hint: 'migrations are UTF-8' },
  keepalives: { harmless: /^1$/ },
  keepalives_idle: {},
  keepalives_interval: {},
  keepalives_count: {},
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

/** What the URL names, filled from the environment; empty variables count as not set. Throws `config.database-url`. */
export function parametersOf(given: Parameters, env: Environment): Parameters {
  const parameters: Parameters = {};
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(supported, name)) parameters[name] = value;
    else checkAccepted(name, value ?? '');
  }
  for (const [name, variable] of Object.entries(supported)) {
    if (variable !== undefined) parameters[name] ??= env[variable] || undefined;
  }
  return parameters;
}

function checkAccepted(name: string, value: string): void {
  const known = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (known?.harmless?.test(value) === true) return;
  if (known !== undefined) throw unusable(`${quoteName(name)} is not supported yet`, known.hint);
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
      problem: `the environment sets ${variable}, which is not supported yet`,
      hint: hint ?? `unset ${variable} for this command`,
    };
  }
  return undefined;
}
