// A server, or what stands before it, takes a connection and resets it: a server that restarts does that.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';

/** Where each connection is treated like this. */
async function listener(treat: (socket: Socket) => Promise<void>): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    void treat(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `postgres://somebody:secret@127.0.0.1:${(server.address() as AddressInfo).port}/somewhere`;
}

describe.each([0, 1, 2, 4])('a connection that is reset after %i ms', (ms) => {
  it.each<[string, (socket: Socket) => Promise<void>]>([
    ['once it is made', async () => {}],
    [
      'once TLS is refused',
      async (socket) => {
        await new Promise((resolve) => socket.once('data', resolve));
        socket.write('N');
      },
    ],
  ])('%s is told of at once', async (_, until) => {
    const url = await listener(async (socket) => {
      await until(socket);
      await sleep(ms);
      socket.resetAndDestroy();
    });
    const folder = folderOf({ '1_t.sql': 'CREATE TABLE t ();' });

    for (let time = 0; time < 20; time++) {
      const begun = performance.now();
      const { message } = await failureOf(engineFor(url, folder).status(), 'session.unreachable');
      expect(message).toMatch(/reset the connection|closed the connection|ECONNRESET|no PostgreSQL server/);
      expect(performance.now() - begun).toBeLessThan(5000);
    }
  });
});
