// The tools that are compared: where each comes from, the format of its files, its commands, and how many
// migrations its history holds. Installed outside of the checkout, so that the project depends on none of them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { digits, type Migration, writeMigration } from './folders.ts';

export interface Command {
  program: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
}

export interface Tool {
  name: string;
  version: string;
  write(folder: string, migrations: Migration[]): void;
  migrate: (folder: string, url: string) => Command;
  /** Absent when the tool has no such command. */
  status?: (folder: string, url: string) => Command;
  /** A query for the versions that its history holds, each once if all is well, in a column `version`. */
  history: string;
  /** Whether it can send the data of `COPY … FROM stdin`. */
  copies?: boolean;
  /** Another tool, called or fed differently: measured where that can be told. */
  variant?: boolean;
  /** What a reader of its figures has to know. */
  note?: string;
}

/** The newest versions that install on Node 20. */
const PINNED = {
  dbmate: '2.36.0',
  'graphile-migrate': '1.4.1',
  'node-pg-migrate': '9.0.0',
  pg: '8.23.1',
  'postgres-migrations': '5.3.0',
};

export const TOOL_NAMES = [
  'psql',
  'amelia-db',
  'dbmate',
  'psql with a history',
  'psql of the PATH',
  'dbmate of npm',
  'node-pg-migrate',
  'postgres-migrations',
  'graphile-migrate',
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** Installs what is missing of the tools of npm, takes a copy of the built package, and returns all tools. Throws when one is not to be had. */
export function prepareTools(cache: string, builtPackage: string): Record<ToolName, Tool> {
  const installed = install(join(cache, 'tools'));
  const amelia = copyPackage(builtPackage, join(cache, 'amelia-db'));
  const node = process.execPath;
  const bin = (...path: string[]) => join(installed, 'node_modules', ...path);
  const dbmate = bin('@dbmate', `${process.platform}-${process.arch}`, 'bin', 'dbmate');
  const dbmateOfNpm = [bin('dbmate', 'dist', 'cli.js')];
  const psql = findPsql();
  const libraryRunner = join(installed, 'run-postgres-migrations.cjs');
  fs.writeFileSync(libraryRunner, LIBRARY_RUNNER);
  const ameliaBin = join(amelia, 'bin', 'amelia-db.js');
  const onAmelia = (command: string) => (folder: string, url: string) => ({
    program: node,
    args: [ameliaBin, command, '--database-url', url, '--migrations', folder],
  });

  const tools: Omit<Record<ToolName, Tool>, 'psql with a history' | 'psql of the PATH' | 'dbmate of npm'> = {
    psql: {
      name: 'psql',
      version: execFileSync(psql, ['--version'], { encoding: 'utf8' }).replace(/^.*?(\d+[.\d]*).*$/s, '$1'),
      note:
        'the floor: one process reads all files, each between `BEGIN` and `COMMIT`, a statement a round trip; ' +
        'it keeps no history but writes all versions at the end, so that there is something to read when nothing is to do',
      write(folder, migrations) {
        const all = `CREATE TABLE schema_migrations AS SELECT generate_series(1, ${migrations.length}) AS version;\n`;
        fs.writeFileSync(join(folder, 'all'), psqlSteps(folder, migrations, () => '') + all);
      },
      migrate: (folder, url) => ({
        program: psql,
        args: [url, '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--file', join(folder, 'all')],
      }),
      status: (_, url) => ({
        program: psql,
        args: [url, '--no-psqlrc', '--command', 'SELECT version FROM schema_migrations'],
      }),
      history: 'SELECT version FROM schema_migrations',
      copies: true,
    },
    'amelia-db': {
      name: 'amelia-db',
      version: versionOf(amelia),
      write(folder, migrations) {
        for (const migration of migrations) {
          writeMigration(folder, `${digits(migration.number)}_${migration.name}.sql`, migration);
        }
      },
      migrate: onAmelia('migrate'),
      status: onAmelia('status'),
      history: 'SELECT version FROM schema_migrations',
      copies: true,
    },
    dbmate: {
      name: 'dbmate',
      version: PINNED.dbmate,
      note: 'the program itself, without the Node program in front of it that npm installs',
      write(folder, migrations) {
        for (const migration of migrations) {
          const file = `${20260101000000 + migration.number}_${migration.name}.sql`;
          writeMigration(folder, file, migration, '-- migrate:up\n', '\n-- migrate:down\n');
        }
      },
      migrate: (folder, url) => ({
        program: dbmate,
        args: ['--url', url, '--migrations-dir', folder, '--no-dump-schema', 'migrate'],
      }),
      status: (folder, url) => ({ program: dbmate, args: ['--url', url, '--migrations-dir', folder, 'status'] }),
      history: 'SELECT version FROM schema_migrations',
    },
    'node-pg-migrate': {
      name: 'node-pg-migrate',
      version: PINNED['node-pg-migrate'],
      note: 'by default all pending migrations are one transaction, which the others do not do',
      write(folder, migrations) {
        for (const migration of migrations) {
          const file = `${1767225600000 + migration.number}_${migration.name}.sql`;
          writeMigration(folder, file, migration, '-- Up Migration\n', '\n-- Down Migration\n');
        }
      },
      migrate: (folder, url) => ({
        program: node,
        args: [bin('node-pg-migrate', 'bin', 'node-pg-migrate.js'), 'up', '--migrations-dir', folder],
        env: { DATABASE_URL: url },
      }),
      history: 'SELECT name AS version FROM pgmigrations',
    },
    'postgres-migrations': {
      name: 'postgres-migrations',
      version: PINNED['postgres-migrations'],
      note: 'a library; run by a program of five lines',
      write(folder, migrations) {
        for (const migration of migrations) {
          writeMigration(folder, `${migration.number}_${migration.name}.sql`, migration);
        }
      },
      migrate: (folder, url) => ({ program: node, args: [libraryRunner, folder], env: { DATABASE_URL: url } }),
      // Its first row is the migration that creates its own table.
      history: 'SELECT id AS version FROM migrations WHERE id > 0',
    },
    'graphile-migrate': {
      name: 'graphile-migrate',
      version: PINNED['graphile-migrate'],
      write(folder, migrations) {
        const committed = join(folder, 'migrations', 'committed');
        fs.mkdirSync(committed, { recursive: true });
        let previous = '';
        for (const migration of migrations) {
          // Its own rule: the hash before and the trimmed text, a line each.
          const text = `${previous}\n${migration.sql().trim()}`.trim();
          const own = `sha1:${createHash('sha1').update(`${text}\n`).digest('hex')}`;
          const head = `--! Previous: ${previous || '-'}\n--! Hash: ${own}\n\n`;
          writeMigration(committed, `${digits(migration.number, 6)}.sql`, migration, head);
          previous = own;
        }
        fs.writeFileSync(join(folder, 'migrations', 'current.sql'), '');
        fs.writeFileSync(join(folder, '.gmrc'), '{}\n');
      },
      migrate: (folder, url) => ({
        program: node,
        args: [bin('graphile-migrate', 'dist', 'cli.js'), 'migrate'],
        cwd: folder,
        env: { DATABASE_URL: url },
      }),
      status: (folder, url) => ({
        program: node,
        args: [bin('graphile-migrate', 'dist', 'cli.js'), 'status'],
        cwd: folder,
        // It wants to be told of a shadow database, which it does not use here.
        env: { DATABASE_URL: url, SHADOW_DATABASE_URL: `${url}&shadow` },
      }),
      history: 'SELECT hash AS version FROM graphile_migrate.migrations',
    },
  };
  return {
    ...tools,
    'psql with a history': {
      ...tools.psql,
      name: 'psql with a history',
      note: 'the same with what the other tools do besides: each version is written in the transaction of its migration',
      write(folder, migrations) {
        const steps = psqlSteps(
          folder,
          migrations,
          (version) => `INSERT INTO schema_migrations VALUES (${version});\n`,
        );
        const table =
          'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, applied_at timestamptz DEFAULT now());\n';
        fs.writeFileSync(join(folder, 'all'), table + steps);
      },
      variant: true,
    },
    'psql of the PATH': throughWrapper(tools.psql, {
      name: 'psql of the PATH',
      note: 'the same as it is installed: on Debian a Perl program looks for the newest one and starts it',
      wrapped: (command) => ({ ...command, program: 'psql' }),
    }),
    'dbmate of npm': throughWrapper(tools.dbmate, {
      name: 'dbmate of npm',
      note: 'the same as it is installed by npm: a Node program starts it',
      wrapped: (command) => ({ ...command, program: node, args: [...dbmateOfNpm, ...command.args] }),
    }),
  };
}

/** Writes the migrations' files; gives what psql reads to run each in a transaction, its record before the COMMIT. */
function psqlSteps(folder: string, migrations: Migration[], record: (version: number) => string): string {
  const steps = migrations.map((migration) => {
    const file = `${digits(migration.number)}_${migration.name}.sql`;
    writeMigration(folder, file, migration);
    return `BEGIN;\n\\ir ${file}\n${record(migration.number)}COMMIT;\n`;
  });
  return steps.join('');
}

/** The same tool, started the way a user does; only small jobs can tell the difference. */
function throughWrapper(
  tool: Tool,
  { wrapped, ...as }: { name: string; note: string; wrapped: (command: Command) => Command },
): Tool {
  const { migrate, status } = tool;
  return {
    ...tool,
    ...as,
    migrate: (folder, url) => wrapped(migrate(folder, url)),
    ...(status && { status: (folder: string, url: string) => wrapped(status(folder, url)) }),
    variant: true,
  };
}

/** The least that a program on Node can cost. */
export const emptyProgram: Command = { program: process.execPath, args: ['--eval', ''] };

function install(folder: string): string {
  const wanted = JSON.stringify({ private: true, dependencies: PINNED });
  const manifest = join(folder, 'package.json');
  const complete = join(folder, '.complete');
  if (fs.existsSync(complete) && fs.readFileSync(complete, 'utf8') === wanted) return folder;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(manifest, wanted);
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', '--prefix', folder];
  execFileSync('npm', options, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  fs.writeFileSync(complete, wanted);
  return folder;
}

/** A copy, so that building the checkout again does not disturb a run. */
function copyPackage(from: string, to: string): string {
  if (!fs.existsSync(join(from, 'dist', 'main.cjs'))) throw new Error(`${resolve(from)} is not built: npm run build.`);
  fs.rmSync(to, { recursive: true, force: true });
  for (const name of ['bin', 'dist', 'package.json']) {
    fs.cpSync(join(from, name), join(to, name), { recursive: true, preserveTimestamps: true });
  }
  return to;
}

/** Debian's `psql` on the PATH is a Perl script that looks for this program, and takes longer than it. */
function findPsql(): string {
  const home = '/usr/lib/postgresql';
  const versions = fs.existsSync(home) ? fs.readdirSync(home).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(home, version, 'bin', 'psql')).find((path) => fs.existsSync(path));
  return found ?? 'psql';
}

function versionOf(folder: string): string {
  return (JSON.parse(fs.readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

const LIBRARY_RUNNER = `const { Client } = require('pg');
const { migrate } = require('postgres-migrations');
const client = new Client({ connectionString: process.env.DATABASE_URL });
const run = async () => { await client.connect(); await migrate({ client }, process.argv[2]); };
run().catch((error) => { console.error(error); process.exitCode = 1; }).finally(() => client.end());
`;
