// Options and environment become settings; a command-line option beats the environment (cli.md).
// Everything is checked here, before anything is opened. Never repeats a value that may be a secret.
import { readFileSync, statSync } from 'node:fs';
import { parseTableName } from '../database/identifiers.ts';
import { parseTarget, type ConnectionTarget, type Environment } from '../database/target.ts';
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { MigratorSettings } from '../options.ts';
import type { DatabaseSource } from '../database/target.ts';
import { parseDuration } from '../migration/duration.ts';
import { readRegular } from '../regular-file.ts';
import type { MessageLevel, Opening } from '../report/reporter.ts';

/** The options of every command, as they were written. */
export interface CommonOptions {
  readonly databaseUrl?: string;
  readonly databaseUrlFile?: string;
  /** True for `--embedded` without a folder. */
  readonly embedded?: string | true;
  readonly migrations?: string;
  readonly allowEmpty?: boolean;
  readonly historyTable?: string;
  readonly lockTimeout?: string;
  readonly statementTimeout?: string;
  readonly role?: string;
  /** Only `verify`, `check` and `migrate` have it. */
  readonly scratchUrl?: string;
  readonly json?: boolean;
  readonly log?: string;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly showValues?: boolean;
}

export interface Settings {
  readonly migrator: Omit<MigratorSettings, 'onEvent' | 'signal'>;
  /** What no output may hold. */
  readonly secrets: readonly string[];
  /** Names that the output is about. */
  readonly shown: readonly string[];
  readonly messages: readonly { readonly level: MessageLevel; readonly text: string }[];
  readonly opening: Opening;
}

/** Where a migrations folder and an embedded database are when nothing names one. */
export const defaults = { migrations: 'migrations', embedded: '.amelia-db' };

/** The migrations folder. Throws `config.invalid`. */
export function readFolder(options: CommonOptions, env: Environment): string {
  return checked('--migrations', options.migrations ?? env['AMELIA_DB_MIGRATIONS'] ?? '', defaults.migrations);
}

/** Whether a folder without a migration is right. Throws `config.invalid`. */
export function readAllowEmpty({ allowEmpty }: CommonOptions, env: Environment): boolean {
  const value = env['AMELIA_DB_ALLOW_EMPTY'] ?? '';
  const byVariable = readFlag(value);
  if (allowEmpty === undefined && byVariable === undefined) {
    const hint = 'set it to 1 or 0';
    throw new AmeliaError('config.invalid', {
      setting: 'AMELIA_DB_ALLOW_EMPTY',
      value,
      problem: 'neither on nor off',
      hint,
    });
  }
  return allowEmpty ?? byVariable ?? false;
}

/** Every setting of a command that uses a database. Throws `config.*`. */
export function readSettings(options: CommonOptions, env: Environment): Settings {
  const messages: { level: MessageLevel; text: string }[] = [];
  const migrations = readFolder(options, env);
  const named = (option: string | undefined, variable: string): string | undefined =>
    option ?? (env[variable] || undefined);
  const historyTable = named(options.historyTable, 'AMELIA_DB_HISTORY_TABLE');
  const lockTimeout = named(options.lockTimeout, 'AMELIA_DB_LOCK_TIMEOUT');
  const statementTimeout = named(options.statementTimeout, 'AMELIA_DB_STATEMENT_TIMEOUT');
  const role = named(options.role, 'AMELIA_DB_ROLE');
  if (historyTable !== undefined) checkTableName(historyTable);
  if (role !== undefined) checked('--role', role, '');
  const timeouts = {
    ...(lockTimeout !== undefined && { lockTimeoutMs: readDuration('--lock-timeout', lockTimeout) }),
    ...(statementTimeout !== undefined && {
      statementTimeoutMs: readDuration('--statement-timeout', statementTimeout),
    }),
  };
  const database = readDatabase(options, env, (level, text) => messages.push({ level, text }));
  const scratch = readScratch(options, env);
  const targets = ['target' in database ? database.target : undefined, scratch].filter((each) => each !== undefined);
  return {
    migrator: {
      database,
      migrations,
      ...(readAllowEmpty(options, env) && { allowEmpty: true }),
      ...timeouts,
      ...(historyTable !== undefined && { historyTable }),
      ...(role !== undefined && { role }),
      ...(scratch && { scratch }),
    },
    secrets: targets.flatMap(secretsOf),
    shown: [migrations, historyTable ?? '', role ?? '', ...targets.flatMap(namesOf)],
    messages,
    opening: openingOf(database),
  };
}

/** The database that migrations are replayed on, where one is named. Throws `config.invalid`. */
export function readScratch({ scratchUrl }: CommonOptions, env: Environment): ConnectionTarget | undefined {
  const named =
    naming('--scratch-url', scratchUrl) ?? naming('AMELIA_DB_SCRATCH_URL', env['AMELIA_DB_SCRATCH_URL'] || undefined);
  return named && targetOf(named, env, () => {});
}

/** What no output may hold of it. */
export const secretsOf = ({ password, sslPassword, hosts }: ConnectionTarget): string[] =>
  [password, sslPassword, ...hosts.map((each) => each.password)].filter((secret) => secret !== undefined);

const namesOf = ({ user, database, hosts }: ConnectionTarget): string[] => [
  user,
  database,
  ...hosts.map(({ host }) => host),
];

function openingOf(database: DatabaseSource): Opening {
  if ('embedded' in database) return { text: `opening the embedded database in ${database.embedded}`, slow: true };
  return { text: `connecting to ${addressOf(database.target)}`, slow: false };
}

const addressOf = ({ hosts }: ConnectionTarget): string =>
  hosts
    .map(({ host, port }) => (host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`))
    .join(', ');

type Tell = (level: MessageLevel, text: string) => void;

/** What names a database, where it is named, and what it says. */
type Naming = { readonly by: string; readonly value: string };

function readDatabase(options: CommonOptions, env: Environment, tell: Tell): DatabaseSource {
  const onCommandLine = {
    url: naming('--database-url', options.databaseUrl),
    file: naming('--database-url-file', options.databaseUrlFile),
    embedded: naming('--embedded', options.embedded === true ? defaults.embedded : options.embedded),
  };
  const inEnvironment = {
    url: naming('DATABASE_URL', env['DATABASE_URL'] || undefined),
    file: naming('DATABASE_URL_FILE', env['DATABASE_URL_FILE'] || undefined),
    embedded: naming('AMELIA_DB_EMBEDDED', embeddedByVariable(env['AMELIA_DB_EMBEDDED'])),
  };
  const { url, file, embedded } = oneOf(onCommandLine) ?? oneOf(inEnvironment) ?? {};
  if (embedded !== undefined) return { embedded: checked(embedded.by, embedded.value, '') };
  const warn = (text: string): void => tell('warning', text);
  if (url !== undefined) return { target: targetOf(url, env, warn) };
  if (file !== undefined) return { target: targetOf({ by: file.by, value: readUrlFile(file) }, env, warn) };

  // libpq's variables name a database too; what they leave out is the tool's own default.
  const usual = `postgresql://${env['PGHOST'] ? '' : 'localhost'}/${env['PGDATABASE'] ? '' : 'amelia'}`;
  const target = parseTarget({ url: usual, env, warn });
  if (!env['PGDATABASE']) {
    const described = `postgresql://${addressOf(target)}/${target.database}`;
    tell('note', `no database is named (--database-url, DATABASE_URL, --embedded): using ${described}`);
  }
  return { target };
}

const naming = (by: string, value: string | undefined): Naming | undefined =>
  value === undefined ? undefined : { by, value };

interface Namings {
  readonly url?: Naming | undefined;
  readonly file?: Naming | undefined;
  readonly embedded?: Naming | undefined;
}

/** The one that is set; undefined when none is. Throws `config.conflict` for two. */
function oneOf(namings: Namings): Namings | undefined {
  const set = [namings.url, namings.file, namings.embedded].filter((naming) => naming !== undefined);
  if (set.length > 1) {
    throw new AmeliaError('config.conflict', {
      problem: `${set.map(({ by }) => by).join(' and ')} name different databases`,
      hint: 'name one',
    });
  }
  return set.length === 0 ? undefined : namings;
}

/** `1` and `true` stand for the usual folder, `0` and `false` for none; anything else is the folder. */
function embeddedByVariable(value: string | undefined): string | undefined {
  const flag = readFlag(value ?? '');
  return flag === undefined ? value : flag ? defaults.embedded : undefined;
}

function targetOf(url: Naming, env: Environment, warn: (text: string) => void): ConnectionTarget {
  try {
    return parseTarget({ url: url.value, env, warn });
  } catch (error) {
    if (!isAmeliaError(error, 'config.database-url')) throw error;
    const problem = `${error.facts.problem} (in ${isUsable(url.value) ? 'the PG… variables' : url.by})`;
    throw new AmeliaError('config.database-url', { ...error.facts, problem }, { cause: error.cause });
  }
}

/** Whether the URL alone, without the environment, is one. */
function isUsable(url: string): boolean {
  try {
    return parseTarget({ url, env: {} }) !== undefined;
  } catch {
    return false;
  }
}

function readUrlFile({ by, value: path }: Naming): string {
  try {
    // A pipe too: `--database-url-file <(pass show database)`.
    const text = statSync(path).isFIFO() ? readFileSync(path) : readRegular(path);
    return text.toString().replace(/\r?\n$/, '');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : message;
    throw new AmeliaError('config.unreadable', { setting: by, path, reason }, { cause });
  }
}

/** Milliseconds. Throws `config.invalid`. */
export function readDuration(setting: string, value: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined) return ms;
  const hint = 'a number with its unit: 500ms, 5s, 2m, 1h; at most 24 days';
  throw new AmeliaError('config.invalid', { setting, value, problem: 'not a duration', hint });
}

/** True or false for the words that say so; undefined for any other. */
export function readFlag(value: string): boolean | undefined {
  const word = value.toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  return ['', '0', 'false', 'no', 'off'].includes(word) ? false : undefined;
}

/** A value that PostgreSQL and the file system can hold. */
function checked(setting: string, value: string, otherwise: string): string {
  const text = value === '' ? otherwise : value;
  if (text === '' || text.includes('\0')) {
    throw new AmeliaError('config.invalid', {
      setting,
      value: JSON.stringify(value),
      problem: text === '' ? 'is empty' : 'holds a NUL',
    });
  }
  return text;
}

function checkTableName(value: string): void {
  if (parseTableName(value) !== undefined && !value.includes('\0')) return;
  throw new AmeliaError('config.invalid', {
    setting: '--history-table',
    value: JSON.stringify(value),
    problem: 'not the name of a table',
    hint: 'write TABLE or SCHEMA.TABLE, each at most 63 bytes, and in double quotes where SQL would ask for them',
  });
}
