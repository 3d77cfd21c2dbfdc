// An empty database for replaying migrations: PostgreSQL inside this process, or one that is named and is left as
// empty as it was found. Decides nothing about the migrations.
import type { EmbeddedServer } from './database/embedded.ts';
import { Session } from './database/session.ts';
import type { ConnectionTarget } from './database/target.ts';
import { AmeliaError } from './errors.ts';
import { extensionsIn } from './migration/extensions.ts';
import { dropAll, readExtensions, readLeft } from './schema/drop.ts';

export interface Scratch {
  readonly name: string;
  readonly server: ConnectionTarget | EmbeddedServer;
  /** Makes it empty again, with another server where that is quicker: ask for `server` anew. */
  restart(): Promise<void>;
  /** Leaves it empty. */
  close(): Promise<void>;
}

/** How long an interrupted command may take to empty the scratch database. */
const emptyAfterStopMs = 500;

/** `server` when it is given, else one in memory with the extensions that the migrations create. Throws `verify.scratch-not-empty`, `session.*`, `embedded.*`. */
export async function openScratch(
  server: ConnectionTarget | EmbeddedServer | undefined,
  migrations: string,
  signal: AbortSignal | undefined,
): Promise<Scratch> {
  return server ? await borrow(server, signal) : await openEmbedded(migrations, signal);
}

async function openEmbedded(migrations: string, signal: AbortSignal | undefined): Promise<Scratch> {
  const { EmbeddedServer: Server } = await import('./database/embedded.ts');
  const extensions = extensionsIn(migrations);
  let server = await Server.openInMemory(extensions, signal);
  return {
    name: 'embedded PostgreSQL',
    get server() {
      return server;
    },
    async restart() {
      await server.close();
      server = await Server.openInMemory(extensions, signal);
    },
    close: () => server.close(),
  };
}

async function borrow(server: ConnectionTarget | EmbeddedServer, signal: AbortSignal | undefined): Promise<Scratch> {
  const kept = await withSession(server, signal, async (session) => {
    const extensions = await readExtensions(session);
    const [found] = await readLeft(session, extensions);
    if (found)
      throw new AmeliaError('verify.scratch-not-empty', { database: session.database.name, found: found.what });
    return extensions;
  });
  const emptied = async (until: AbortSignal | undefined): Promise<void> =>
    await withSession(server, until, (session) => dropAll(session, kept));
  // The next one refuses what it finds here, so an interrupted one empties it as well, where that is done soon.
  const close = async (): Promise<void> =>
    await emptied(signal)
      .catch(async () => await (signal?.aborted ? emptied(AbortSignal.timeout(emptyAfterStopMs)) : undefined))
      .catch(() => {});
  return { name: 'the scratch database', server, restart: () => emptied(signal), close };
}

async function withSession<T>(
  server: ConnectionTarget | EmbeddedServer,
  signal: AbortSignal | undefined,
  task: (session: Session) => Promise<T>,
): Promise<T> {
  const { session } = await Session.open(server, 'SELECT', { signal });
  try {
    return await task(session);
  } finally {
    await session.close();
  }
}
