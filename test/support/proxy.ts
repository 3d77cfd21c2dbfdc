// A TCP proxy in front of a server: counts what a client sends and waits for, adds latency, and
// cuts or freezes connections at a chosen message, or has the server answer it with an error. Else never changes a byte.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { type FrontendMessage, frontendMessages } from './frontend-messages.ts';

export interface ProxyOptions {
  /** Added to each round trip, half of it in each direction. */
  rttMs?: number;
  fault?: ProxyFault;
  /** The context's own in concurrent tests; `false` outside of tests: then close it yourself. */
  onTestFinished?: ((clean: () => Promise<void>) => void) | false;
}

export interface ProxyFault {
  /** Which client message: its number, from 1, over all connections since the last reset; or the first that fits. */
  at: number | ((message: FrontendMessage) => boolean);
  /**
   * `cut-before`: the message is lost and the connection with it. `cut-after`: the server receives the
   * message and acts on it, the client sees its connection break instead of the answer. `freeze-before`
   * and `freeze-after`: the same, but the connection stays open and silent in both directions.
   * `call-before` and `call-after`: `call` happens while this message, or the next one, waits. `fail`: the server
   * receives a query that fails in place of this one; a message that is no query passes.
   */
  what: 'fail' | 'cut-before' | 'cut-after' | 'freeze-before' | 'freeze-after' | 'call-before' | 'call-after';
  /** What the client sends waits until it is done. With `cut` that is lost, and the server sees its client go. */
  call?: (moment: ProxyMoment) => Promise<'go-on' | 'cut'>;
}

export interface ProxyMoment {
  message: FrontendMessage;
  /** The proxy's port on this connection to the server: `client_port` in pg_stat_activity. */
  clientPort: number;
}

export interface ProxyCounts {
  connections: number;
  clientBytes: number;
  serverBytes: number;
  /** Whole messages of the client's; under TLS none can be seen. */
  clientMessages: number;
  /** The same by type: `startup`, `Q`, `X` … */
  messageTypes: Record<string, number>;
  /** How often a client sent something after the server had spoken (or first of all): each is a wait of one RTT. */
  roundTrips: number;
}

export interface Proxy {
  /** The server's URL by way of the proxy. */
  url: string;
  counts(): ProxyCounts;
  /** Sets every count to zero. */
  reset(): void;
  /** Replaces the fault; it strikes once. */
  fail(fault: ProxyFault): void;
  /** Whether the fault has struck. */
  struck(): boolean;
  /** Breaks every connection now. New ones are let in. */
  cut(): void;
  /** Stops every connection that is open now, in both directions, without closing it. */
  freeze(): void;
  /** The same, and new connections are let in and hear nothing either. */
  silence(): void;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  server: Socket;
  frozen: boolean;
}

/** Starts a proxy to the server of a PostgreSQL URL; closed when the test ends. */
export async function startProxy(target: string, options: ProxyOptions = {}): Promise<Proxy> {
  const { rttMs = 0 } = options;
  const goal = new URL(target);
  const links = new Set<Link>();
  let counts = noCounts();
  let fault = options.fault;
  let struck = false;
  let silent = false;

  const drop = (link: Link) => {
    links.delete(link);
    link.client.destroy();
    link.server.destroy();
  };
  const strikes = (message: FrontendMessage) => {
    if (!fault) return undefined;
    const fits = typeof fault.at === 'number' ? fault.at === counts.clientMessages : fault.at(message);
    if (!fits) return undefined;
    const found = fault;
    fault = undefined;
    struck = true;
    return found;
  };

  const listener = createServer((client) => {
    const server = connect({ host: goal.hostname, port: Number(goal.port || 5432) });
    const link: Link = { client, server, frozen: silent };
    links.add(link);
    counts.connections++;
    for (const socket of [client, server]) socket.setNoDelay().on('error', () => drop(link));
    const toServer = delayed(rttMs / 2, (chunk) => (chunk ? server.write(chunk) : server.end()));
    const toClient = delayed(rttMs / 2, (chunk) => {
      if (!link.frozen) void (chunk ? client.write(chunk) : client.end());
    });
    const split = frontendMessages();
    let clientSpokeLast = false;

    // Until it has passed them all, nothing more is read from the client.
    const pass = async (pieces: ReturnType<typeof split>): Promise<void> => {
      for (const { message, bytes } of pieces) {
        if (message) {
          counts.clientMessages++;
          counts.messageTypes[message.type] = (counts.messageTypes[message.type] ?? 0) + 1;
        }
        const struckBy = message && strikes(message);
        const what = struckBy?.what;
        if (what === 'call-before' || what === 'call-after') {
          if (what === 'call-after') toServer(bytes);
          client.pause();
          const then = await struckBy?.call?.({ message: message!, clientPort: server.localPort ?? 0 });
          if (then === 'cut') {
            // Has the server gone meanwhile, nobody would tell the client any more.
            if (server.readableEnded || server.destroyed) return drop(link);
            toServer(null);
            link.frozen = true;
            return;
          }
          if (what === 'call-before') toServer(bytes);
          continue;
        }
        if (what === 'fail') {
          toServer(message?.type === 'Q' ? failing : bytes);
          continue;
        }
        if (what === 'cut-before') return drop(link);
        if (what !== 'freeze-before') toServer(bytes);
        if (what === undefined) continue;
        link.frozen = true;
        if (what !== 'cut-after') return;
        // The server acts on what it has received, although its client has gone.
        toServer(null);
        client.destroy();
        return;
      }
    };
    client.on('data', (chunk: Buffer) => {
      if (link.frozen) return;
      counts.clientBytes += chunk.length;
      if (!clientSpokeLast) counts.roundTrips++;
      clientSpokeLast = true;
      void pass(split(chunk)).finally(() => client.resume());
    });
    server.on('data', (chunk: Buffer) => {
      if (link.frozen) return;
      counts.serverBytes += chunk.length;
      clientSpokeLast = false;
      toClient(chunk);
    });
    client.on('close', () => (link.frozen ? undefined : toServer(null)));
    server.on('close', () => (link.frozen ? undefined : toClient(null)));
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as AddressInfo).port);
  const proxy: Proxy = {
    url: url.href,
    counts: () => structuredClone(counts),
    reset: () => void (counts = noCounts()),
    fail(next) {
      fault = next;
      struck = false;
    },
    struck: () => struck,
    cut: () => links.forEach(drop),
    freeze: () => links.forEach((link) => (link.frozen = true)),
    silence() {
      silent = true;
      proxy.freeze();
    },
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      proxy.cut();
      await closed;
    },
  };
  if (options.onTestFinished !== false) (options.onTestFinished ?? onTestFinished)(() => proxy.close());
  return proxy;
}

const failingText = Buffer.from('SELECT 1/0\0');
const failing = Buffer.concat([Buffer.from('Q\0\0\0'), Buffer.from([failingText.length + 4]), failingText]);

/** Hands chunks on in their order after a delay; null is the end of the stream. */
function delayed(delayMs: number, pass: (chunk: Buffer | null) => void): (chunk: Buffer | null) => void {
  if (delayMs === 0) return pass;
  let queue = Promise.resolve();
  return (chunk) => {
    const due = performance.now() + delayMs;
    queue = queue.then(() => until(due)).then(() => pass(chunk));
  };
}

/** A timer may fire almost a millisecond early, and a latency must never be shorter than was asked for. */
async function until(due: number): Promise<void> {
  while (performance.now() < due) await sleep(Math.ceil(due - performance.now()));
}

function noCounts(): ProxyCounts {
  return { connections: 0, clientBytes: 0, serverBytes: 0, clientMessages: 0, messageTypes: {}, roundTrips: 0 };
}
