// doctor: each thing that it looks at, made bad on a real server, and how far it says it came where it cannot connect.
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseTarget } from '../../../src/database/target.ts';

import { openMigrator } from '../../../src/migrator.ts';
import type { Examination, MigratorSettings } from '../../../src/options.ts';
import { at, freshDatabase } from '../../support/database.ts';
import { folderOf } from '../../support/folder.ts';

async function doctor(url: string, more: Partial<MigratorSettings> = {}): Promise<Examination> {
  const database = { target: parseTarget({ url, env: {} }) };
  return await openMigrator({ database, migrations: folderOf(), ...more }).doctor();
}

/** What a check says: its verdict, then its message and its hint. */
function said({ checks }: Examination, name: string): string {
  const found = checks.filter((check) => check.name === name);
  expect(found.map((check) => check.name)).toEqual([name]);
  const [{ verdict, message, hint = '' }] = found as [Examination['checks'][number]];
  return `${verdict}: ${message} | ${hint}`;
}

const elsewhere = (url: string, hostname: string, port?: string): string => {
  const changed = new URL(url);
  changed.hostname = hostname;
  changed.port = port ?? changed.port;
  return changed.href;
};

const unwell = ({ checks }: Examination) => checks.filter(({ verdict }) => verdict !== 'ok').map(({ name }) => name);

describe('doctor', () => {
  it('finds nothing wrong with a fresh database of its owner', async () => {
    const { url, major } = await freshDatabase();
    const result = await doctor(url);
    const { hostname } = new URL(url);
    // The tests' servers do without the disk, and a container is another machine.
    expect(unwell(result)).toEqual([...(hostname === '127.0.0.1' ? [] : ['TLS']), 'durability']);
    expect(result.failure).toBeUndefined();
    expect(said(result, 'version')).toMatch(new RegExp(`^ok: PostgreSQL ${major}\\.\\d+`));
    expect(said(result, 'network')).toMatch(new RegExp(`^ok: ${hostname}:\\d+ answers, after \\d+ ms`));
    expect(said(result, 'history')).toMatch(/^ok: public\.schema_migrations is not there: nothing was migrated yet/);
  });

  it('says what a role may not do, and whose the tables are', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();' });
    await openMigrator({
      database: { target: parseTarget({ url: database.url, env: {} }) },
      migrations: folder,
    }).migrate();
    const role = await database.role();
    const result = await doctor(role.url);
    expect(said(result, 'tables')).toBe(
      `problem: ${role.name} may not create tables in public | GRANT CREATE, USAGE ON SCHEMA "public" TO "${role.name}"`,
    );
    expect(said(result, 'database')).toMatch(/^warning: .* may not create schemas or extensions/);
    expect(said(result, 'ownership')).toMatch(
      /^warning: .* cannot alter tables of others: public\.a of postgres, public\.schema_migrations of postgres \| .*--role OWNER/,
    );
    expect(said(result, 'history table')).toMatch(/^problem: .* may not write it \| it belongs to postgres/);
    expect(said(result, 'history')).toMatch(/^problem: role .* may not read the history table .* \| GRANT SELECT/);
    await database.query(
      `GRANT SELECT, INSERT, DELETE ON schema_migrations TO ${role.name}; GRANT CREATE ON SCHEMA public TO ${role.name}`,
    );
    const better = await doctor(role.url);
    expect(said(better, 'tables')).toMatch(/^ok/);
    expect(said(better, 'history table')).toMatch(/^warning: it belongs to postgres/);
    expect(said(better, 'history')).toMatch(/^ok: public\.schema_migrations has 1 row, up to 1/);
    await database.query(`GRANT ${role.name} TO postgres`);
    expect(said(await doctor(database.url, { role: role.name }), 'ownership')).toMatch(/^warning/);
    const fresh = await freshDatabase();
    await fresh.query(`GRANT CREATE ON SCHEMA public TO ${role.name}`);
    const inRole = await doctor(fresh.url, { role: role.name });
    expect(said(inRole, 'history')).toMatch(/^ok: public\.schema_migrations is not there/);
    expect(said(inRole, 'tables')).toMatch(new RegExp(`^ok: ${role.name} may create tables`));
    await fresh.query(`REVOKE ALL ON SCHEMA public FROM ${role.name}`);
    const refused = await doctor(role.url, { role: 'postgres' });
    expect(said(refused, 'answer')).toMatch(
      /^problem: .*permission denied to set role "postgres" .*\| may it take on the role postgres\?/,
    );
  });

  it('says which settings bite, and who set them', async () => {
    const database = await freshDatabase();
    const role = await database.role();
    await database.query(`
      ALTER ROLE ${role.name} SET statement_timeout = '3s';
      ALTER ROLE ${role.name} IN DATABASE ${database.name} SET default_transaction_isolation = 'serializable';
      ALTER DATABASE ${database.name} SET default_transaction_read_only = on;
      ALTER DATABASE ${database.name} SET search_path = nowhere;
      ALTER DATABASE ${database.name} SET session_replication_role = replica`);
    const result = await doctor(role.url);
    expect(said(result, 'timeouts')).toMatch(
      /^warning: statement_timeout = 3s \(set by the user\) \| .*--statement-timeout/,
    );
    expect(said(result, 'isolation')).toMatch(/^warning: transactions are serializable \(set by the database user\)/);
    expect(said(result, 'writing')).toMatch(
      /^problem: transactions are read-only \(default_transaction_read_only is on\)/,
    );
    expect(said(result, 'tables')).toMatch(/^problem: there is no schema to work in \(search_path is nowhere\)/);
    expect(said(result, 'triggers')).toMatch(/^problem: session_replication_role = replica \(set by the database\)/);
    expect(said(result, 'history')).toMatch(/^problem: --history-table: the search path names no schema that exists/);
  });

  it('says what goes on in the database that stands in the way', async () => {
    const database = await freshDatabase();
    await database.query(`CREATE TABLE t (id int); INSERT INTO t VALUES (1), (1); CREATE PUBLICATION p FOR TABLE t;
      CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION f()`);
    await database.query('CREATE UNIQUE INDEX CONCURRENTLY broken ON t (id)').catch(() => {});
    const result = await doctor(database.url);
    expect(said(result, 'invalid indexes')).toMatch(
      /^warning: public\.broken: used by no query, or being built now \| DROP INDEX CONCURRENTLY/,
    );
    expect(said(result, 'event triggers')).toMatch(/^warning: watch_ddl: they run at each change/);
    expect(said(result, 'publications')).toMatch(/^warning: p: changes of the schema are not replicated/);
    expect(said(result, 'old transactions')).toMatch(/^ok/);
  });

  it('says what is wrong with the history, and with an encoding', async () => {
    const database = await freshDatabase({
      clauses: `TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'`,
    });
    await database.query('CREATE TABLE schema_migrations (version varchar PRIMARY KEY)');
    const result = await doctor(database.url);
    expect(said(result, 'encoding')).toMatch(/^warning: .* is in LATIN1: a migration with other characters fails/);
    expect(said(result, 'history')).toMatch(/^problem: public\.schema_migrations is not amelia-db's history table/);
  });
});

describe('where it cannot connect, doctor says how far it came', () => {
  it.each<[string, (url: string) => string, string[], string, RegExp]>([
    ['the name', (url) => elsewhere(url, 'nowhere.invalid'), [], 'name', /host name nowhere\.invalid is not known/],
    ['the network', (url) => url.replace(/:\d+\//, ':1/'), [], 'network', /nothing listens there/],
    ['the address of a name', (url) => elsewhere(url, 'localhost', '1'), ['name'], 'network', /nothing listens there/],
    ['TLS', (url) => `${url}?sslmode=require`, ['network'], 'TLS', /does not offer TLS/],
    [
      'the user',
      (url) => at(url, { password: 'wrong' }),
      ['network', 'TLS'],
      'user postgres',
      /password authentication failed/,
    ],
    [
      'the database',
      (url) => at(url, { database: 'nope' }),
      ['network', 'TLS'],
      'database nope',
      /there is no database nope/,
    ],
  ])('%s', async (_, change, passed, name, says) => {
    const { url } = await freshDatabase();
    const { database, checks, failure } = await doctor(change(url));
    expect(database).toBeUndefined();
    expect(failure?.exitStatus).toBe(5);
    expect(checks.map((check) => [check.name, check.verdict])).toEqual([
      ...passed.map((each) => [each, 'ok']),
      [name, 'problem'],
    ]);
    expect(checks.at(-1)?.message).toMatch(says);
  });

  it('something else that listens there', async () => {
    const other = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const { checks } = await doctor(`postgresql://u@127.0.0.1:${port}/d`);
    expect(checks.at(-1)).toMatchObject({
      name: 'TLS',
      verdict: 'problem',
      message: expect.stringContaining('no PostgreSQL server') as string,
    });
  });
});
