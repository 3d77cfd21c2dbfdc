// A session with the database that is asked for, embedded or not, in the role that is asked for,
// with the history read. The only place that knows there are two kinds of server.
import { AmeliaError } from '../errors.ts';
import type { DatabaseInfo } from '../events.ts';
import type { EmbeddedServer } from './embedded.ts';
import { historyQuery, readHistory, type HistoryReading } from './history.ts';
import { quoteIdentifier, type TableName } from './identifiers.ts';
import { Session, type Answer } from './session.ts';
import type { ConnectionTarget, DatabaseSource } from './target.ts';

export interface ConnectionSettings {
  readonly database: DatabaseSource;
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
  /** Reads the history again. */
  read(): Promise<HistoryReading>;
  close(): Promise<void>;
}

/** Connects and reads the history, in one round trip after the connection is made. Throws `session.*`, `embedded.*`, `history.*`. */
export async function connect(settings: ConnectionSettings): Promise<Connection> {
  const { database: source, role, table, signal } = settings;
  const embedded = 'embedded' in source ? await openEmbedded(source.embedded, settings) : undefined;
  let session: Session | undefined;
  try {
    const first = role === undefined ? historyQuery(table, { rows: true }) : `SET ROLE ${quoteIdentifier(role)}`;
    const opened = await Session.open(embedded ?? (source as { target: ConnectionTarget }).target, first, { signal });
    session = opened.session;
    const { send, database } = { send: session.send.bind(session), database: session.database };
    if (role !== undefined) await roleIsSet(opened.answer, role, session.user);
    let asked: Promise<Answer> | undefined = role === undefined ? opened.answer : undefined;
    const read = () =>
      readHistory(table, (query) => {
        const answer = asked ?? send(query).answer;
        asked = undefined;
        return answer;
      });
    const reading = await read();
    return { session, database, reading, read, close: () => closeAll(session, embedded) };
  } catch (error) {
    await closeAll(session, embedded);
    throw error;
  }
}

async function openEmbedded(dir: string, settings: ConnectionSettings): Promise<EmbeddedServer> {
  const { EmbeddedServer } = await import('./embedded.ts');
  const { waitMs, signal, onEmbeddedWaiting } = settings;
  return await EmbeddedServer.open(dir, { waitMs, signal, onWaiting: onEmbeddedWaiting });
}

async function roleIsSet(answer: Promise<Answer>, role: string, user: string): Promise<void> {
  try {
    await answer;
  } catch (cause) {
    if (cause instanceof AmeliaError) throw cause;
    const problem = `cannot take on the role ${role}: ${(cause as Error).message}`;
    throw new AmeliaError('session.privilege', { role: user, problem }, { cause });
  }
}

async function closeAll(session: Session | undefined, embedded: EmbeddedServer | undefined): Promise<void> {
  await session?.close();
  await embedded?.close();
}
