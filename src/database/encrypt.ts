// TLS on an open socket, and whether whoever answers may be trusted, by libpq's rules (manual, section 34.19).
// Loaded only when a server offers TLS.
import net from 'node:net';
import tls from 'node:tls';
import { AmeliaError } from '../errors.ts';
import { readRegular } from '../regular-file.ts';
import type { Attempt, TlsFacts } from './connect.ts';
import type { ConnectionTarget } from './target.ts';
import { alertOf } from './tls-alert.ts';

/** What servers since PostgreSQL 17 call their protocol. */
const alpn = 'postgresql';

/** Throws `session.tls`, or `config.unreadable` for a file that cannot be used. */
export async function encrypt(attempt: Attempt, plain: net.Socket): Promise<{ socket: net.Socket; tls: TlsFacts }> {
  const { target, place, name } = attempt;
  const refuse = (reason: string, hint?: string, cause?: unknown) =>
    new AmeliaError('session.tls', { target: name, reason, ...(hint !== undefined && { hint }) }, { cause });
  const hostName = target.sslSni !== false && net.isIP(place.host) === 0 ? { servername: place.host } : {};
  let encrypted: tls.TLSSocket;
  try {
    encrypted = tls.connect({
      socket: plain,
      ...hostName,
      ...contextOf(target),
      ...(target.sslDirect && { ALPNProtocols: [alpn] }),
      // Judged below, where the certificate is at hand to say what is wrong with it.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
  } catch (cause) {
    plain.destroy();
    if (cause instanceof AmeliaError) throw cause as AmeliaError;
    throw unusableFiles(target, cause);
  }
  await attempt.settleSocket(
    encrypted,
    'secureConnect',
    () => {},
    (cause) =>
      isNetworkError(cause)
        ? attempt.unreachable('it closed the connection in the middle of the TLS handshake', cause)
        : refuse(...alertOf(cause), cause),
  );
  const distrust =
    target.sslDirect && encrypted.alpnProtocol !== alpn
      ? ([
          'the server does not take TLS at once',
          'leave out sslnegotiation=direct, which needs PostgreSQL 17',
        ] as const)
      : distrustOf(target, place.host, encrypted);
  if (distrust !== undefined) {
    encrypted.destroy();
    throw refuse(...distrust);
  }
  const verified = target.sslRootCert === undefined ? 'no' : target.sslMode === 'verify-full' ? 'host' : 'chain';
  const facts = { protocol: encrypted.getProtocol() ?? '', cipher: encrypted.getCipher().name, verified } as const;
  return { socket: encrypted, tls: facts };
}

function contextOf(target: ConnectionTarget): tls.SecureContextOptions {
  const read = (setting: string, path: string | undefined): Buffer | undefined => {
    try {
      return path === undefined ? undefined : readRegular(path);
    } catch (cause) {
      const { message } = cause as Error;
      throw new AmeliaError('config.unreadable', { setting, path: path ?? '', reason: message }, { cause });
    }
  };
  const { sslRootCert, sslPassword, sslMinVersion = 'TLSv1.2', sslMaxVersion = 'TLSv1.3' } = target;
  return {
    ca: sslRootCert === 'system' ? undefined : read('sslrootcert', sslRootCert),
    crl: read('sslcrl', target.sslCrl),
    cert: read('sslcert', target.sslCert),
    key: read('sslkey', target.sslKey),
    passphrase: sslPassword ?? '',
    minVersion: sslMinVersion,
    maxVersion: sslMaxVersion,
  };
}

function unusableFiles({ sslCert, sslKey, sslRootCert, sslPassword }: ConnectionTarget, cause: unknown): AmeliaError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (/BAD_DECRYPT|INTERRUPTED_OR_CANCELLED|PASSPHRASE|BAD_PASSWORD/i.test(`${code} ${message}`)) {
    const reason =
      sslPassword === undefined
        ? 'it is encrypted: give its pass phrase with sslpassword'
        : 'sslpassword is not its pass phrase';
    return new AmeliaError('config.unreadable', { setting: 'sslkey', path: sslKey ?? '', reason }, { cause });
  }
  const [setting, path] = sslCert === undefined ? ['sslrootcert', sslRootCert] : ['sslcert, sslkey', sslCert];
  const reason = /KEY_VALUES_MISMATCH/.test(code)
    ? 'the certificate and the key do not belong together'
    : `not a PEM file that can be used (${message})`;
  return new AmeliaError('config.unreadable', { setting: setting ?? '', path: path ?? '', reason }, { cause });
}

const isNetworkError = ({ code = '' }: NodeJS.ErrnoException): boolean => /^(ECONN|EPIPE|ETIMEDOUT)/.test(code);

type Distrust = readonly [reason: string, hint?: string];

/** Why the server is not to be trusted; undefined when it is, or nobody asks. */
function distrustOf(target: ConnectionTarget, host: string, socket: tls.TLSSocket): Distrust | undefined {
  const { sslRootCert, sslMode } = target;
  // As in libpq: a root certificate that is there is used, whatever the mode.
  if (sslRootCert === undefined) return undefined;
  const certificate = socket.getPeerCertificate(false);
  // A string, its type notwithstanding: the code of what OpenSSL found.
  const problem = socket.authorizationError as unknown as string | null;
  if (problem) return chainProblem(problem, certificate, sslRootCert);
  if (sslMode !== 'verify-full' || isFor(certificate, host)) return undefined;
  return [
    `the server's certificate is for ${namesOf(certificate).join(', ') || 'nobody'}, not for ${host}`,
    `connect by that name${net.isIP(host) === 0 ? '' : ' (hostaddr can say its address)'}, or do without it: sslmode=verify-ca`,
  ];
}

function chainProblem(problem: string, certificate: tls.PeerCertificate, root: string): Distrust {
  const trusted =
    root === 'system' ? 'no authority that Node.js knows vouches for it' : `no authority in ${root} vouches for it`;
  switch (problem) {
    case 'CERT_HAS_EXPIRED':
      return [
        `the server's certificate, or one that vouches for it, has expired (its own: ${certificate.valid_to})`,
        'renew it on the server',
      ];
    case 'CERT_NOT_YET_VALID':
      return [
        `the server's certificate is not valid before ${certificate.valid_from}`,
        'is the clock right, here and there?',
      ];
    case 'CERT_REVOKED':
      return ["the server's certificate is revoked (sslcrl)"];
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return [
        `the server's certificate is signed by itself: ${trusted}`,
        'name that certificate, or its authority, with sslrootcert=FILE',
      ];
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE': {
      const issuer = [certificate.issuer?.CN ?? []].flat().join();
      return [
        `the server's certificate is not trusted: ${trusted}${issuer ? ` (it is issued by ${issuer})` : ''}`,
        'name the certificate of its authority with sslrootcert=FILE',
      ];
    }
    default:
      return [`the server's certificate cannot be verified: ${problem}`];
  }
}

/** The names that a certificate is for: those it lists, each with its kind, or its common name. */
function alternatives({ subjectaltname = '' }: tls.PeerCertificate): { kind: string; name: string }[] {
  // A name with a comma or a quote in it stands in quotes, as JSON has them.
  return [...subjectaltname.matchAll(/(DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, kind = '', name = '']) => ({
      kind,
      name: name.startsWith('"') ? (JSON.parse(name) as string) : name,
    }),
  );
}

const commonName = ({ subject }: tls.PeerCertificate): string[] => [subject?.CN ?? []].flat();

function namesOf(certificate: tls.PeerCertificate): string[] {
  const listed = alternatives(certificate).map(({ name }) => name);
  return listed.length > 0 ? listed : commonName(certificate);
}

/** libpq's rule: the listed names, and the common name where none of the host's own kind is listed. */
export function isFor(certificate: tls.PeerCertificate, host: string): boolean {
  const ip = net.isIP(host) !== 0;
  const listed = alternatives(certificate);
  if (listed.some(({ kind, name }) => (kind === 'DNS' ? fits(name, host) : ip && sameAddress(name, host)))) return true;
  if (listed.some(({ kind }) => (kind === 'IP Address') === ip)) return false;
  return commonName(certificate).some((name) => fits(name, host));
}

/** `*.` stands for one label at the beginning. */
function fits(pattern: string, host: string): boolean {
  const [name, wanted] = [host.toLowerCase(), pattern.toLowerCase()];
  if (name === wanted) return true;
  const dot = name.indexOf('.');
  return wanted.startsWith('*.') && wanted.length > 2 && dot > 0 && name.slice(dot) === wanted.slice(1);
}

function sameAddress(one: string, other: string): boolean {
  if (net.isIP(one) !== net.isIP(other)) return false;
  const block = new net.BlockList();
  const family = net.isIP(one) === 6 ? 'ipv6' : 'ipv4';
  block.addAddress(one, family);
  return block.check(other, family);
}
