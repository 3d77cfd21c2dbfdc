// The engine with one database and one folder, and everything it tells.
import { parseTarget } from '../../src/database/target.ts';
import { AmeliaError, type ErrorCode } from '../../src/errors.ts';
import type { MigratorEvent } from '../../src/events.ts';
import { openMigrator } from '../../src/migrator.ts';
import type { Migrator, MigratorSettings } from '../../src/options.ts';

export interface Engine extends Migrator {
  readonly events: MigratorEvent[];
}

/** A migrator for this database and folder that remembers its events. */
export function engineFor(url: string, migrations: string, settings: Partial<MigratorSettings> = {}): Engine {
  const events: MigratorEvent[] = [];
  const target = parseTarget({ url, env: {} });
  const migrator = openMigrator({
    database: { target },
    migrations,
    onEvent: (event) => events.push(event),
    ...settings,
  });
  return Object.assign(migrator, { events });
}

/** The error that `run` rejects with; fails when it does not, or with anything but that code. */
export async function failureOf<C extends ErrorCode>(run: Promise<unknown>, code: C): Promise<AmeliaError<C>> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof AmeliaError && error.code === code) return error as AmeliaError<C>;
  throw error instanceof Error ? error : new Error(`expected ${code}, but it succeeded`);
}
