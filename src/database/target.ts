// Where to connect and as whom: a connection URL and libpq's environment become a ConnectionTarget.
// Never connects, never puts a password (or a piece of the URL that might be one) into an error.
import type { EmbeddedServer } from './embedded.ts';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { inHome, osUserName } from './os-user.ts';
import { readPasswordFile } from './passfile.ts';
import { isConninfo, readConninfo } from './target-conninfo.ts';
import { parametersOf, unsupportedEnvironment } from './target-parameters.ts';
import { readFlag, readTls, type TlsTarget } from './target-tls.ts';
import { readUrl, unusable } from './target-url.ts';

export type { SslMode } from './target-tls.ts';

/** One of the servers to try. A host that begins with `/` is the folder of a Unix socket. */
export interface TargetHost {
  readonly host: string;
  readonly port: number;
  /** Where the host is, so that its name need not be looked up. */
  readonly address?: string;
  /** What the password file has for it. */
  readonly password?: string;
}

const sessionAttributes = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;
export type SessionAttributes = (typeof sessionAttributes)[number];

/** Where to connect and as whom. */
export interface ConnectionTarget extends TlsTarget {
  readonly hosts: readonly TargetHost[];
  readonly user: string;
  /** For all hosts. */
  readonly password: string | undefined;
  readonly database: string;
  /** The server has to prove that the TLS channel is its own. */
  readonly channelBinding?: 'require';
  /** Which of the hosts will do; any when left out. */
  readonly sessionAttributes?: SessionAttributes;
  /** The hosts are tried in an order that chance makes. */
  readonly loadBalance?: true;
  readonly applicationName: string;
  /** libpq's `options`: command-line options for the backend, such as `-c geqo=off`. */
  readonly options?: string;
  /** At least 1 and at most 2147483647, which stands for libpq's "no limit" (`connect_timeout=0`). */
  readonly connectTimeoutMs: number;
  /** When a silent connection is looked after: 60 s when left out, 0 for never. */
  readonly keepAliveMs?: number;
}

/** A database server, or PostgreSQL inside this process with its data in `embedded` (a folder). */
export type DatabaseSource = { readonly target: ConnectionTarget } | { readonly embedded: string };

/** An embedded server that the caller opened and will close: for several connections, one after another. */
export interface RunningServer {
  readonly running: EmbeddedServer;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** libpq's connection parameters by their names (manual, section 34.1.2). */
export type Parameters = Record<string, string | undefined>;

/** What a connection takes when nothing says otherwise. A socket's folder is libpq's, where a server listens in it. */
const defaults = {
  port: 5432,
  connectTimeoutMs: 10_000,
  applicationName: 'amelia-db',
  socketFolders: ['/var/run/postgresql', '/tmp'],
};
const noLimitMs = 2_147_483_647;

/**
 * The target that a URL (or a string of name=value) and libpq's environment variables name, by libpq's rules (manual,
 * sections 34.1.1, 34.15 to 34.17): what the URL leaves out comes from the connection service, then from the
 * environment, then from the password file, then from defaults. An unescaped `@`, `:` or `#` in the password is
 * understood. What libpq knows and amelia-db does not is refused by name. `warn` is told of what is passed over, as
 * libpq passes it over. Throws `config.database-url`. PGTZ, PGDATESTYLE and PGGEQO are not read: what a migration does
 * must not depend on the settings of the person who runs it.
 */
export function parseTarget(from: {
  readonly url?: string | undefined;
  readonly env: Environment;
  readonly warn?: (message: string) => void;
}): ConnectionTarget {
  const { url, env, warn = () => {} } = from;
  const given = url === undefined ? {} : isConninfo(url) ? readConninfo(url) : readUrl(url);
  const refused = unsupportedEnvironment(env);
  if (refused !== undefined) throw unusable(refused.problem, refused.hint);
  const p = parametersOf(given, env);

  const places = readHosts(p);
  const user = p['user'] ?? osUser();
  const database = p['dbname'] ?? user;
  const inFile = p['password'] ?? readPasswordFile(p['passfile'] ?? inHome(env, '.pgpass'), warn);
  const { hosts, password } =
    typeof inFile === 'function'
      ? withPasswords(places, ({ host, port }) => inFile([host, String(port), database, user]))
      : { hosts: places, password: inFile };
  if (p['requirepeer'] !== undefined && hosts.some(({ host }) => host.startsWith('/'))) {
    throw unusable('the parameter requirepeer is not supported', 'Node.js cannot tell whose the socket is');
  }
  const attributes = oneOf(sessionAttributes, 'target_session_attrs', p) ?? 'any';
  const balance = oneOf(['disable', 'random'] as const, 'load_balance_hosts', p);
  const binding = oneOf(['prefer', 'require', 'disable'] as const, 'channel_binding', p) ?? 'prefer';
  const options = p['options'];
  const keepAliveMs = readKeepAlive(p);
  return {
    hosts,
    user,
    password,
    database,
    ...(binding === 'require' && { channelBinding: binding }),
    ...(attributes !== 'any' && { sessionAttributes: attributes }),
    ...(balance === 'random' && { loadBalance: true as const }),
    ...readTls(p, env, warn),
    applicationName: p['application_name'] ?? p['fallback_application_name'] ?? defaults.applicationName,
    ...(options !== undefined && { options }),
    connectTimeoutMs: readConnectTimeout(p['connect_timeout']),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  };
}

function oneOf<T extends string>(known: readonly T[], name: string, p: Parameters): T | undefined {
  if (p[name] === undefined) return undefined;
  const found = known.find((each) => each === p[name]);
  if (found === undefined) throw unusable(`${name} is none of libpq's`, `known are: ${known.join(', ')}`);
  return found;
}

/** `host[,host…]`, `hostaddr[,…]` and `port[,port…]`: as many as hosts, or one port for all of them. */
function readHosts(p: Parameters): TargetHost[] {
  const addresses = p['hostaddr']?.split(',');
  const names = p['host']?.split(',') ?? addresses?.map(() => '') ?? [''];
  if (addresses !== undefined && addresses.length !== names.length) {
    throw unusable(`it names ${names.length} hosts and ${addresses.length} addresses (hostaddr)`);
  }
  const ports = (p['port'] ?? '').split(',').map(readPort);
  if (ports.length !== 1 && ports.length !== names.length) {
    throw unusable(
      `it names ${names.length} hosts and ${ports.length} ports`,
      'give each host its port, or one port for all',
    );
  }
  return names.map((name, index) => {
    if (name.startsWith('@'))
      throw unusable('an abstract Unix socket (@name) is not supported', 'name a host or the folder of the socket');
    const port = (ports.length === 1 ? ports[0] : ports[index]) ?? defaults.port;
    const address = addresses?.[index] || undefined;
    if (address !== undefined && isIP(address) === 0) throw unusable('hostaddr is not an IP address');
    const host = name || address || defaultHost(port);
    return { host, port, ...(address !== undefined && address !== host && { address }) };
  });
}

function readPort(text: string): number {
  if (text === '') return defaults.port;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    throw unusable(
      'the port is not a number from 1 to 65535',
      'if what follows the colon is a password, the URL lacks its @host; in a password / must be written %2F and ? must be written %3F',
    );
  }
  return port;
}

/** libpq's default is the folder of sockets it was built with, which we cannot know: where one is found, or localhost. */
function defaultHost(port: number): string {
  return defaults.socketFolders.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? 'localhost';
}

function osUser(): string {
  const name = osUserName();
  if (name !== undefined) return name;
  throw unusable(
    'it names no user, and the operating system has no name for the one that runs this process',
    'name the user in the URL (postgresql://USER@HOST/DATABASE) or in PGUSER',
  );
}

/** Whole seconds, as libpq reads them; 0 and less wait for ever. */
function readConnectTimeout(text: string | undefined): number {
  if (text === undefined) return defaults.connectTimeoutMs;
  if (!/^\s*[+-]?\d{1,9}\s*$/.test(text))
    throw unusable('connect_timeout is not a whole number of seconds', 'such as connect_timeout=10');
  const seconds = Number(text);
  return seconds <= 0 ? noLimitMs : Math.min(seconds * 1000, noLimitMs);
}

/** When a silent connection is looked after; undefined for our own default. */
function readKeepAlive(p: Parameters): number | undefined {
  const idle = p['keepalives_idle'];
  if (!readFlag('keepalives', p['keepalives'])) return 0;
  if (idle === undefined || idle === '0') return undefined;
  if (!/^\d{1,6}$/.test(idle)) throw unusable('keepalives_idle is not a whole number of seconds');
  return Number(idle) * 1000;
}

/** What the password file has for each host: one for all of them, where it is the same. */
function withPasswords(
  hosts: readonly TargetHost[],
  lookUp: (host: TargetHost) => string | undefined,
): Pick<ConnectionTarget, 'hosts' | 'password'> {
  const found = hosts.map((each) => {
    // libpq: a connection over a socket in the default place is `localhost` to the password file.
    return lookUp(defaults.socketFolders.includes(each.host) ? { ...each, host: 'localhost' } : each);
  });
  if (found.every((password) => password === found[0])) return { hosts, password: found[0] };
  const own = hosts.map((each, i) => ({ ...each, ...(found[i] !== undefined && { password: found[i] }) }));
  return { hosts: own, password: undefined };
}
