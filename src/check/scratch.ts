// The database of one check: migrated there and back by the migrator itself, then thrown away or left empty.
import { connect } from '../database/connection.ts';
import type { ConnectionTarget, RunningServer } from '../database/target.ts';
import { openMigrator } from '../migrator.ts';
import type { Migrator } from '../options.ts';
import { readSchema } from '../schema/catalog.ts';
import type { Schema } from '../schema/model.ts';
import { openScratch, type Scratch as Server } from '../scratch.ts';
import { ownTables } from '../verification.ts';
import type { Place } from '../verify/verify.ts';
import { readInventory, type Item } from './inventory.ts';

/** All that is in the database, but for the tool's own tables. */
export interface State {
  readonly schema: Schema;
  readonly inventory: readonly Item[];
}

export class Scratch {
  readonly #migrations: string;
  readonly #signal: AbortSignal;
  readonly #server: Server;

  private constructor(migrations: string, signal: AbortSignal, server: Server) {
    this.#migrations = migrations;
    this.#signal = signal;
    this.#server = server;
  }

  /** On the database that is named, else on an embedded server. Throws `embedded.*`, `session.*`, `verify.scratch-not-empty`. */
  static async open(migrations: string, signal: AbortSignal, named: ConnectionTarget | undefined): Promise<Scratch> {
    return new Scratch(migrations, signal, await openScratch(named, migrations, signal));
  }

  /** Makes it empty again. */
  async restart(): Promise<void> {
    await this.#server.restart();
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  migrator(): Migrator {
    return openMigrator({ database: this.#database, migrations: this.#migrations, signal: this.#signal });
  }

  async state(): Promise<State> {
    return await this.connected(async ({ session, without }) => {
      const schema = await readSchema(session, { without });
      return { schema, inventory: await readInventory(session) };
    });
  }

  async connected<T>(task: (place: Place) => Promise<T>): Promise<T> {
    const connection = await connect({
      database: this.#database,
      table: { schema: null, table: 'schema_migrations' },
      role: undefined,
      signal: this.#signal,
      waitMs: 0,
      onEmbeddedWaiting: () => {},
    });
    try {
      return await task({ session: connection.session, without: ownTables(connection.reading.table) });
    } finally {
      await connection.close();
    }
  }

  get #database(): { target: ConnectionTarget } | RunningServer {
    const { server } = this.#server;
    return 'connect' in server ? { running: server } : { target: server };
  }
}
