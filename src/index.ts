// The library: the same engine as the command line's, for an application that migrates when it starts.
// Prints nothing, installs no handlers, ends no process.
import { parseTarget } from './database/target.ts';
import { AmeliaError } from './errors.ts';
import { openMigrator } from './migrator.ts';
import type { Migrator, MigratorSettings } from './options.ts';

export { AmeliaError, isAmeliaError, type ErrorCode } from './errors.ts';
export type * from './events.ts';
export type {
  Migrator,
  MigrateOptions,
  RepairOptions,
  RollbackOptions,
  VerifyOptions,
  WaitForOptions,
} from './options.ts';
export type { ConstraintResult, Finding, VerifyResult } from './schema/model.ts';
export type { Location } from './migration/types.ts';

export interface CreateMigratorOptions extends Omit<MigratorSettings, 'database' | 'scratch' | 'migrations'> {
  /** `postgresql://…`; what it leaves out is taken from libpq's variables in `env`. */
  readonly databaseUrl?: string;
  /** Instead of a server: PostgreSQL inside this process, kept in this folder. */
  readonly embedded?: string;
  /** An empty database in which verify replays the migrations; PostgreSQL inside this process when left out. */
  readonly scratchUrl?: string;
  /** The migrations folder. Default `migrations`. */
  readonly migrations?: string;
  /** Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * A migrator for one folder and one database; nothing is opened before a method is called, and
 * everything is closed when it settles. Throws AmeliaError: `config.*` for options that cannot be used.
 */
export function createMigrator(options: CreateMigratorOptions): Migrator {
  const { databaseUrl, embedded, scratchUrl, migrations = 'migrations', env = process.env, ...settings } = options;
  if ((databaseUrl === undefined) === (embedded === undefined)) {
    throw new AmeliaError('config.conflict', { problem: 'give either databaseUrl or embedded' });
  }
  const database = embedded === undefined ? { target: parseTarget({ url: databaseUrl, env }) } : { embedded };
  const scratch = scratchUrl === undefined ? {} : { scratch: parseTarget({ url: scratchUrl, env }) };
  return openMigrator({ ...settings, ...scratch, migrations, database });
}
