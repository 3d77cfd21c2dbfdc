// Asks a server to cancel what a session of it runs (manual, section 53.2.8). Never throws.
import { openSocket, type Encryption } from './connect.ts';
import type { Backend } from './driver.ts';
import type { ConnectionTarget } from './target.ts';

/** A server that does not take a cancel request in this time will not. */
const cancelMs = 1000;

/** CancelRequest (manual, section 53.7). */
const cancelRequestCode = 80877102;

/** Resolves when the server has taken the request, or will not: then closing the session is what is left. */
export async function requestCancel(server: ConnectionTarget, backend: Backend, encryption: Encryption): Promise<void> {
  try {
    const { socket } = await openSocket({ ...server, connectTimeoutMs: cancelMs }, server.hosts[0]!, encryption);
    const request = Buffer.alloc(16);
    request.writeUInt32BE(request.length, 0);
    request.writeUInt32BE(cancelRequestCode, 4);
    request.writeUInt32BE(backend.pid, 8);
    request.writeUInt32BE(backend.secret, 12);
    await new Promise<void>((resolve) => {
      socket
        .unref()
        .once('close', () => resolve())
        .on('error', () => {})
        .setTimeout(cancelMs, () => socket.destroy())
        .resume()
        // As libpq does, the server closes, not we: PgBouncer 1.18 dies of a client that leaves (its issue 801).
        .write(request);
    });
  } catch {
    // It cannot be reached.
  }
}
