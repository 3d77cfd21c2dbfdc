// Every mistake that the issue lists: its exit status, one clear error without a stack trace or a
// secret, and a database that is as it was before.
import { rmSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { at, freshDatabase, type TestDatabase } from '../support/database.ts';
import { amelia } from '../support/cli.ts';
import { folderOf } from '../support/folder.ts';

const good = { '001_users.sql': 'CREATE TABLE users (id int);', '001_users.down.sql': 'DROP TABLE users;' };

interface Scene {
  database: TestDatabase;
  /** Files of the folder; null for no folder at all. */
  files: Record<string, string | Uint8Array> | null;
  args: string[];
  /** Instead of the database's own URL. */
  url?: string;
  env?: Record<string, string>;
  /** Runs when the folder is there. */
  folder?: (path: string) => void;
}

interface Mistake {
  what: string;
  status: number;
  code: string;
  /** Something that the error must say. */
  says: string | RegExp;
  scene: (database: TestDatabase) => Partial<Scene> | Promise<Partial<Scene>>;
}

const applied = async (database: TestDatabase, files: Record<string, string> = good) => {
  const { status, stderr } = await amelia(['migrate', '-m', folderOf(files), '-d', database.url]);
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
};

const mistakes: Mistake[] = [
  {
    what: 'no folder',
    status: 3,
    code: 'discover.no-folder',
    says: 'there is no folder',
    scene: () => ({ files: null }),
  },
  {
    what: 'a file instead of a folder',
    status: 3,
    code: 'discover.not-a-folder',
    says: 'is not a folder',
    scene: () => ({ args: ['migrate', '-m', 'package.json'] }),
  },
  {
    what: 'a file name that does not parse',
    status: 3,
    code: 'filename.invalid',
    says: 'add-email.sql',
    scene: () => ({ files: { ...good, 'add-email.sql': 'SELECT 1;' } }),
  },
  {
    what: 'two files with one version',
    status: 3,
    code: 'discover.duplicate-version',
    says: /001_users\.sql.*1_other\.sql|1_other\.sql.*001_users\.sql/,
    scene: () => ({ files: { ...good, '1_other.sql': 'SELECT 1;' } }),
  },
  {
    what: 'an empty folder',
    status: 3,
    code: 'discover.empty',
    says: '--allow-empty',
    scene: () => ({ files: {} }),
  },
  {
    what: 'a folder of Prisma',
    status: 3,
    code: 'discover.nested',
    says: /Prisma[^]*20240101000000_init\/migration\.sql/,
    scene: () => ({ files: { '20240101000000_init/migration.sql': 'SELECT 1;' } }),
  },
  {
    what: 'a file in which there is nothing yet',
    status: 3,
    code: 'parse.empty',
    says: /002_x\.sql: there is nothing in it yet/,
    scene: () => ({ files: { ...good, '002_x.sql': '-- to do\n' } }),
  },
  {
    what: 'many mistakes at once',
    status: 3,
    code: 'filename.invalid',
    says: /002-x\.sql[^]*rename it to 002_x\.sql[^]*two migrations have version 1[^]*goose[^]*003_g\.sql:1:1[^]*COMMIT[^]*004_t\.sql:2:1/,
    scene: () => ({
      files: {
        ...good,
        '1_other.sql': 'SELECT 1;',
        '002-x.sql': 'SELECT 1;',
        '003_g.sql': '-- +goose Up\nSELECT 1;',
        '004_t.sql': 'SELECT 1;\nCOMMIT;\nSELECT 2;',
      },
    }),
  },
  {
    what: 'a version over 2^63 - 1',
    status: 3,
    code: 'filename.version-range',
    says: '9223372036854775808',
    scene: () => ({ files: { '9223372036854775808_big.sql': 'SELECT 1;' } }),
  },
  {
    what: 'an unreadable file',
    status: 3,
    code: 'discover.unreadable',
    says: '002_secret.sql',
    // root may read everything, so the file is a link to nowhere
    scene: () => ({ files: good, folder: (path) => symlinkSync(join(path, 'nowhere'), join(path, '002_secret.sql')) }),
  },
  {
    what: 'invalid UTF-8',
    status: 3,
    code: 'scan.invalid-utf8',
    says: /002_latin1\.sql.*byte offset 8/,
    scene: () => ({ files: { ...good, '002_latin1.sql': Buffer.from("SELECT '\xe9';", 'latin1') } }),
  },
  ...(
    [
      ['an unterminated string', "SELECT 1;\nSELECT 'open;\n", 'string', ':2:8'],
      ['an unterminated comment', 'SELECT 1;\n/* open\n', 'comment', ':2:1'],
      ['an unterminated dollar tag', 'DO $body$ BEGIN END $boddy$;', '$body$', ':1:4'],
    ] as const
  ).map(([what, text, says, place]): Mistake => ({
    what,
    status: 3,
    code: 'scan.unterminated',
    says: new RegExp(`${says.replaceAll('$', '\\$')}[^]*002_open\\.sql${place}`),
    scene: () => ({ files: { ...good, '002_open.sql': text } }),
  })),
  {
    what: 'an unknown directive',
    status: 3,
    code: 'directives.unknown',
    says: /no-transction[^]*002_x\.sql:1:\d+[^]*no-transaction/,
    scene: () => ({ files: { ...good, '002_x.sql': '-- amelia-db: no-transction\nSELECT 1;' } }),
  },
  {
    what: 'a backslash command',
    status: 3,
    code: 'scan.backslash-command',
    says: /\\connect[^]*002_x\.sql:2:1/,
    scene: () => ({ files: { ...good, '002_x.sql': 'SELECT 1;\n\\connect other\n' } }),
  },
  {
    what: 'COMMIT inside a file',
    status: 3,
    code: 'parse.transaction-control',
    says: /COMMIT[^]*002_x\.sql:2:1[^]*no-transaction/,
    scene: () => ({ files: { ...good, '002_x.sql': 'CREATE TABLE half ();\nCOMMIT;\nSELECT 1;' } }),
  },
  {
    what: 'a modified migration',
    status: 4,
    code: 'plan.modified',
    says: /1 users[^]*repair --accept-modified 1/,
    scene: async (database) => {
      await applied(database);
      return {
        files: { ...good, '001_users.sql': 'CREATE TABLE users (id bigint);', '002_x.sql': 'CREATE TABLE x ();' },
      };
    },
  },
  {
    what: 'a missing migration',
    status: 4,
    code: 'plan.missing',
    says: '1 users',
    scene: async (database) => {
      await applied(database);
      return { files: { '002_x.sql': 'CREATE TABLE x ();' } };
    },
  },
  {
    what: 'an out-of-order migration',
    status: 4,
    code: 'plan.out-of-order',
    says: /2 late[^]*--out-of-order/,
    scene: async (database) => {
      await applied(database, { ...good, '003_c.sql': 'SELECT 1;' });
      return { files: { ...good, '002_late.sql': 'CREATE TABLE late ();', '003_c.sql': 'SELECT 1;' } };
    },
  },
  {
    what: 'two migrations folders by mistake',
    status: 4,
    code: 'plan.missing',
    says: /2 b[^]*1 accounts/,
    scene: async (database) => {
      await applied(database, { ...good, '002_b.sql': 'SELECT 1;' });
      return { files: { '001_accounts.sql': 'CREATE TABLE accounts ();' } };
    },
  },
  {
    what: 'an unknown --to',
    status: 4,
    code: 'plan.unknown-version',
    says: 'there is no version 7',
    scene: () => ({ args: ['migrate', '--to', '7'] }),
  },
  {
    what: 'rollback without a down file',
    status: 4,
    code: 'plan.irreversible',
    says: /2 b/,
    scene: async (database) => {
      const files = { ...good, '002_b.sql': 'CREATE TABLE b ();' };
      await applied(database, files);
      return { files, args: ['rollback', '--to', '0'] };
    },
  },
  {
    what: 'a foreign history table',
    status: 4,
    code: 'history.foreign',
    says: /golang-migrate[^]*--history-table/,
    scene: async (database) => {
      await database.query('CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)');
      return {};
    },
  },
  {
    what: 'a wrong password',
    status: 5,
    code: 'session.authentication',
    says: 'password authentication failed',
    scene: (database) => ({ url: at(database.url, { password: 'wr@ng:/#%' }) }),
  },
  {
    what: 'an unknown database',
    status: 5,
    code: 'session.no-database',
    says: 'there is no database nowhere_to_be_found',
    scene: (database) => ({ url: at(database.url, { database: 'nowhere_to_be_found' }) }),
  },
  {
    what: 'nobody listening',
    status: 5,
    code: 'session.unreachable',
    says: /127\.0\.0\.1:\d+/,
    scene: async () => ({ url: `postgresql://a:s3cr3t@127.0.0.1:${await freePort()}/x` }),
  },
  {
    what: 'a server that never answers',
    status: 5,
    code: 'session.timeout',
    says: 'did not answer within 1 s',
    scene: async () => ({
      url: `postgresql://a:s3cr3t@127.0.0.1:${await silentPort()}/x?connect_timeout=1&sslmode=disable`,
    }),
  },
  ...(
    [
      'postgresql://a:s3/cr3t@localhost/x',
      'postgresql://a:s3?cr3t@localhost/x',
      'postgresql://a:s3%cr3t@localhost/x',
    ] as const
  ).map((url): Mistake => ({
    what: `a malformed URL (${url.charAt(17)} in the password)`,
    status: 2,
    code: 'config.database-url',
    says: /must be written %[23][5F]/,
    scene: () => ({ url }),
  })),
  {
    what: "another database's URL",
    status: 2,
    code: 'config.database-url',
    says: 'mysql',
    scene: () => ({ url: 'mysql://a:s3cr3t@localhost/x' }),
  },
  {
    what: 'a role without CREATE',
    status: 5,
    code: 'session.privilege',
    says: 'permission denied for schema public',
    scene: async (database) => ({ url: (await database.role({ password: 's3cr3t' })).url }),
  },
  {
    what: 'a read-only server',
    status: 5,
    code: 'session.read-only',
    says: 'read-only',
    scene: async (database) => {
      await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
      return {};
    },
  },
  {
    what: 'an unknown option',
    status: 2,
    code: 'usage.invalid',
    says: '--dry-run',
    scene: () => ({ args: ['migrate', '--dryrun'] }),
  },
  {
    what: 'a statement that fails',
    status: 1,
    code: 'apply.statement-failed',
    says: /column "emial" does not exist \(42703\)[^]*002_x\.sql:2:8/,
    scene: async (database) => {
      await applied(database);
      return { files: { ...good, '002_x.sql': 'CREATE TABLE half ();\nSELECT emial FROM half;\n' } };
    },
  },
];

describe.each(mistakes)('$what', ({ status, code, says, scene }) => {
  it(`ends with exit status ${status}, says so, and leaves the database as it was`, async () => {
    const database = await freshDatabase();
    const { files = good, args = ['migrate'], url = database.url, env = {}, folder } = await scene(database);
    const path = folderOf(files ?? {});
    if (files === null) rmSync(path, { recursive: true });
    folder?.(path);
    const command = [...args, ...(args.includes('-m') ? [] : ['-m', path])];
    const before = await everything(database);

    const plain = await amelia(command, { env: { DATABASE_URL: url, ...env } });
    const json = await amelia([...command, '--json'], { env: { DATABASE_URL: url, ...env } });

    expect({ status: plain.status, stdout: plain.stdout }).toEqual({ status, stdout: '' });
    expect(plain.stderr).toContain(`error[${code}]`);
    expect(plain.stderr).toMatch(says);
    expect(json.status).toBe(status);
    expect(json.json()).toMatchObject({ schema: 1, ok: false, exitStatus: status, error: { code } });
    for (const text of [plain.stderr, json.stdout, json.stderr]) {
      expect(text).not.toMatch(/^\s+at .+:\d+/m);
      for (const secret of secretsOf(url)) expect(text).not.toContain(secret);
    }
    expect(await everything(database)).toEqual(before);
  });
});

describe('what is not a mistake', () => {
  it('an empty folder with --allow-empty: nothing to do, with a hint', async () => {
    const database = await freshDatabase();
    const { status, stdout, stderr } = await amelia(['migrate', '--allow-empty', '-m', folderOf(), '-d', database.url]);
    expect(status).toBe(0);
    expect(stdout + stderr).toMatch(/nothing to do[^]*amelia-db new/);
  });

  it('a gap in the numbers: allowed, mentioned by status', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '001_a.sql': 'SELECT 1;', '004_d.sql': 'SELECT 1;' });
    expect((await amelia(['migrate', '-m', folder, '-d', database.url])).status).toBe(0);
    expect((await amelia(['status', '-m', folder, '-d', database.url])).stdout).toMatch(/unused numbers: 002–003/);
  });

  it('a password with any character, percent-encoded', async () => {
    const database = await freshDatabase();
    const role = await database.role({ password: '@:/#%?&=+ "\\\'é💧' });
    const { status } = await amelia(['status', '-m', folderOf(good), '-d', role.url]);
    expect(status).toBe(0);
  });
});

/** The catalog's relations and every row of the history: what a refusal must not change. */
async function everything(database: TestDatabase): Promise<unknown> {
  const relations = await database.query(
    `SELECT relname, relkind, oid::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const there = relations.some(({ relname }) => relname === 'schema_migrations');
  return { relations, history: there ? await database.query('SELECT * FROM schema_migrations ORDER BY 1') : null };
}

function secretsOf(url: string): string[] {
  const raw = /^\w+:\/\/[^:]*:(.*)@/.exec(url)?.[1] ?? 's3cr3t';
  let decoded = raw;
  try {
    decoded = decodeURIComponent(raw);
  } catch {
    // a stray % is part of the test
  }
  return [raw, decoded];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function silentPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
