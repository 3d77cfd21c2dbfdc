// A new, empty database for one test, and roles to enter it with; both gone at the test's end.
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { onTestFinished } from 'vitest';
import { adminUrl, serverMajor } from './server.ts';

export interface FreshDatabaseOptions {
  /** The project's own version by default. */
  major?: number;
  /** Another server's superuser URL, such as a private server's. */
  admin?: string;
  /** Clauses of CREATE DATABASE, such as `ENCODING 'LATIN1'`. */
  clauses?: string;
  /** The context's own, in concurrent tests. */
  onTestFinished?: (clean: () => Promise<void>) => void;
}

export interface RoleOptions {
  /** Attributes of CREATE ROLE, such as `CREATEDB`. */
  attributes?: string;
  /** A random one by default. */
  password?: string;
}

export interface TestRole {
  name: string;
  password: string;
  /** The database's URL for this role. */
  url: string;
}

export interface TestDatabase {
  /** The superuser's URL of this database. */
  url: string;
  name: string;
  /** The superuser's URL of the server. */
  admin: string;
  major: number;
  /** Sends the text as it is, on a session of its own; returns the rows of its last statement. */
  query<Row = Record<string, unknown>>(text: string): Promise<Row[]>;
  /** Creates a role that may connect, and nothing more. */
  role(options?: RoleOptions): Promise<TestRole>;
  /** Drops the database and its roles: for a caller outside of a test; otherwise it happens by itself. */
  drop(): Promise<void>;
}

/** Creates a database that is dropped when the test ends; in `beforeAll` it is the caller's to drop. */
export async function freshDatabase(options: FreshDatabaseOptions = {}): Promise<TestDatabase> {
  const { major = serverMajor(), admin = adminUrl(major), clauses = 'TEMPLATE template0 STRATEGY file_copy' } = options;
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = at(admin, { database: name });
  const roles: string[] = [];
  await query(admin, `CREATE DATABASE ${name} ${clauses}`);
  const database: TestDatabase = {
    url,
    name,
    admin,
    major,
    query: (text) => query(url, text),
    async role({ attributes = '', password = `${randomBytes(9).toString('base64url')}@:/?#%&` } = {}) {
      const role = `role_${randomBytes(8).toString('hex')}`;
      await query(admin, `CREATE ROLE ${role} LOGIN ${attributes} PASSWORD '${password.replaceAll("'", "''")}'`);
      roles.push(role);
      return { name: role, password, url: at(url, { user: role, password }) };
    },
    async drop() {
      await query(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      for (const role of roles.splice(0)) await query(admin, `DROP ROLE IF EXISTS ${role}`);
    },
  };
  (options.onTestFinished ?? afterTest)(() => database.drop());
  return database;
}

/** Sends a text of one or several statements on a session of its own; returns the rows of the last one. */
export async function query<Row = Record<string, unknown>>(url: string, text: string): Promise<Row[]> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {}, connect_timeout: 10 });
  try {
    const result = (await sql.unsafe(text).simple()) as unknown as Row[] | Row[][];
    // The driver returns one result, or a plain array of them when there were several statements.
    return [...(('command' in result ? result : (result.at(-1) ?? [])) as Row[])];
  } finally {
    // After a lost connection the driver would wait for ever.
    await sql.end({ timeout: 0.2 });
  }
}

/** The URL with another user, password or database. */
export function at(url: string, change: { user?: string; password?: string; database?: string }): string {
  const changed = new URL(url);
  if (change.database !== undefined) changed.pathname = `/${encodeURIComponent(change.database)}`;
  if (change.user !== undefined) changed.username = encodeURIComponent(change.user);
  if (change.password !== undefined) changed.password = encodeURIComponent(change.password);
  return changed.href;
}

function afterTest(clean: () => Promise<void>): void {
  try {
    onTestFinished(clean);
  } catch {
    // Outside of a test, the caller drops it.
  }
}
