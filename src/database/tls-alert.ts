// What OpenSSL and the other side say when a handshake fails, for people. Pure.

/** Why the handshake failed, and what to do. Also for what the server says after it. */
export function alertOf({ code = '', message }: NodeJS.ErrnoException): [reason: string, hint?: string] {
  const what = `${code} ${message}`;
  if (/unknown.ca|UNKNOWN_CA/.test(what))
    return ['the server does not know the authority of our certificate (sslcert)'];
  if (/certificate.(required|expired|revoked|unknown)|bad.certificate|CERTIFICATE/i.test(what)) {
    return [
      `the server does not accept our certificate: ${message.split(':').at(-2) ?? message}`,
      'see sslcert and sslkey',
    ];
  }
  if (/VERSION|PROTOCOL/i.test(code)) {
    return ['the two have no version of TLS in common', 'see ssl_min_protocol_version and ssl_max_protocol_version'];
  }
  return [message];
}
