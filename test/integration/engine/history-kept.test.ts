// The row of the history is there when the transaction commits, as it was written, or nothing of it is: whatever
// triggers and rules the table has.
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';

const trigger = (when: string, body: string, table = 'schema_migrations', deferred = false) => `
  CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} END $$;
  CREATE ${deferred ? 'CONSTRAINT ' : ''}TRIGGER meddle ${when} ON ${table}
    ${deferred ? 'DEFERRABLE INITIALLY DEFERRED' : ''} FOR EACH ROW EXECUTE FUNCTION meddle();`;
const rule = (event: string) => `CREATE RULE meddle AS ON ${event} TO schema_migrations DO INSTEAD NOTHING;`;
const takeBack = 'DELETE FROM schema_migrations WHERE version = NEW.version; RETURN NULL;';

const onInsert: [string, string][] = [
  ['a BEFORE trigger that suppresses it', trigger('BEFORE INSERT', 'RETURN NULL;')],
  ['a BEFORE trigger that renumbers it', trigger('BEFORE INSERT', 'NEW.version := NEW.version + 1000; RETURN NEW;')],
  ['a BEFORE trigger that renames it', trigger('BEFORE INSERT', `NEW.name := 'other'; RETURN NEW;`)],
  ['a BEFORE trigger that changes its checksum', trigger('BEFORE INSERT', 'NEW.checksum := NULL; RETURN NEW;')],
  ['an AFTER trigger that takes it back', trigger('AFTER INSERT', takeBack)],
  ['a deferred trigger that takes it back', trigger('AFTER INSERT', takeBack, undefined, true)],
  [
    'a trigger that defers one that takes it back',
    `${trigger('AFTER INSERT', takeBack, undefined, true)}
     CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET CONSTRAINTS ALL DEFERRED; RETURN NEW; END $$;
     CREATE TRIGGER later BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION later();`,
  ],
  ['a rule', rule('INSERT')],
];

async function applied(files: Record<string, string>, meddling: string) {
  const database = await freshDatabase();
  await engineFor(database.url, folderOf({ '1_a.sql': 'CREATE TABLE a ();' })).migrate();
  await database.query(meddling);
  const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();', '1_a.down.sql': 'DROP TABLE a;', ...files });
  const holds = async () => {
    const [row] = await database.query<{ recorded: string | null; tables: string | null }>(
      `SELECT (SELECT string_agg(version::text, ' ' ORDER BY version) FROM schema_migrations) AS recorded,
        (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('a', 'b', 'c')) AS tables`,
    );
    return row;
  };
  return { database, engine: engineFor(database.url, folder), holds };
}

describe('a migration is not committed without its row', () => {
  it.each(onInsert)('%s', async (_, meddling) => {
    const { engine, holds } = await applied(
      { '2_b.sql': 'CREATE TABLE b ();', '3_c.sql': 'CREATE TABLE c ();' },
      meddling,
    );

    const error = await failureOf(engine.migrate(), 'history.not-kept');

    expect(error.exitStatus).toBe(1);
    expect(error.message).toMatch(/meddle/);
    expect(error.result?.steps.map(({ state }) => state)).toEqual(['rolled-back', 'not-run']);
    expect(await holds()).toEqual({ recorded: '1', tables: 'a' });
  });

  it('also where a migration itself puts the trigger there', async () => {
    const meddling = trigger('BEFORE INSERT', 'RETURN NULL;');
    const { engine, holds } = await applied({ '2_b.sql': `CREATE TABLE b ();\n${meddling}` }, 'SELECT 1');
    const error = await failureOf(engine.migrate(), 'history.not-kept');
    expect(error.message).toMatch(/a trigger or a rule is in the way/);
    expect(await holds()).toEqual({ recorded: '1', tables: 'a' });
  });

  it.each([
    ['a BEFORE trigger', trigger('BEFORE DELETE', 'RETURN NULL;')],
    ['a rule', rule('DELETE')],
    [
      'an AFTER trigger',
      trigger('AFTER DELETE', 'INSERT INTO schema_migrations (version) VALUES (OLD.version); RETURN NULL;'),
    ],
  ])('nor is a rollback while its row is kept: %s', async (_, meddling) => {
    const { engine, holds } = await applied({}, meddling);
    const error = await failureOf(engine.rollback(), 'history.not-kept');
    expect(error.result?.steps.map(({ state }) => state)).toEqual(['not-run']);
    expect(await holds()).toEqual({ recorded: '1', tables: 'a' });
  });

  it.each(['INSERT', 'UPDATE', 'DELETE'])(
    'nor one without a transaction, while its journal does not take an %s',
    async (event) => {
      const file = (n: number) => `-- amelia-db: no-transaction\nCREATE TABLE t${n} ();\nCREATE TABLE u${n} ();`;
      const { database, engine } = await applied({ '2_b.sql': file(2) }, 'SELECT 1');
      await engine.migrate();
      await database.query(trigger(`BEFORE ${event}`, 'RETURN NULL;', 'schema_migrations_journal'));
      const folder = folderOf({ '1_a.sql': 'CREATE TABLE a ();', '2_b.sql': file(2), '3_c.sql': file(3) });
      const again = engineFor(database.url, folder);
      await failureOf(again.migrate(), 'history.not-kept');
      await database.query('DROP TRIGGER meddle ON schema_migrations_journal');
      expect(await again.migrate()).toMatchObject({ to: '3' });
    },
  );
});

describe('what rewrites the history', () => {
  it.each(onInsert.slice(0, 3))('baseline writes no row: %s', async (_, meddling) => {
    const { database, engine } = await applied({}, `DELETE FROM schema_migrations; ${meddling}`);
    await failureOf(engine.baseline(1n), 'history.not-kept');
    expect(await database.query('SELECT version FROM schema_migrations')).toEqual([]);
  });

  it('repair changes no row: a rule', async () => {
    const { database, engine } = await applied({ '1_a.sql': 'CREATE TABLE a (id int);' }, rule('UPDATE'));
    const before = await database.query('SELECT * FROM schema_migrations');
    const error = await failureOf(engine.repair({ acceptModified: [1n] }), 'history.not-kept');
    expect(error.message).toMatch(/rule meddle/);
    expect(await database.query('SELECT * FROM schema_migrations')).toEqual(before);
  });
});

it('a trigger that only writes elsewhere is no obstacle, and finds its tables on its own search path', async () => {
  const audit = `CREATE TABLE audit (version bigint);
    ${trigger('BEFORE INSERT OR DELETE', 'IF TG_OP = $q$DELETE$q$ THEN RETURN OLD; END IF; INSERT INTO audit VALUES (NEW.version); RETURN NEW;')}`;
  const { database, engine } = await applied(
    { '2_b.sql': 'CREATE TABLE b ();', '2_b.down.sql': 'DROP TABLE b;' },
    audit,
  );
  expect(await engine.migrate()).toMatchObject({ to: '2' });
  expect(await engine.rollback()).toMatchObject({ to: '1' });
  expect(await database.query('SELECT version::int AS version FROM audit')).toEqual([{ version: 2 }]);
});
