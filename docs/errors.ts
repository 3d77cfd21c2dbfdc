// What the catalogue's own message and hint do not say of an error: why it comes, and what to do where the hint
// is not enough. Facts are examples for messages that NAMES IN CAPITALS cannot stand in for.
import type { ErrorCode, ErrorFacts } from '../src/errors.ts';

interface Explanation<C extends ErrorCode> {
  readonly facts?: Partial<ErrorFacts<C>>;
  readonly cause: string;
  readonly cure?: string;
}

const refusal = (reason: string) => ({ refusals: [{ version: '7', name: 'add_email', reason }], others: [] });

export const explanations: { readonly [C in ErrorCode]?: Explanation<C> } = {
  'usage.invalid': {
    cause: 'A command, an option or an argument that does not exist or cannot have that value.',
    cure: 'Each command explains itself: `amelia-db migrate --help`, or [docs/commands.md](commands.md).',
  },
  'config.database-url': {
    cause:
      'The URL in `--database-url`, `DATABASE_URL` or `--scratch-url`, or a parameter in it, cannot be used. The message never shows the password.',
    cure: 'The form is `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require`. In the password, `@ : / # % ?` are written `%40 %3A %2F %23 %25 %3F`.',
  },
  'config.invalid': {
    cause:
      'A setting, an environment variable or a line of contract.yaml has a value that it cannot have. The message names it.',
  },
  'config.unreadable': {
    cause:
      'The file of `--database-url-file` (or `DATABASE_URL_FILE`), a certificate or its key, or the contract, cannot be read or used.',
    cure: 'In a container: is the secret mounted, and readable for the user that the process runs as?',
  },
  'report.unwritable': {
    cause:
      'The file or device that standard output was sent to took nothing, or only a part: a disk that is full, a quota. What the command did in the database is done.',
    cure: 'Make room, and run `amelia-db status`. A reader that went away, as in `amelia-db status | head -1`, is no error: a command that only prints then ends with 141, silently, as other programs do.',
  },
  'config.conflict': {
    cause:
      'Two settings name different databases or exclude each other. An option beats its environment variable, but two options, or two variables, are refused: guessing which database was meant would be worse.',
  },
  'wait.embedded': { cause: '`wait` together with `--embedded`.' },

  'discover.no-folder': {
    cause: 'The migrations folder is not where the command looks: `migrations` in the current folder by default.',
    cure: 'In a container: is the folder mounted or copied to where `--migrations` (or `AMELIA_DB_MIGRATIONS`) says?',
  },
  'discover.not-a-folder': {
    cause: 'The path is a file.',
    cure: 'Name the folder that holds the migrations, not one of them.',
  },
  'discover.unreadable': {
    cause: 'The folder or a file in it may not be read, or a link leads nowhere.',
    cure: 'Mend its permissions, or run as a user that may read it. Nothing was run: all files are read before the first statement is sent.',
  },
  'discover.unwritable': {
    cause: '`new` may not create files there.',
    cure: 'Mend the permissions of the folder; a mounted folder may be read-only.',
  },
  'discover.empty': {
    cause:
      'The folder holds no migration, and no SQL in its sub-folders. Often it is the wrong one; with `--allow-empty` a folder that is only begun is right.',
  },
  'discover.nested': {
    facts: {
      path: 'prisma/migrations',
      tool: 'Prisma',
      found: ['prisma/migrations/20240101000000_init/migration.sql'],
      rename: '20240101000000_init.sql',
      instead: null,
    },
    cause:
      "The folder's SQL is in its sub-folders, as Prisma, Diesel and Hasura keep it, or the folder above the migrations was named.",
    cure: 'Copy each file into one folder under its new name. A database that has them already begins with `amelia-db baseline VERSION`.',
  },
  'discover.drizzle': {
    cause: '`meta/_journal.json` is there: drizzle-kit made this folder.',
    cure: 'Copy the `.sql` files into a folder of their own, without `meta`. A database that has them already begins with `amelia-db baseline VERSION`.',
  },
  'discover.not-a-file': {
    facts: { kind: 'folder' },
    cause: 'A folder (or a pipe, a device) whose name is that of a migration.',
  },
  'discover.duplicate-version': {
    facts: { renames: [] },
    cause:
      'Two branches took the same number, and both are merged now; or the number is a day, and the time stands behind an underscore (`20240101_120000_name.sql`).',
    cure: 'Rename the file that no database has applied yet, and its `.down.sql` with it. `amelia-db status` against each database says what is applied.',
  },
  'discover.orphan-rollback': { cause: 'A `.down.sql` file without its migration, often left behind by a rename.' },
  'filename.invalid': {
    facts: { path: 'migrations/7-add email.sql', better: '7_add_email.sql' },
    cause:
      'A file that ends in `.sql`, or nearly (`.sql.txt`, `.pgsql`, a blank behind it), and whose name does not begin with a version and an underscore. It is not skipped: a migration that silently never runs is worse than an error. Dot files, `.bak` files and files of other kinds are left alone.',
  },
  'filename.version-range': { cause: "The number does not fit PostgreSQL's bigint." },
  'scan.invalid-utf8': { cause: 'The file was saved in another encoding, such as Latin-1.' },
  'scan.nul-byte': { cause: 'The file is UTF-16, or not text.' },
  'scan.unterminated': {
    cause:
      'A string, a quoted name, a dollar-quoted body or a comment is opened and not closed. The place is where it begins.',
  },
  'scan.backslash-command': {
    cause:
      "psql's own commands (`\\connect`, `\\i`, `\\set`) are not SQL. `\\restrict` and `\\unrestrict`, which pg_dump writes, are passed over.",
  },
  'scan.after-copy': { cause: 'Text behind the semicolon of `COPY … FROM stdin;`.' },
  'directives.unknown': {
    facts: {
      directive: 'no-transction',
      known: ['no-transaction', 'lock-timeout DURATION', 'statement-timeout DURATION'],
    },
    cause: 'A comment that begins with `-- amelia-db:` and says something else.',
  },
  'directives.invalid': {
    cause: 'A directive without its value, with a value that it cannot have, or given twice.',
    cure: 'Write `-- amelia-db: lock-timeout 30s`; a DURATION is `500ms`, `5s`, `2m` or `1h`.',
  },
  'directives.foreign': {
    facts: { tool: 'goose', annotation: '+goose Down' },
    cause:
      "The file is another tool's (goose, sql-migrate, micrate, dbmate, tern, node-pg-migrate, rambler, MyBatis Migrations, Play evolutions, Liquibase, graphile-migrate, Sqitch, Atlas), told by the comments that it reads. To PostgreSQL they are plain comments: the way up and the way down would run one after the other. A file with its way up alone is refused too, and `baseline` records none of them.",
  },
  'directives.misplaced': { cause: 'A directive holds for the whole file, so it stands before the first statement.' },
  'parse.empty': {
    cause:
      'The file is empty, or holds comments and directives only, such as one that `new` has made and nobody has filled in. It would be recorded as applied, and what is written into it later would never run. Of a `.down.sql` that means a rollback that undoes nothing.',
    cure: 'A file that an older version of amelia-db has recorded while it was empty stays applied, and is pending again as soon as it has statements; `verify` passes over it until then. `baseline` refuses such a file too: it is not what was applied.',
  },
  'parse.transaction-control': {
    cause:
      'BEGIN, COMMIT, ROLLBACK or PREPARE TRANSACTION inside a file that is one transaction already. It would end that transaction half-way: a later failure could not be undone.',
  },
  'parse.unclosed-transaction': {
    facts: { statement: 'BEGIN', next: null },
    cause: 'A `no-transaction` file opens a transaction and does not commit it.',
  },
  'parse.chained-transaction': { cause: '`COMMIT AND CHAIN`, or `ROLLBACK AND CHAIN`, in a `no-transaction` file.' },
  'parse.unopened-transaction': {
    cause: 'A `no-transaction` file ends a transaction that it did not open.',
    cure: 'Remove it, or write the BEGIN before it.',
  },
  'parse.copy-to-stdout': { cause: '`COPY … TO stdout` in a migration.' },
  'parse.text-setting': {
    facts: { setting: 'client_encoding' },
    cause:
      'The file changes a setting that decides how the server reads text: `SET client_encoding` or `SET NAMES` to anything but UTF-8 (an old dump does), or `set_config()` of `standard_conforming_strings`.',
  },
  'wait.no-head': { cause: '`wait --for head` with a folder that holds no migrations.' },

  'plan.unfinished': {
    facts: refusal('3 of 5 statements completed, then it stopped'),
    cause:
      'A `no-transaction` file stopped half-way, and the next run cannot go on by itself: its file is gone, the part that has run was edited, what stopped is a rollback and the command is `migrate`, or nothing tells whether a statement that cannot run in a transaction took effect.',
    cure: 'Where the part that has run was edited, put it back and run again. Otherwise look at the database, and say with `repair --resolve` what is true. See [migrating safely](migrating-safely.md#at-3-am).',
  },
  'plan.missing': {
    facts: refusal('applied to this database, but its file is gone'),
    cause:
      'The database has a version that the folder does not have: an older image or branch runs against a newer database, or a file was deleted.',
    cure: 'After a rollback of the application this is what an older `migrate` says: leave the database as it is, or roll it back with the newer folder.',
  },
  'plan.modified': {
    facts: refusal(
      'the file is not what was applied on 2026-11-22 (then sha256:75b03a594e0b…, now sha256:7a74b5bd7ed6…)',
    ),
    cause:
      'A file was edited after it was applied. Other databases may have applied the one text or the other, so nothing more is run. Line ends and a byte order mark do not count; where only comments or white space were changed, `migrate` warns and goes on. Where git has the applied text, a note says which statement differs.',
    cure: '`git log -p -- FILE` shows the edit. Where the database is as the file says, `repair --accept-modified` is right.',
  },
  'plan.out-of-order': {
    facts: refusal('not applied, though 8 is'),
    cause: 'A branch with a lower number was merged after a higher one had been applied.',
    cure: 'Is it independent of those that were applied before it? Then `--out-of-order` is right. If it is not applied anywhere, a new number is cleaner.',
  },
  'plan.unknown-version': {
    facts: { version: '70', known: 'the nearest: 7 add_email' },
    cause: 'VERSION names a migration that is neither in the folder nor in the history.',
  },
  'plan.irreversible': {
    facts: refusal('there is no migrations/007_add_email.down.sql'),
    cause: 'One of the migrations to roll back has no `.down.sql`. All of them are looked at before the first is run.',
  },
  'plan.target-behind': { cause: '`migrate --to` a version below the one that the database is at.' },
  'plan.target-ahead': {
    facts: { version: '9', current: '7' },
    cause: '`rollback --to` a version that is not applied.',
    cure: '`amelia-db status` says what is.',
  },
  'plan.history-exists': { facts: { count: 7, current: '7' }, cause: '`baseline` on a database with a history.' },
  'plan.nothing-to-repair': {
    cause:
      'The version that `repair --accept-modified` names is not modified, or the one that `--resolve` names is not unfinished (`=applied`) or has no row to remove (`=pending`).',
  },
  'history.foreign': {
    facts: { table: 'public.schema_migrations', columns: 'version bigint, dirty boolean', tool: 'golang-migrate' },
    cause: "A table with the history's name that another tool, or the application, has made.",
    cure: 'To take its work over: `amelia-db baseline VERSION --history-table amelia_migrations`, with all files up to VERSION in the folder. A view, a partitioned or an inherited table, and a foreign one, cannot hold a history either.',
  },
  'history.other-tool': {
    facts: { histories: [{ tool: 'goose', table: 'public.goose_db_version' }], first: '1 initial_schema' },
    cause:
      'Another migration tool has its table in this database, and there is no history of ours: the first file would run on a database that is full already.',
    cure: 'Where the files are those that the other tool has applied, `amelia-db baseline VERSION` records them. Where they are for something else in the same database, `--ignore-foreign-history` begins with the first; it is not needed again once one is applied.',
  },
  'history.elsewhere': {
    facts: { table: 'app.schema_migrations', found: ['public.schema_migrations'] },
    cause:
      'The history is kept in the first schema of the connection\'s search path, and that is another one now: `ALTER DATABASE` or `ALTER ROLE … SET search_path`, a schema that has the user\'s name (`"$user"` comes first), another role, or a `--history-table` that was left out. No command goes on, because with a new history every migration would run again.',
    cure: 'Name the table, schema included: `--history-table public.schema_migrations`, or `AMELIA_DB_HISTORY_TABLE`. A name with a schema is taken as it is, so a new history for each tenant is `--history-table tenant.schema_migrations`.',
  },
  'history.untrusted': {
    facts: {
      table: 'public.schema_migrations',
      role: 'postgres',
      owner: 'mallory',
      problems: ['trigger t on public.schema_migrations (owner mallory)'],
    },
    cause:
      'A trigger, a rule, a default, an index or a type of the history table (or of its journal) calls a function of a role that is neither a superuser nor the one that migrates, or the table itself belongs to such a role, who could add one at any time. Whatever it does, it would do with the rights of the role that migrates.',
    cure: 'The message names each, with its owner. `--role` runs everything as the owner; `ALTER TABLE … OWNER TO` and `ALTER FUNCTION … OWNER TO` give it to the role that migrates.',
  },

  'history.not-kept': {
    facts: { table: 'public.schema_migrations', obstacles: ['trigger audit', 'rule keep'] },
    cause:
      'After each row that is written, changed or deleted, the history is looked at in the same transaction. A trigger or a rule on the history table, or row-level security, has suppressed, changed or taken back the row.',
    cure: 'A trigger that only writes elsewhere is no problem. A BEFORE trigger has to return NEW (OLD for a DELETE) and leave version, name and checksum alone.',
  },
  'history.not-written': {
    facts: { table: 'public.schema_migrations', sqlstate: '55P03', reason: 'canceling statement due to lock timeout' },
    cause: 'The history table could not be created or extended, before anything was run.',
  },
  'apply.statement-failed': {
    facts: { reason: 'column "emial" does not exist', sqlstate: '42703', version: '7' },
    cause:
      'PostgreSQL refused a statement. The error shows the file, line and column, and what became of each migration of the run. The migration is rolled back whole; of a `no-transaction` file the statements before it stay.',
    cure: 'Mend the file and run the same command: those before it are applied and are not run again. PostgreSQL explains its [SQLSTATEs](https://www.postgresql.org/docs/current/errcodes-appendix.html).',
  },
  'apply.record-failed': {
    cause:
      'The row could not be written into the history table, so the migration was rolled back with it: a trigger, a constraint or missing rights on that table, or a statement of the migration that took them away.',
    cure: 'Give the role INSERT on the history table, and leave the table out of migrations.',
  },
  'apply.not-begun': {
    facts: { version: '7', reason: 'role "deploy" does not exist', sqlstate: '22023' },
    cause: 'The server refused the BEGIN of the migration, or a setting that comes with it.',
    cure: 'Nothing of the migration was run in it. Mend what the message says, and run the same command.',
  },
  'apply.transaction-lost': {
    cause:
      'Each migration marks its transaction with a value of its own (`SET LOCAL amelia_db.migration`), and its row is only written where that value is still found: in the transaction that its own BEGIN opened. It was not.',
    cure: 'A `RESET ALL` as a statement of the file is fine; inside a function or a DO block it cannot be seen. Where the file has none, compare the database with the file before you run it again.',
  },
  'apply.file-changed': {
    cause:
      'A large file (16 MB and more) is read again while it is sent, and what was sent is held against its checksum before the COMMIT. It was not the same: somebody wrote to the file meanwhile.',
  },
  'apply.setting-behind-pooler': {
    facts: { statement: "SET search_path = 'app'" },
    cause:
      'A `no-transaction` file sets something for its session, and the connection goes through a proxy that pools by transaction: the next statement may run in another session, and the setting would stay in one that belongs to others. Nothing of the file was run.',
  },
  'apply.history-changed': {
    cause: 'The history is not what it was when the run was planned: the file writes into it, or somebody else does.',
  },
  'apply.commit-failed': {
    cause: 'A deferred constraint, or a constraint trigger, is checked at COMMIT, and refused.',
    cure: 'Nothing of it stays. The detail names the constraint and the row: mend the data in the migration, before the COMMIT.',
  },
  'history.outcome-unknown': {
    cause:
      'The connection was lost between the COMMIT of `baseline` or `repair` and its answer, and the server could not be asked again. The rows are changed all or not at all.',
    cure: 'When the server answers again, `amelia-db status` shows them. Run the same command if they are not changed.',
  },
  'apply.outcome-unknown': {
    cause:
      'The connection was lost between COMMIT and its answer, and the server could not be asked again. The migration is applied whole or not at all; only which of the two is not known.',
    cure: 'When the server answers again, run the same command: what was committed is not run a second time.',
  },
  'apply.hangup': {
    cause:
      'SIGHUP: the terminal or the connection to it was closed. The running statement was cancelled on the server.',
    cure: 'The output says what is applied. Run the same command to go on.',
  },
  'apply.interrupted': {
    cause: 'Ctrl-C, SIGINT, or the AbortSignal of an application. The running statement was cancelled on the server.',
    cure: 'The output says what is applied. Run the same command to go on.',
  },
  'apply.terminated': {
    cause:
      'SIGTERM: `docker stop`, a pod that is evicted, a job that is cancelled. The running statement was cancelled on the server.',
    cure: 'The output says what is applied. Run the same command to go on.',
  },

  'session.unreachable': {
    cause: 'Nothing answers at that host and port, the name does not resolve, or the connection is closed at once.',
    cure: 'For a database that starts beside this command: `--wait 60s`. With `--embedded` no server is needed.',
  },
  'session.timeout': {
    facts: { target: 'db.internal:5432', seconds: 10 },
    cause: 'The server did not answer in time. `connect_timeout` in the URL, or `PGCONNECT_TIMEOUT`, sets the time.',
  },
  'session.authentication': {
    cause: 'The server knows neither this user with this password, or does not let it in from here (pg_hba.conf).',
  },
  'session.no-database': { cause: 'The server answers, and has no database of that name.' },
  'session.refused': {
    cause:
      'The server answered and turned the connection down: it is starting or stopping, has too many connections, or the role may not connect to this database.',
    cure: 'The reason is what the server says. While it starts: `--wait 60s`.',
  },
  'session.tls': {
    cause:
      'TLS was asked for and could not be had as asked: the server offers none, or its certificate does not stand up to `sslmode`.',
    cure: '`sslmode=require` encrypts, `verify-ca` checks who signed the certificate, `verify-full` the host name too; `sslrootcert` names the file of who may sign.',
  },
  'session.channel-binding': {
    facts: { target: 'localhost:5432' },
    cause:
      '`channel_binding=require` (or `PGCHANNELBINDING`) demands SCRAM-SHA-256-PLUS, in which the server proves that the TLS channel is its own. amelia-db does SCRAM-SHA-256 only, and does not pass over the demand.',
    cure: '`channel_binding=prefer` takes what there is; `sslmode=verify-full` checks the certificate of the server instead.',
  },
  'session.no-host': {
    facts: {
      said: ['db1:5432 is a standby', 'cannot reach db2:5432: nothing listens there (connection refused)'],
      wanted: 'primary',
    },
    cause:
      'The URL names several hosts, or a kind of host with `target_session_attrs`, and none of them answers and is of that kind.',
  },
  'session.lost': {
    cause:
      'The connection broke while the command worked: the server was restarted, the session was terminated, or the network failed. What was not committed is rolled back by the server.',
  },
  'session.query-failed': {
    cause:
      'The server refused one of our own queries: a setting of the role or the database, such as a very short statement_timeout, stands in the way.',
    cure: 'The reason and the SQLSTATE are what the server says.',
  },
  'session.read-only': {
    facts: { database: 'app', standby: true },
    cause: 'The connection leads to a standby, or to a database whose `default_transaction_read_only` is on.',
  },
  'session.privilege': {
    facts: {
      role: 'app',
      problem: 'may not keep the history in public.schema_migrations: permission denied for schema public',
      hint: 'let it create tables in that schema (GRANT CREATE, USAGE ON SCHEMA …) and own the table, or run as another role: --role',
    },
    cause:
      'The role may not do what the command needs: SET ROLE, reading the history table, or creating it. Since PostgreSQL 15 only the owner of a database may create tables in its schema public.',
  },
  'session.row-security': {
    facts: { role: 'app', table: 'public.schema_migrations', quoted: '"public"."schema_migrations"', owner: 'owner' },
    cause:
      'Row-level security is on for the history table (advisors tell people to turn it on for every table), and this role sees only what its policies let it see: perhaps nothing. What is applied cannot be told from that, so no command goes on.',
    cure: 'The history holds versions, names and checksums, no data of users. Grants are enough to protect it.',
  },
  'embedded.not-installed': {
    cause: 'PGlite is an ordinary dependency; an installation without it has no embedded server.',
  },
  'embedded.unusable': {
    cause:
      'The folder is not one that the embedded server made, or it is broken. It does not survive a power cut: it does not wait for the disk.',
  },
  'embedded.in-use': {
    facts: { dir: '.amelia-db', pid: 4711, waitedMs: 300_000, file: '.amelia-db/.lock' },
    cause: 'Another command works on the same embedded database; it has room for one process.',
  },

  'lock.timeout': {
    facts: { waitedMs: 300_000, holder: 'pid 4711, amelia-db, user app, since 2026-11-22T03:04:05.000Z' },
    cause: 'Another `migrate`, `rollback`, `baseline` or `repair` of the same history table is at work: one at a time.',
    cure: 'The lock belongs to a session: it goes when that process ends, however it ends. If the process is gone and its session is not, end it: `SELECT pg_terminate_backend(4711)`.',
  },

  'status.unhealthy': {
    cause:
      '`status --check` found something pending, modified, missing, out of order or unfinished. The table on stdout says which. A file of which only comments or white space were changed is healthy.',
  },
  'doctor.problems': {
    facts: { problems: ['tables: app may not create tables in public'] },
    cause: '`doctor` found what a migration will stumble over. Warnings alone do not end it with this status.',
  },
  'wait.timeout': {
    facts: {
      waitedMs: 300_000,
      seen: 'the database is at 6, and 7 is waited for',
      hint: 'is the migrating job running?',
    },
    cause:
      'The version did not come in time: the job that migrates failed, has not started, or migrates another database.',
  },
  'verify.failed': {
    facts: { problem: 'the schema is not as it must be: public.users users_email_check is missing' },
    cause:
      'The database does not refuse what the migrations, or the contract, say that it must refuse. The report names each constraint.',
    cure: 'Somebody changed the schema by hand, or a constraint is not validated or not enforced: write a migration that mends it. See [what verify proves](verify.md).',
  },
  'verify.scratch-failed': {
    facts: { embedded: true },
    cause:
      'To know what the schema must be, the migrations are replayed from empty, and one of them failed there. The target is untouched.',
    cure: 'Migrations that need an extension, a role or data that only your server has need `--scratch-url`. Those that cannot run from empty at all need mending.',
  },
  'verify.scratch-not-empty': {
    cause: '`--scratch-url` names a database that holds something.',
    cure: 'Create one for this: `createdb scratch`.',
  },

  'internal.bug': { cause: 'Something that cannot happen, happened. The stack is printed, without secrets.' },
  'git.missing': {
    cause: '`check --base` asks git what the base branch has, and there is no program `git` on the PATH.',
  },
  'git.no-repository': {
    cause: 'The migrations folder is in no git repository, or git refuses to read it; what git said is in brackets.',
    cure: 'In a container whose user does not own the files git says "dubious ownership": `git config --global --add safe.directory "$PWD"`.',
  },
  'git.unknown-ref': {
    cause: 'The clone does not have the branch that `--base` names. CI systems fetch one commit only by default.',
  },
  'git.no-merge-base': {
    facts: { isShallow: true },
    cause:
      'What the branch began with is not in the clone, or the two have nothing to do with each other. Without it nobody can tell what this branch changed from what the base branch did meanwhile.',
  },
  'git.failed': { cause: 'Git ended with an error of its own, which the message holds.' },
  'check.failed': { cause: 'The gate says no. What it found stands before it, each with its file and line.' },
  'check.modified': {
    cause:
      'A file that the base branch has is applied somewhere, or may be at any moment. Those databases never run it again, so the change would be on new ones only. Line ends and a byte order mark do not count; a rollback may be mended.',
  },
  'check.deleted': { cause: 'Databases that have applied it would say that it is missing.' },
  'check.renamed': { cause: 'The history keeps the name beside the version, and other branches know the file by it.' },
  'check.renumbered': { cause: 'The number is what the history knows a migration by.' },
  'check.duplicate-version': {
    cause: 'Two branches took the same number, and the other one was merged first.',
  },
  'check.out-of-order': {
    cause: 'Another migration with a higher number was merged while this one was being written.',
  },
  'check.replay-failed': {
    facts: { reason: 'column "emial" does not exist (42703)', sqlstate: null, notes: [] },
    cause:
      'The migrations were run in order on an empty PostgreSQL, embedded or that of `--scratch-url`, and this one failed, at the place that is shown.',
    cure: 'A migration that needs what no migration makes (a role, an extension, rows that were inserted by hand) must make it itself. One that creates an extension which the embedded server does not have needs `--scratch-url`.',
  },
  'check.rollback-failed': {
    facts: { reason: 'column "emial" does not exist (42703)', sqlstate: null, notes: [] },
    cause: 'The rollback was run right after its migration, and failed.',
  },
  'check.again-failed': {
    facts: { reason: 'relation "users" already exists (42P07)', sqlstate: null, notes: [] },
    cause: 'The rollback left something that the migration cannot be applied beside.',
  },
  'check.not-restored': {
    facts: { what: 'index users_email of public.users is left behind' },
    cause:
      'The catalogs before the migration and after its rollback were compared: tables with all that belongs to them, views, functions, sequences, types, schemas, rights, comments, roles. The place is the statement of the migration that the rollback does not undo.',
  },
  'check.again-differs': {
    facts: { what: 'index users_email of public.users is gone' },
    cause: 'Migration, rollback, migration should give what the first one gave.',
  },
  'check.irreversible': {
    cause: 'A warning, never a refusal: not everything has a way back.',
  },
  'check.contract-invalid': {
    facts: { problem: 'users.checkz there is no such key' },
    cause: 'contract.yaml cannot be read as a contract.',
  },
  'check.contract-broken': {
    facts: {
      what: 'public.users status (check) status should accept only on, off, and has no CHECK, says the contract',
    },
    cause:
      'The schema that the migrations produce does not keep what contract.yaml promises, at the line that is shown.',
  },
  'check.schema': {
    facts: { what: 'public.users users_email (unique index) is not valid' },
    cause: 'A constraint of the finished schema does not hold, as `verify` would say on a database that has it.',
  },
};
