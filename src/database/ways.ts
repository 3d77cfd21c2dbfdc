// With TLS, without, or first one and then the other: what libpq makes of sslmode (manual, section 34.19.3).
import { isAmeliaError } from '../errors.ts';
import { openSocket, type Connected, type Encryption, type OpenOptions } from './connect.ts';
import type { EmbeddedServer } from './embedded.ts';
import type { ConnectionTarget, SslMode, TargetHost } from './target.ts';

/** What a session stands on. */
export interface Entered {
  readonly target: ConnectionTarget;
  readonly connected: Connected;
  /** The embedded server, when the session is with that. */
  readonly embedded: EmbeddedServer | undefined;
}

const ways: Partial<Record<SslMode, readonly [Encryption, Encryption?]>> = {
  disable: ['plain'],
  allow: ['plain', 'required'],
  prefer: ['offered', 'plain'],
};

/** Enters by the first way that opens: the second one is for a server that refuses us, or whose TLS fails. */
export async function inEachWay<T>(
  target: ConnectionTarget,
  place: TargetHost,
  options: OpenOptions,
  enter: (connected: Connected) => Promise<T>,
): Promise<T> {
  const [way, other]: readonly [Encryption, Encryption?] = place.host.startsWith('/')
    ? ['plain']
    : (ways[target.sslMode] ?? ['required']);
  let connected: Connected | undefined;
  try {
    connected = await openSocket(target, place, way, options);
    return await enter(connected);
  } catch (error) {
    const encrypted = connected?.tls !== undefined;
    const refused = isAmeliaError(error, 'session.authentication') && encrypted === (way === 'offered');
    if (other === undefined || !(refused || isAmeliaError(error, 'session.tls'))) throw error;
    try {
      return await enter(await openSocket(target, place, other, options));
    } catch (again) {
      // What is said over the encrypted connection says more.
      throw other === 'plain' ? error : again;
    }
  }
}
