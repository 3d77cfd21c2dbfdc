// What an interruption leaves of each statement that cannot run in a transaction, how the catalog tells, and what
// makes it good. Every step of it may be interrupted, too: the next run looks again and goes on.
import type { Effect } from '../migration/effect.ts';
import { quoteIdentifier, quoteLiteral } from './identifiers.ts';
import { ownSearchPath } from './search-path.ts';
import type { Session } from './session.ts';

/** One kind of statement, in words: the table of docs/migrating-safely.md. */
export interface Interruption {
  readonly statements: string;
  readonly leaves: string;
  readonly heals: string;
}

export const interruptions: Readonly<Record<Effect['kind'], Interruption>> = {
  'create-index': {
    statements: '`CREATE INDEX CONCURRENTLY name`',
    leaves: 'an invalid index',
    heals: 'it is dropped, and the statement runs again; a valid one is what was asked for',
  },
  'drop-index': {
    statements: '`DROP INDEX CONCURRENTLY`',
    leaves: 'the index, invalid',
    heals: 'the statement runs again, unless the index is gone',
  },
  reindex: {
    statements: '`REINDEX … CONCURRENTLY`',
    leaves: 'an invalid index `…_ccnew` (the new one) or `…_ccold` (the old one)',
    heals: 'it is dropped, and the statement runs again',
  },
  'detach-partition': {
    statements: '`ALTER TABLE … DETACH PARTITION … CONCURRENTLY`',
    leaves: 'a partition that is pending detach',
    heals: '`DETACH PARTITION … FINALIZE` is sent',
  },
  'create-shared': {
    statements: '`CREATE DATABASE`, `CREATE TABLESPACE`',
    leaves: 'nothing, or the whole',
    heals: 'the statement runs again, unless the catalog has it',
  },
  'drop-shared': {
    statements: '`DROP DATABASE`, `DROP TABLESPACE`',
    leaves: 'the whole, or a database that nobody can enter any more',
    heals: 'the statement runs again, unless the catalog has it no more',
  },
  'move-database': {
    statements: '`ALTER DATABASE … SET TABLESPACE`',
    leaves: 'the database where it was, or where it is to be',
    heals: 'the statement runs again, unless the catalog says that it is there',
  },
  'finish-prepared': {
    statements: '`COMMIT PREPARED`, `ROLLBACK PREPARED`',
    leaves: 'the prepared transaction, or nothing',
    heals: 'the statement runs again, unless there is no such transaction any more',
  },
  repeatable: {
    statements:
      '`VACUUM`, `ANALYZE`, `CLUSTER`, `REPACK`, `REINDEX`, `CHECKPOINT`, `ALTER SYSTEM`, `ALTER SUBSCRIPTION … REFRESH`',
    leaves: 'nothing, or a part of the work',
    heals: 'the statement runs again, which does no harm',
  },
  unknown: {
    statements:
      '`CREATE SUBSCRIPTION`, `DROP SUBSCRIPTION`, `CREATE INDEX CONCURRENTLY` without a name, `CALL` and `DO` with COMMIT inside, anything else',
    leaves: 'what only you can tell',
    heals: 'the next `migrate` stops, and you decide: `repair --resolve`',
  },
};

/**
 * Makes good what an interrupted statement left, and says whether it took effect; `undefined` when only a person can
 * tell. Names are looked up in the session's search path, as the statement's own are. With `begun` false an object
 * that is there says nothing: it may be somebody else's. Errors are the server's.
 */
export async function heal(session: Session, effect: Effect, begun: boolean): Promise<'done' | 'again' | undefined> {
  const looks = new Looks(session);
  const done = (isDone: boolean) => (begun && isDone ? 'done' : 'again');
  switch (effect.kind) {
    case 'create-index':
      return done(await looks.indexIsThere(effect));
    case 'drop-index':
      return done((await looks.find(effect.index)) === null);
    case 'reindex':
      await looks.dropLeftovers(effect);
      return 'again';
    case 'detach-partition':
      return await looks.detached(effect, begun);
    case 'create-shared':
      return done(await looks.isShared(effect));
    case 'drop-shared':
      return done(!(await looks.isShared(effect)));
    case 'move-database':
      return done(await looks.isMoved(effect));
    case 'finish-prepared':
      return done(await looks.isFinished(effect.transaction));
    case 'repeatable':
      return 'again';
    case 'unknown':
      return begun ? undefined : 'again';
  }
}

type Of<K extends Effect['kind']> = Extract<Effect, { kind: K }>;

class Looks {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Null where there is none: in the statement's own search path, so nothing else is asked for with it. */
  async find(name: string): Promise<string | null> {
    const sql = `SELECT pg_catalog.to_regclass(${quoteLiteral(name)})::pg_catalog.oid::pg_catalog.text AS oid`;
    const [row] = await this.#session.query<{ oid: string | null }>(sql);
    return row?.oid ?? null;
  }

  async #ask<Row extends Record<string, unknown>>(sql: string): Promise<readonly Row[]> {
    return await this.#session.query<Row>(`BEGIN; ${ownSearchPath}; ${sql}; COMMIT`);
  }

  /** True when the index is there and valid; an invalid one is what our own try left, and is dropped. */
  async indexIsThere({ index, table }: Of<'create-index'>): Promise<boolean> {
    const oid = await this.find(table);
    if (oid === null) return false;
    const [found] = await this.#ask<{ valid: boolean; schema: string; name: string }>(`
      SELECT i.indisvalid AND i.indisready AS valid, n.nspname::text AS schema, c.relname::text AS name
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE i.indrelid = ${oid} AND c.relname = (parse_ident(${quoteLiteral(index)}))[1]`);
    if (found === undefined || found.valid) return found !== undefined;
    await this.#drop(found);
    return false;
  }

  /** Manual, REINDEX, "Rebuilding Indexes Concurrently": either of the two is to be dropped. */
  async dropLeftovers(effect: Of<'reindex'>): Promise<void> {
    const tables = await this.#reindexed(effect);
    if (tables === null) return;
    const leftovers = await this.#ask<{ schema: string; name: string }>(`
      SELECT n.nspname::text AS schema, c.relname::text AS name
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_class t ON t.oid = i.indrelid
      WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$'
        AND (t.oid IN (${tables}) OR t.oid IN (SELECT reltoastrelid FROM pg_class WHERE oid IN (${tables})))
      ORDER BY 1, 2`);
    for (const leftover of leftovers) await this.#drop(leftover);
  }

  /** A query for the tables whose indexes are rebuilt; null where there are none. */
  async #reindexed({ scope, name }: Of<'reindex'>): Promise<string | null> {
    if (scope === 'database') return `SELECT oid FROM pg_class WHERE relkind IN ('r', 'm')`;
    if (scope === 'schema') {
      return `SELECT oid FROM pg_class WHERE relkind IN ('r', 'm')
        AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = (parse_ident(${quoteLiteral(name)}))[1])`;
    }
    const oid = await this.find(name);
    if (oid === null) return null;
    const tree = `SELECT relid::oid FROM pg_partition_tree(${oid}) UNION SELECT ${oid}::oid`;
    return scope === 'table' ? tree : `SELECT indrelid FROM pg_index WHERE indexrelid IN (${tree})`;
  }

  async #drop({ schema, name }: { readonly schema: string; readonly name: string }): Promise<void> {
    await this.#session.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
  }

  /** Manual, ALTER TABLE, "DETACH PARTITION": FINALIZE completes what was canceled or interrupted. */
  async detached({ table, partition }: Of<'detach-partition'>, begun: boolean): Promise<'done' | 'again'> {
    const parent = await this.find(table);
    const child = await this.find(partition);
    if (parent === null || child === null) return 'again';
    const [row] = await this.#ask<{ pending: boolean; parent: string; child: string }>(`
      SELECT i.inhdetachpending AS pending, i.inhparent::regclass::text AS parent, i.inhrelid::regclass::text AS child
      FROM pg_inherits i WHERE i.inhrelid = ${child} AND i.inhparent = ${parent}`);
    if (row === undefined) return begun ? 'done' : 'again';
    if (!row.pending) return 'again';
    await this.#session.query(`ALTER TABLE ${row.parent} DETACH PARTITION ${row.child} FINALIZE`);
    return 'done';
  }

  async isShared({ catalog, name }: Of<'create-shared' | 'drop-shared'>): Promise<boolean> {
    const [column, from] = catalog === 'database' ? ['datname', 'pg_database'] : ['spcname', 'pg_tablespace'];
    return (
      (await this.#ask(`SELECT FROM ${from} WHERE ${column} = (parse_ident(${quoteLiteral(name)}))[1]`)).length > 0
    );
  }

  async isMoved({ name, tablespace }: Of<'move-database'>): Promise<boolean> {
    const rows = await this.#ask(`SELECT FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace
      WHERE d.datname = (parse_ident(${quoteLiteral(name)}))[1]
        AND t.spcname = (parse_ident(${quoteLiteral(tablespace)}))[1]`);
    return rows.length > 0;
  }

  /** `transaction` is a literal as the statement has it. */
  async isFinished(transaction: string): Promise<boolean> {
    return (await this.#ask(`SELECT FROM pg_prepared_xacts WHERE gid = ${transaction}`)).length === 0;
  }
}
