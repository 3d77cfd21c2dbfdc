// How a target is to be encrypted and whom to trust, by libpq's parameters (manual, sections 34.1.2 and 34.19).
// Looks whether files are there; never reads one, never connects.
import { existsSync, statSync } from 'node:fs';
import { inHome } from './os-user.ts';
import type { Environment, Parameters } from './target.ts';
import { unusable } from './target-url.ts';

const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

const tlsVersions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
export type TlsVersion = (typeof tlsVersions)[number];

/** How to encrypt, whom to trust and what to show; files are paths. */
export interface TlsTarget {
  readonly sslMode: SslMode;
  /** TLS from the first byte on, without asking for it. */
  readonly sslDirect?: true;
  /** A file, or `system` for the certificate authorities that Node.js knows. Where there is one the certificate is checked. */
  readonly sslRootCert?: string;
  readonly sslCrl?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly sslPassword?: string;
  /** The server is not told which of its names was asked for. */
  readonly sslSni?: false;
  readonly sslMinVersion?: TlsVersion;
  readonly sslMaxVersion?: TlsVersion;
}

/**
 * What the parameters say. As in libpq a file that is not there is passed over where nothing demands it; `warn` is
 * told when it was named. Throws `config.database-url`.
 */
export function readTls(p: Parameters, env: Environment, warn: (message: string) => void): TlsTarget {
  const sslMode = readMode(p);
  const verifies = sslMode.startsWith('verify-');
  const file = (name: string, usual: string, without: string): string | undefined => {
    const path = p[name] ?? inHome(env, '.postgresql', usual);
    if (path === undefined) return undefined;
    if (path === 'system' && name === 'sslrootcert') return path;
    if (existsSync(path)) return path;
    if (p[name] !== undefined) warn(`${name}: there is no file ${path}, so ${without}`);
    return undefined;
  };
  if (sslMode === 'disable') return { sslMode };
  const sslDirect = readNegotiation(p['sslnegotiation'], sslMode);
  const sslRootCert = file('sslrootcert', 'root.crt', 'the certificate of the server is not checked');
  if (sslRootCert === undefined && verifies) {
    const named = p['sslrootcert'];
    throw unusable(
      `sslmode=${sslMode} needs the certificate of an authority, and ${named === undefined ? 'none is named' : `there is no file ${named}`}`,
      'name it with sslrootcert=FILE or PGSSLROOTCERT; sslrootcert=system takes the authorities that come with Node.js',
    );
  }
  const sslCrl = sslRootCert && file('sslcrl', 'root.crl', 'no certificate counts as revoked');
  const shown = readCertMode(p['sslcertmode']) && file('sslcert', 'postgresql.crt', 'the server is shown none');
  const sslMinVersion = readVersion('ssl_min_protocol_version', p);
  const sslMaxVersion = readVersion('ssl_max_protocol_version', p);
  return {
    sslMode,
    ...(sslDirect && { sslDirect }),
    ...(sslRootCert !== undefined && { sslRootCert }),
    ...(sslCrl !== undefined && { sslCrl }),
    ...(shown !== undefined && {
      sslCert: shown,
      sslKey: keyOf(shown, p['sslkey'] ?? inHome(env, '.postgresql', 'postgresql.key')),
    }),
    ...(p['sslpassword'] !== undefined && { sslPassword: p['sslpassword'] }),
    ...(!readFlag('sslsni', p['sslsni']) && { sslSni: false as const }),
    ...(sslMinVersion && { sslMinVersion }),
    ...(sslMaxVersion && { sslMaxVersion }),
  };
}

function readMode(p: Parameters): SslMode {
  const system = p['sslrootcert'] === 'system';
  const given = p['sslmode'] ?? (system ? 'verify-full' : 'prefer');
  const sslMode = sslModes.find((mode) => mode === given);
  if (sslMode === undefined) {
    const hint =
      given === 'no-verify'
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
  return sslMode;
}

function readNegotiation(given: string | undefined, sslMode: SslMode): true | undefined {
  if (given === undefined || given === 'postgres') return undefined;
  if (given !== 'direct') throw unusable('sslnegotiation is neither postgres nor direct');
  if (sslMode === 'allow' || sslMode === 'prefer') {
    throw unusable(`sslnegotiation=direct needs sslmode=require or a stricter one, and sslmode is ${sslMode}`);
  }
  return true;
}

/** Undefined where no certificate is to be shown. */
function readCertMode(given: string | undefined): true | undefined {
  if (given === 'disable') return undefined;
  if (given === undefined || given === 'allow') return true;
  throw unusable(
    given === 'require' ? 'sslcertmode=require is not supported' : 'sslcertmode is none of disable, allow, require',
    'allow shows the certificate when the server asks for one',
  );
}

function readVersion(name: string, p: Parameters): TlsVersion | undefined {
  const given = p[name];
  if (given === undefined) return undefined;
  const version = tlsVersions.find((each) => each.toLowerCase() === given.toLowerCase());
  if (version === undefined) throw unusable(`${name} is none of ${tlsVersions.join(', ')}`);
  return version;
}

/** `1` or left out, and `0`. Throws `config.database-url` for anything else. */
export function readFlag(name: string, given: string | undefined): boolean {
  if (given === undefined || given === '1') return true;
  if (given === '0') return false;
  throw unusable(`${name} is neither 0 nor 1`);
}

/** As libpq has it: a key that others can read is refused. */
function keyOf(cert: string, path: string | undefined): string {
  if (path === undefined)
    throw unusable(`there is the certificate ${cert}, and no key is named`, 'name it with sslkey=FILE');
  if (path.startsWith('engine:') || path.startsWith('pkcs11:'))
    throw unusable('sslkey: a key in hardware is not supported');
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw unusable(`there is the certificate ${cert}, and not its key ${path}`, 'name it with sslkey=FILE');
  const others = process.platform === 'win32' ? 0 : stat.mode & (stat.uid === 0 ? 0o037 : 0o077);
  if (stat.isFile() && others !== 0) {
    throw unusable(
      `others may read the key ${path}`,
      `chmod 600 ${path}; mounted from a Kubernetes secret: defaultMode: 0400 (0440 with fsGroup)`,
    );
  }
  return path;
}
