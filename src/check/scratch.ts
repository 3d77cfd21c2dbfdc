// An embedded PostgreSQL for one check: started once, migrated there and back by the migrator itself, thrown away.
import { connect } from '../database/connection.ts';
import { EmbeddedServer } from '../database/embedded.ts';
import { extensionsIn } from '../migration/extensions.ts';
import { openMigrator } from '../migrator.ts';
import type { Migrator } from '../options.ts';
import { readSchema } from '../schema/catalog.ts';
import type { Schema } from '../schema/model.ts';
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
  #server: EmbeddedServer;

  private constructor(migrations: string, signal: AbortSignal, server: EmbeddedServer) {
    this.#migrations = migrations;
    this.#signal = signal;
    this.#server = server;
  }

  /** Starts an empty server. Throws `embedded.*`. */
  static async open(migrations: string, signal: AbortSignal): Promise<Scratch> {
    return new Scratch(migrations, signal, await EmbeddedServer.openInMemory(extensionsIn(migrations)));
  }

  /** An empty server again. */
  async restart(): Promise<void> {
    await this.#server.close();
    this.#server = await EmbeddedServer.openInMemory(extensionsIn(this.#migrations));
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  migrator(): Migrator {
    const database = { running: this.#server };
    return openMigrator({ database, migrations: this.#migrations, signal: this.#signal });
  }

  async state(): Promise<State> {
    return await this.connected(async ({ session, without }) => {
      const schema = await readSchema(session, { without });
      return { schema, inventory: await readInventory(session) };
    });
  }

  async connected<T>(task: (place: Place) => Promise<T>): Promise<T> {
    const connection = await connect({
      database: { running: this.#server },
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
}
