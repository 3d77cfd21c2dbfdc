// Why a session could not be opened, as an AmeliaError: the server's SQLSTATEs and the network's codes become one
// catalogue entry each. Never talks to a server.
import { AmeliaError, isAmeliaError } from '../errors.ts';
import { isServerError } from './server-error.ts';
import type { ConnectionTarget } from './target.ts';
import { alertOf } from './tls-alert.ts';

/** Why a session could not be opened. `address` is where, for a person to read. */
export function connectFailure(cause: unknown, target: ConnectionTarget, address: string): AmeliaError {
  const closed = { target: address, reason: 'it closed the connection' };
  if (isAmeliaError(cause, 'session.lost')) return new AmeliaError('session.unreachable', closed, { cause });
  if (cause instanceof AmeliaError) return cause as AmeliaError;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = (cause as { code?: unknown } | null)?.code;
  const at = { target: address, reason };
  if (typeof code === 'string' && code.startsWith('ERR_SSL')) {
    const [why, hint] = alertOf(cause as NodeJS.ErrnoException);
    return new AmeliaError('session.tls', { target: address, reason: why, ...(hint && { hint }) }, { cause });
  }
  switch (code) {
    case '28P01':
    case '28000':
      return new AmeliaError(
        'session.authentication',
        { ...at, user: target.user, ...entryHint(reason, target) },
        { cause },
      );
    case 'SASL_SIGNATURE_MISMATCH':
      return new AmeliaError(
        'session.refused',
        { ...at, reason: 'it could not prove that it knows the password' },
        { cause },
      );
    case '3D000':
      return new AmeliaError('session.no-database', { target: address, database: target.database }, { cause });
    case 'CONNECT_TIMEOUT':
      return new AmeliaError(
        'session.timeout',
        { target: address, seconds: target.connectTimeoutMs / 1000 },
        { cause },
      );
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_DESTROYED':
    case 'ECONNRESET':
    case 'EPIPE':
      return new AmeliaError('session.unreachable', closed, { cause });
    default:
      // 42501: no CONNECT privilege; 53300: too many connections; 57P03: starting up or shutting down; …
      return isServerError(cause)
        ? new AmeliaError('session.refused', { ...at, sqlstate: cause.code }, { cause })
        : new AmeliaError('session.unreachable', at, { cause });
  }
}

/** What to do about an authentication that failed, where it is not the password that was given. */
function entryHint(reason: string, { password, sslCert, sslMode }: ConnectionTarget): { hint?: string } {
  if (/no pg_hba\.conf entry/.test(reason)) {
    const unencrypted =
      /no encryption|SSL off/.test(reason) && sslMode !== 'disable' ? ', or takes it only encrypted' : '';
    return { hint: `pg_hba.conf of the server has no line for this user, database and address${unencrypted}` };
  }
  if (/client certificate/.test(reason)) {
    return { hint: sslCert === undefined ? 'it asks for a certificate: sslcert=FILE and sslkey=FILE' : 'see sslcert' };
  }
  if (/certificate authentication failed/.test(reason))
    return { hint: 'the certificate (sslcert) is for another user' };
  return password === undefined ? { hint: 'no password was given: put it into the URL, PGPASSWORD or ~/.pgpass' } : {};
}
