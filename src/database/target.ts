// Where to connect and as whom: a connection URL and libpq's environment become a ConnectionTarget.
// Never connects, never puts a password (or a piece of the URL that might be one) into an error.
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { AmeliaError } from '../errors.ts';
import { readPasswordFile } from './passfile.ts';
import { parametersOf, unsupportedEnvironment } from './target-parameters.ts';
import { readUrl, unusable } from './target-url.ts';

export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where to connect and as whom. A host that begins with `/` is the folder of a Unix socket. */
export interface ConnectionTarget {
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslMode: SslMode;
  /** A file, or `system` for the certificate authorities that Node.js knows. */
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly applicationName: string;
  /** libpq's `options`: command-line options for the backend, such as `-c geqo=off`. */
  readonly options?: string;
  /** At least 1 and at most 2147483647, which stands for libpq's "no limit" (`connect_timeout=0`). */
  readonly connectTimeoutMs: number;
}

/** A database server, or PostgreSQL inside this process with its data in `embedded` (a folder). */
export type DatabaseSource = { readonly target: ConnectionTarget } | { readonly embedded: string };

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

const sslModes: readonly string[] = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
] satisfies SslMode[];

/**
 * The target that a URL and libpq's environment variables name, by libpq's rules (manual, sections 34.1.1,
 * 34.15 and 34.16): what the URL leaves out comes from the environment, then from the password file, then
 * from defaults. An unescaped `@`, `:` or `#` in the password is understood. What libpq knows and amelia-db
 * does not is refused by name. `warn` is told when the password file is passed over, as libpq tells it.
 * Throws `config.database-url`. PGTZ, PGDATESTYLE and PGGEQO are not read: what a migration does must not
 * depend on the settings of the person who runs it.
 */
export function parseTarget(from: {
  readonly url?: string | undefined;
  readonly env: Environment;
  readonly warn?: (message: string) => void;
}): ConnectionTarget {
  const { env, warn = () => {} } = from;
  const given = from.url === undefined ? {} : readUrl(from.url);
  const refused = unsupportedEnvironment(env);
  if (refused !== undefined) throw unusable(refused.problem, refused.hint);
  const p = parametersOf(given, env);

  const hosts = readHosts(p['host'], p['port']);
  const user = p['user'] ?? osUser();
  const database = p['dbname'] ?? user;
  const password = p['password'] ?? passwordFromFile(p['passfile'], { hosts, database, user }, env, warn);
  const options = p['options'];
  return {
    hosts,
    user,
    password,
    database,
    ...readTls(p, env),
    applicationName: p['application_name'] ?? p['fallback_application_name'] ?? defaults.applicationName,
    ...(options !== undefined && { options }),
    connectTimeoutMs: readConnectTimeout(p['connect_timeout']),
  };
}

/** `host[,host…]` and `port[,port…]`: as many ports as hosts, or one for all of them. */
function readHosts(hostList: string | undefined, portList: string | undefined): ConnectionTarget['hosts'] {
  const hosts = (hostList ?? '').split(',');
  const ports = (portList ?? '').split(',').map(readPort);
  if (ports.length !== 1 && ports.length !== hosts.length) {
    throw unusable(
      `it names ${hosts.length} hosts and ${ports.length} ports`,
      'give each host its port, or one port for all',
    );
  }
  return hosts.map((host, index) => {
    if (host.startsWith('@'))
      throw unusable('an abstract Unix socket (@name) is not supported', 'name a host or the folder of the socket');
    const port = (ports.length === 1 ? ports[0] : ports[index]) ?? defaults.port;
    return { host: host === '' ? defaultHost(port) : host, port };
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
  try {
    return userInfo().username;
  } catch (cause) {
    throw new AmeliaError(
      'config.database-url',
      {
        problem: 'it names no user, and the operating system has no name for the one that runs this process',
        hint: 'name the user in the URL (postgresql://USER@HOST/DATABASE) or in PGUSER',
      },
      { cause },
    );
  }
}

function readTls(
  p: Parameters,
  env: Environment,
): Pick<ConnectionTarget, 'sslMode' | 'sslRootCert' | 'sslCert' | 'sslKey'> {
  const home = join(env['HOME'] ?? homedir(), '.postgresql');
  const usual = (file: string) => (existsSync(join(home, file)) ? join(home, file) : undefined);
  const system = p['sslrootcert'] === 'system';
  const sslMode = p['sslmode'] ?? (system ? 'verify-full' : 'prefer');
  if (!isSslMode(sslMode)) {
    const hint =
      sslMode === 'no-verify'
        ? 'sslmode=require encrypts without checking the certificate'
        : `known are: ${sslModes.join(', ')}`;
    throw unusable(`sslmode is none of libpq's`, hint);
  }
  if (system && sslMode !== 'verify-full') {
    throw unusable(
      `sslrootcert=system needs sslmode=verify-full, and sslmode is ${sslMode}`,
      'leave sslmode out, or name a file',
    );
  }
  // As libpq does: a root certificate in its usual place makes `require` check the certificate too.
  const checks = sslMode === 'require' || sslMode.startsWith('verify-');
  const sslRootCert = p['sslrootcert'] ?? (checks ? usual('root.crt') : undefined);
  if (sslRootCert === undefined && sslMode.startsWith('verify-')) {
    throw unusable(
      `sslmode=${sslMode} needs the certificate of an authority, and none is named`,
      'name it with sslrootcert=FILE or PGSSLROOTCERT; sslrootcert=system takes the authorities that come with Node.js',
    );
  }
  const sslCert = p['sslcert'] ?? usual('postgresql.crt');
  const sslKey = p['sslkey'] ?? (sslCert === undefined ? undefined : usual('postgresql.key'));
  return {
    sslMode,
    ...(sslRootCert !== undefined && { sslRootCert }),
    ...(sslCert !== undefined && { sslCert }),
    ...(sslKey !== undefined && { sslKey }),
  };
}

const isSslMode = (text: string): text is SslMode => sslModes.includes(text);

/** Whole seconds, as libpq reads them; 0 and less wait for ever. */
function readConnectTimeout(text: string | undefined): number {
  if (text === undefined) return defaults.connectTimeoutMs;
  if (!/^\s*[+-]?\d{1,9}\s*$/.test(text))
    throw unusable('connect_timeout is not a whole number of seconds', 'such as connect_timeout=10');
  const seconds = Number(text);
  return seconds <= 0 ? noLimitMs : Math.min(seconds * 1000, noLimitMs);
}

function passwordFromFile(
  named: string | undefined,
  wanted: { readonly hosts: ConnectionTarget['hosts']; readonly database: string; readonly user: string },
  env: Environment,
  warn: (message: string) => void,
): string | undefined {
  const path = named ?? join(env['HOME'] ?? homedir(), '.pgpass');
  const lookUp = readPasswordFile(path, warn);
  if (lookUp === undefined) return undefined;
  const found = wanted.hosts.map(({ host, port }) =>
    // libpq: a connection over a socket in the default place is `localhost` to the password file.
    lookUp([defaults.socketFolders.includes(host) ? 'localhost' : host, String(port), wanted.database, wanted.user]),
  );
  if (found.some((password) => password !== found[0])) {
    throw unusable(
      'the password file has different passwords for its hosts',
      'name one host, or give one password with PGPASSWORD',
    );
  }
  return found[0];
}
