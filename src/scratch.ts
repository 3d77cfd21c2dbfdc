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

/** `server` when it is given, else one in memory with the extensions that the migrations create. Throws `verify.scratch-not-empty`, `session.*`, `embedded.*`. */
export async function openScratch(
  server: ConnectionTarget | EmbeddedServer | undefined,
  migrations: string,
): Promise<Scratch> {
  return server ? await borrow(server) : await openEmbedded(migrations);
}

async function openEmbedded(migrations: string): Promise<Scratch> {
  const { EmbeddedServer: Server } = await import('./database/embedded.ts');
  const extensions = extensionsIn(migrations);
  let server = await Server.openInMemory(extensions);
  return {
    name: 'embedded PostgreSQL',
    get server() {
      return server;
    },
    async restart() {
      await server.close();
      server = await Server.openInMemory(extensions);
    },
    close: () => server.close(),
  };
}

async function borrow(server: ConnectionTarget | EmbeddedServer): Promise<Scratch> {
  const kept = await withSession(server, async (session) => {
    const extensions = await readExtensions(session);
    const [found] = await readLeft(session, extensions);
    if (found)
      throw new AmeliaError('verify.scratch-not-empty', { database: session.database.name, found: found.what });
    return extensions;
  });
  const restart = async (): Promise<void> => await withSession(server, (session) => dropAll(session, kept));
  return { name: 'the scratch database', server, restart, close: () => restart().catch(() => {}) };
}

async function withSession<T>(
  server: ConnectionTarget | EmbeddedServer,
  task: (session: Session) => Promise<T>,
): Promise<T> {
  const { session } = await Session.open(server, 'SELECT');
  try {
    return await task(session);
  } finally {
    await session.close();
  }
}
