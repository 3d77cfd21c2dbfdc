// A session with the database that is asked for, embedded or not, in the role that is asked for,
// with the history read. The only place that knows there are two kinds of server.
import { AmeliaError } from '../errors.ts';
import type { DatabaseInfo } from '../events.ts';
import type { EmbeddedServer } from './embedded.ts';
import { historyQuery, readHistory, type HistoryReading } from './history.ts';
import { quoteIdentifier, type TableName } from './identifiers.ts';
import { Session, type Answer } from './session.ts';
import type { ConnectionTarget, DatabaseSource, RunningServer } from './target.ts';

export interface ConnectionSettings {
  readonly database: DatabaseSource | RunningServer;
  readonly table: TableName;
  readonly role: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** How long to wait for another process that holds the embedded database. */
  readonly waitMs: number;
  readonly onEmbeddedWaiting: (pid: number) => void;
}

export interface Connection {
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
  /** Reads the history again. What it says is on the server's disk. */
  read(): Promise<HistoryReading>;
  /** Another session with the same server, closed with this one; its first message is answered. */
  readonly another: (first: string) => Promise<Session>;
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
  const sessions: Session[] = [];
  const close = async () => {
    for (const session of sessions) await session.close();
    await opened?.close();
  };
  const leave = () => {
    for (const session of sessions) session.leave();
  };
  const another = async (first: string) => {
    const { session, answer } = await Session.open(sessions[0]?.server ?? server, first, { signal });
    sessions.push(session);
    await answer;
    return session;
  };
  try {
    const { session, answer } = await Session.open(server, inRole(role, historyQuery(table, { rows: true })), {
      signal,
    });
    sessions.push(session);
    let asked: Promise<Answer> | undefined = answer;
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
    const read = () => readHistory(table, ask);
    const reading = await read();
    // A pooler answers for the server, with a process id of its own.
    const pooled = embedded === undefined && reading.pid !== session.pid;
    const isEmbedded = embedded !== undefined;
    return { session, database: session.database, reading, pooled, embedded: isEmbedded, read, another, close, leave };
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
  const { waitMs, signal, onEmbeddedWaiting } = settings;
  return await EmbeddedServer.open(dir, { waitMs, signal, onWaiting: onEmbeddedWaiting });
}
