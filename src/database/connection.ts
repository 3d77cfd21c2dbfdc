// A session with the database that is asked for, embedded or not, in the role that is asked for,
// with the history read. The only place that knows there are two kinds of server.
import { setTimeout as sleep } from 'node:timers/promises';
import { AmeliaError } from '../errors.ts';
import type { DatabaseInfo, Notice } from '../events.ts';
import type { EmbeddedServer } from './embedded.ts';
import { historyQuery, type WantedTable } from './history-query.ts';
import { readHistory, type HistoryReading } from './history.ts';
import { quoteIdentifier } from './identifiers.ts';
import { Session, type Answer } from './session.ts';
import type { ConnectionTarget, DatabaseSource, RunningServer } from './target.ts';

export interface ConnectionSettings {
  readonly database: DatabaseSource | RunningServer;
  readonly table: WantedTable;
  readonly role: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** How long to wait for another process that holds the embedded database. */
  readonly waitMs: number;
  readonly onEmbeddedWaiting: (pid: number) => void;
  /** The extensions that an embedded server is to bring along. */
  readonly extensions?: () => readonly string[];
  /** Told what the server warns of our own messages. */
  readonly onWarning?: (notice: Notice) => void;
  /** Somebody took the connection; what is missing is an answer. */
  readonly onReached?: () => void;
}

export interface Connection {
  /** The one to work with. */
  readonly session: Session;
  readonly database: DatabaseInfo;
  /** The history as it was when the connection was made. */
  readonly reading: HistoryReading;
  /**
   * A pooler stands between: the next message may reach another backend, so that nothing may be left
   * in the session, and no session-level lock be relied on.
   */
  readonly pooled: boolean;
  /** PostgreSQL inside this process: one session at a time. */
  readonly embedded: boolean;
  /** Reads the history again, and whose code a row would run. What it says is on the server's disk. */
  read(): Promise<HistoryReading>;
  /** Another session with the same server, closed with this one; its first message is answered. */
  readonly another: (first: string) => Promise<Session>;
  /**
   * Sleeps. Behind a pooler without its session, and with another one after: where a session keeps one of the
   * pooler's connections for itself, those who wait would keep them all, and the one they wait for needs a second.
   */
  pause(ms: number): Promise<void>;
  /** Leaves the session to what its transaction holds and goes on with another, in which `read` reads. */
  moveOn(): Promise<void>;
  close(): Promise<void>;
  /** Closes the sessions and does not wait for the server to do the same; nothing may be in flight. Not for an embedded one. */
  leave(): void;
}

/** Connects and reads the history, in one round trip after the connection is made. Throws `session.*`, `embedded.*`, `history.*`. */
export async function connect(settings: ConnectionSettings): Promise<Connection> {
  const { database: source, role, table, signal } = settings;
  const opened = 'embedded' in source ? await openEmbedded(source.embedded, settings) : undefined;
  const embedded = opened ?? ('running' in source ? source.running : undefined);
  const server = embedded ?? (source as { target: ConnectionTarget }).target;
  let place = server;
  let pooled = false;
  const sessions: Session[] = [];
  let isOver = false;
  const close = async () => {
    isOver = true;
    // The first one holds the lock; a pooler would have to give up a connection whose transaction is open.
    if (pooled) sessions[0]?.send('ROLLBACK');
    for (const session of sessions.splice(0).reverse()) await session.close();
    await opened?.close();
  };
  const leave = () => {
    isOver = true;
    for (const session of sessions) session.leave();
  };
  const open = async (first: string) => {
    const { session, answer } = await Session.open(place, first, {
      signal,
      onWarning: settings.onWarning,
      onStage: ({ stage }) => stage === 'tcp' && settings.onReached?.(),
    });
    // Nobody would close one that was asked for before the end and came after it: the process would not end.
    if (isOver) {
      answer.catch(() => {});
      session.destroy();
      throw new AmeliaError('session.lost', { reason: 'it was closed' });
    }
    sessions.push(session);
    place = session.server; // where there are several hosts, no other one from now on
    return { session, answer };
  };
  const another = async (first: string) => {
    const { session, answer } = await open(first);
    await answer;
    return session;
  };
  try {
    // Only who looks again means to write.
    let question = { table, forWriting: false };
    const readingFirst = () => inRole(role, historyQuery(question));
    let { session, answer: asked }: { session: Session; answer?: Promise<Answer> } = await open(readingFirst());
    const ask = async (query: string) => {
      const answered = asked ?? session.send(inRole(role, query)).answer;
      asked = undefined;
      try {
        return await answered;
      } catch (error) {
        if (role === undefined || session.lost) throw error;
        await session.query('ROLLBACK');
        throw refusedRole(error, role, session.user);
      }
    };
    const read = async () => await readHistory(question, ask);
    const reading = await read();
    question = { table, forWriting: true };
    // A pooler answers for the server, with a process id of its own.
    pooled = embedded === undefined && reading.pid !== session.pid;
    const pause = async (ms: number) => {
      if (pooled) await sessions.pop()?.close();
      await sleep(ms, undefined, signal && { signal }).catch(() => {}); // whoever pauses sees to the signal
      if (pooled) session = await another('SELECT');
    };
    const moveOn = async () => {
      ({ session, answer: asked } = await open(readingFirst()));
    };
    return {
      get session() {
        return session;
      },
      database: session.database,
      reading,
      pooled,
      embedded: embedded !== undefined,
      read,
      another,
      pause,
      moveOn,
      close,
      leave,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One query in that role, and nothing left in the session. */
function inRole(role: string | undefined, query: string): string {
  return role === undefined ? query : `BEGIN; SET LOCAL ROLE ${quoteIdentifier(role)}; ${query}; COMMIT`;
}

/** 22023: there is no such role; 42501: this one is not a member of it. */
function refusedRole(cause: unknown, role: string, user: string): unknown {
  const { code, message = '' } = cause as { code?: string; message?: string };
  if (code !== '22023' && !(code === '42501' && /set role/.test(message))) return cause;
  const problem = `cannot take on the role ${role}: ${message}`;
  return new AmeliaError('session.privilege', { role: user, problem }, { cause });
}

async function openEmbedded(dir: string, settings: ConnectionSettings): Promise<EmbeddedServer> {
  const { EmbeddedServer } = await import('./embedded.ts');
  const { waitMs, signal, onEmbeddedWaiting, extensions } = settings;
  const wanted = extensions?.() ?? [];
  return await EmbeddedServer.open(dir, { waitMs, signal, onWaiting: onEmbeddedWaiting, extensions: wanted });
}
