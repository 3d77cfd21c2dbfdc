// Opens what verify works with: the target, and a scratch PostgreSQL on which the migrations are replayed up to
// the version that the target has. Closes and clears both. Prints nothing.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { connect } from './database/connection.ts';
import { parseTableName, quoteIdentifier, type TableName } from './database/identifiers.ts';
import { isInterruption } from './database/failure.ts';
import { journalOf } from './database/history.ts';
import { AmeliaError, isAmeliaError } from './errors.ts';
import { Folder } from './migration/folder.ts';
import { readRegular } from './regular-file.ts';
import { highest, withoutFilled } from './migration/status.ts';
import type { MigrationFile } from './migration/types.ts';
import { openMigrator } from './migrator.ts';
import type { MigratorSettings, VerifyOptions } from './options.ts';
import { readSchema } from './schema/catalog.ts';
import { readContract, writeContract, type Contract } from './schema/contract.ts';
import type { Finding, RelationName, VerifyPhase, VerifyResult } from './schema/model.ts';
import { openScratch } from './scratch.ts';
import { verifySchema, type Place } from './verify/verify.ts';
import { Workspace } from './workspace.ts';

/** Verifies the database that the settings name. Throws `session.*`, `discover.*`, `verify.scratch-*`. */
export async function runVerification(settings: MigratorSettings, options: VerifyOptions = {}): Promise<VerifyResult> {
  const contract = await openContract(options.contractFile, settings.migrations);
  const workspace = new Workspace(settings);
  const onPhase = (phase: VerifyPhase['name']): void => workspace.emit({ type: 'verifying', phase });
  return await workspace.connected({}, async ({ session, database, reading, pooled }, folder) => {
    // It has nothing to do while the scratch server works, and a catalog of thousands of tables takes its time.
    if (!pooled) session.send('SET idle_session_timeout = 0; SET statement_timeout = 0');
    const rows = withoutFilled(folder.files, folder.checksums(reading), reading);
    const applied = rows.map(({ version }) => version);
    const version = highest(applied);
    onPhase('replay');
    const begun = performance.now();
    const replayed = await replay(settings, toReplay(applied, folder));
    const replaying: VerifyPhase = { name: 'replay', ms: Math.round(performance.now() - begun) };
    try {
      const own = { session, without: ownTables(reading.table) };
      const { phases, ...verified } = await verifySchema(own, replayed.place, { ...options, contract, onPhase });
      const history = historyFindings(applied, folder);
      const summary = {
        ...verified.summary,
        problems: verified.summary.problems + history.problems.length,
        warnings: verified.summary.warnings + history.warnings.length,
      };
      return {
        database,
        version: version === null ? null : String(version),
        scratch: replayed.name,
        ...verified,
        summary,
        problems: [...history.problems, ...verified.problems],
        warnings: [...history.warnings, ...verified.warnings],
        phases: [replaying, ...phases],
      };
    } finally {
      await replayed.close();
    }
  });
}

/** Where the contract of a migrations folder is: beside it. */
export const contractPath = (migrations: string): string =>
  path.join(path.dirname(path.resolve(migrations)), 'contract.yaml');

/** The contract of the schema that the folder's migrations produce, as YAML. Throws `verify.scratch-failed`. */
export async function contractOf(
  settings: Pick<MigratorSettings, 'migrations' | 'allowEmpty' | 'signal'>,
): Promise<string> {
  const { files } = Folder.open(settings.migrations, settings);
  const replayed = await replay(settings, new Set(files.map(({ version }) => version)));
  try {
    return await writeContract(await readSchema(replayed.place.session, { without: replayed.place.without }));
  } finally {
    await replayed.close();
  }
}

async function openContract(named: string | undefined, migrations: string): Promise<Contract | undefined> {
  const file = named ?? contractPath(migrations);
  if (named === undefined && !existsSync(file)) return undefined;
  let text: string;
  try {
    text = readRegular(file).toString();
  } catch (cause) {
    throw new AmeliaError(
      'config.unreadable',
      { setting: '--contract', path: file, reason: (cause as Error).message },
      { cause },
    );
  }
  return await readContract(file, text);
}

/** What of the history says that the files and the database do not belong together. */
function historyFindings(applied: readonly bigint[], folder: Folder): { problems: Finding[]; warnings: Finding[] } {
  const files = new Set(folder.files.map(({ version }) => version));
  const done = new Set(applied);
  const make = (name: string, message: string): Finding => {
    return { code: 'verify.pending', kind: 'migration', table: null, name, message, expected: null, found: null };
  };
  const pending = folder.files.filter(({ version }) => !done.has(version));
  const missing = applied.filter((version) => !files.has(version));
  const nothing = applied.length === 0 && folder.files.length > 0;
  return {
    problems: [
      ...(nothing ? [make('none', 'no migration is applied: there is nothing to verify')] : []),
      ...missing.map((version) => make(String(version), 'is applied and has no file: what it made cannot be expected')),
    ],
    warnings: nothing
      ? []
      : pending.map(({ version, name }) => make(String(version), `${name} is pending, and not verified`)),
  };
}

/** What the target has run. Of a file that an older version recorded while it was empty, nothing was, while it is. */
function toReplay(applied: readonly bigint[], folder: Folder): ReadonlySet<bigint> {
  const done = new Set(applied);
  const isEmpty = (file: MigrationFile): boolean =>
    folder.problemsIn([{ direction: 'up', file }]).some(({ code }) => code === 'parse.empty');
  const files = folder.files.filter((file) => done.has(file.version) && !isEmpty(file));
  return new Set(files.map(({ version }) => version));
}

/** The history table and its journal. */
export function ownTables(table: TableName & { readonly schema: string }): RelationName[] {
  return [table, journalOf(table)].map((own) => ({ schema: own.schema ?? table.schema, name: own.table }));
}

/** What the migrations produce, in a scratch database that `close` leaves empty. */
export interface Replayed {
  readonly place: Place;
  readonly name: string;
  readonly close: () => Promise<void>;
}

type ReplaySettings = Pick<MigratorSettings, 'migrations' | 'historyTable' | 'scratch' | 'signal'>;

/** Replays the migrations of these versions in the scratch database of the settings, or in one inside this process. Throws `verify.scratch-*`. */
export async function replay(settings: ReplaySettings, only: ReadonlySet<bigint>): Promise<Replayed> {
  const { scratch, migrations, signal } = settings;
  const { table } = parseTableName(settings.historyTable ?? '') ?? { table: 'schema_migrations' };
  const place = await openScratch(scratch, migrations, signal);
  const { server } = place;
  const database = 'connect' in server ? { running: server } : { target: server };
  try {
    const shared = { migrations, historyTable: quoteIdentifier(table), ...(signal && { signal }) };
    if (only.size > 0) await openMigrator({ ...shared, database, only }).migrate();
    const own = { schema: null, table };
    const unasked = { role: undefined, waitMs: 0, onEmbeddedWaiting: () => {} };
    const opened = await connect({ database, table: own, signal, ...unasked });
    const { session, reading } = opened;
    return {
      place: { session, without: ownTables(reading.table) },
      name: place.name,
      close: async () => {
        await opened.close();
        await place.close();
      },
    };
  } catch (cause) {
    await place.close();
    if (!isAmeliaError(cause) || !cause.code.startsWith('apply.') || isInterruption(cause)) throw cause;
    const { notes } = cause.facts as { notes?: readonly { readonly label: string; readonly text: string }[] };
    throw new AmeliaError(
      'verify.scratch-failed',
      { reason: cause.message, embedded: scratch === undefined, ...(notes && { notes }) },
      { cause, location: cause.location },
    );
  }
}
