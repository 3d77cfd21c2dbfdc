// Operators, functions, types and relations that a stranger has planted where the search path finds them: no statement
// of ours calls one. What is planted comes from the statements themselves, as a proxy records them.
import { parse } from 'libpg-query';
import { expect, it } from 'vitest';
import { freshDatabase, query, type TestDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';
import { startProxy } from '../../support/proxy.ts';

/** What the schema itself calls is its own: made before anything is planted. */
const before = {
  '1_first.sql': `CREATE TABLE public.a (id int PRIMARY KEY, code varchar(10) UNIQUE, status varchar(20) NOT NULL CHECK (status IN ('a', 'b')));
CREATE TABLE public.b (id bigint PRIMARY KEY, a_code varchar(10) REFERENCES public.a (code) ON UPDATE CASCADE ON DELETE SET NULL,
  a_id int DEFAULT 1 REFERENCES public.a (id) ON DELETE SET DEFAULT, n numeric(10,2), note text DEFAULT 'none');
CREATE UNIQUE INDEX b_note ON public.b (note) WHERE a_id > 3;
ALTER TABLE public.b ADD CONSTRAINT b_positive CHECK (n > 0) NOT VALID;
ALTER TABLE public.b ADD CONSTRAINT b_again FOREIGN KEY (a_code) REFERENCES public.a (code) NOT VALID;
INSERT INTO public.a VALUES (1, 'one', 'a');`,
};
const second = {
  '2_second.sql': 'CREATE TABLE public.c (id pg_catalog.int4 PRIMARY KEY);',
  '2_second.down.sql': 'DROP TABLE public.c;',
};
const third = {
  '3_third.sql': `-- amelia-db: no-transaction
CREATE TABLE public.d (id pg_catalog.int4);
CREATE INDEX CONCURRENTLY d_id ON public.d (id);
INSERT INTO public.d VALUES (1);`,
};
const fails = { '4_fails.sql': '-- amelia-db: no-transaction\nCREATE TABLE public.e ();\nDROP TABLE public.nothing;' };
const mended = { '4_fails.sql': '-- amelia-db: no-transaction\nCREATE TABLE public.e ();\nCREATE TABLE public.f ();' };
const slow = { '5_slow.sql': 'ALTER TABLE public.a ADD COLUMN more pg_catalog.int4;' };

/** Every command that asks the database anything; `url` is recorded, `db` is not. What each came to, in words. */
async function everyCommand(url: string, db: TestDatabase): Promise<string[]> {
  const folder = folderOf(before);
  const told: string[] = [];
  const engine = engineFor(url, folder);
  const tell = async (name: string, run: Promise<unknown>): Promise<void> => {
    const end = await run.then(
      () => 'ok',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );
    told.push(`${name}: ${end}`);
  };
  addFiles(folder, { ...second, ...third });
  await tell('dry run', engine.dryRun());
  await tell('migrate', engine.migrate());
  await tell('nothing to do', engine.migrate());
  addFiles(folder, fails);
  await tell('a failure', engine.migrate());
  await tell('status', engine.status());
  await tell('repair', engine.repair({ resolve: [{ version: 4n, as: 'pending' }] }));
  await db.query('DROP TABLE IF EXISTS public.e');
  addFiles(folder, mended);
  await tell('resume', engine.migrate());
  addFiles(folder, slow);
  // A lock in the way, long enough for somebody to look who holds it; and a second run, which waits for the first.
  const holder = query(db.url, 'BEGIN; LOCK TABLE public.a; SELECT pg_catalog.pg_sleep(3); COMMIT');
  await db.query('SELECT pg_catalog.pg_sleep(0.5)');
  const both = [engine, engineFor(url, folder)].map(async (each) => await each.migrate());
  await tell('blocked, and waiting', Promise.all(both));
  await holder;
  await tell('wait', engine.wait({ target: 'head', timeoutMs: 5000 }));
  const { checks } = await engine.doctor();
  const known = checks.filter(({ name }) => name === 'answer' || name === 'history');
  told.push(`doctor: ${known.map(({ verdict }) => verdict).join()}`);
  const { problems, summary } = await engine.verify({ live: true, data: true });
  told.push(`verify: ${problems.length} problems, ${summary.proven} of ${summary.constraints} proven`);
  addFiles(folder, { '5_slow.down.sql': 'ALTER TABLE public.a DROP COLUMN more;' });
  await tell('rollback', engine.rollback());
  await tell('baseline', engineFor(url, folder, { historyTable: 'other_history' }).baseline(2n));
  return told;
}

interface Names {
  readonly operators: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
}

/** The operators and functions of these texts, those in the texts of DO and of dynamic queries included. */
async function namesIn(texts: ReadonlySet<string>): Promise<Names> {
  const names = { operators: new Set(['=', '<', '>', '<>']), functions: new Set<string>() };
  const last = (list: unknown): string => String((list as { String: { sval: string } }[]).at(-1)?.String.sval);
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'A_Expr') names.operators.add(last((value as { name: unknown }).name));
      if (key === 'FuncCall') names.functions.add(last((value as { funcname: unknown }).funcname));
      visit(value);
    }
  };
  for (const text of texts) {
    visit(await parse(text));
    // Of what is in quotes, whatever looks like an operator or a call: rather too much than too little.
    for (const [quoted] of text.matchAll(/\$(\w*)\$[^]*?\$\1\$|'(?:[^']|'')*'/g)) {
      for (const [, name] of quoted.matchAll(/\b([a-z_0-9]+)\s*\(/g)) names.functions.add(name!);
      for (const [operator] of quoted.matchAll(/[-+*/<>=~!@#%^&|]+/g)) {
        if (!/--|\/\*/.test(operator)) names.operators.add(operator);
      }
    }
  }
  return names;
}

const types = [
  ...['text', 'varchar', 'name', '"char"', 'int2', 'int4', 'int8', 'float8', 'numeric', 'oid', 'regclass'],
  ...['timestamptz', 'interval', 'json', 'jsonb', 'bool'],
];

/**
 * Plants each operator for each pair of types, each function of pg_catalog with its own types and as taking text or
 * integers where it takes anything, types and relations of the names of ours. A call moves a sequence, which no
 * rollback moves back.
 */
async function plant(db: TestDatabase, { operators, functions }: Names): Promise<void> {
  const list = (values: Iterable<string>): string =>
    `ARRAY[${[...values].map((value) => `'${value.replaceAll("'", "''")}'`).join(', ')}]::text[]`;
  await db.query(`SET search_path = pg_catalog;
CREATE SCHEMA planted; CREATE SEQUENCE planted.calls;
CREATE TABLE planted.bodies (id serial, what text);
DO $plant$
DECLARE
  l text; r text; op text; f record; args text; number int; planted int := 0;
  make CONSTANT text := 'CREATE FUNCTION public.%s(%s) RETURNS %s LANGUAGE plpgsql AS $body$BEGIN PERFORM pg_catalog.setval(''planted.calls'', %s); RETURN NULL; END$body$';
BEGIN
  FOREACH l IN ARRAY ${list(types)} LOOP FOREACH r IN ARRAY ${list(types)} LOOP
    INSERT INTO planted.bodies (what) VALUES ('operator ' || l || ', ' || r) RETURNING id INTO number;
    EXECUTE format(make, 'planted_operator', format('pg_catalog.%s, pg_catalog.%s', l, r), 'pg_catalog.bool', number);
    FOREACH op IN ARRAY ${list(operators)} LOOP
      BEGIN
        EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = pg_catalog.%s, RIGHTARG = pg_catalog.%s, FUNCTION = public.planted_operator)', op, l, r);
        planted := planted + 1;
      EXCEPTION WHEN syntax_error OR invalid_function_definition OR duplicate_function THEN NULL;
      END;
    END LOOP;
  END LOOP; END LOOP;
  FOR f IN SELECT DISTINCT p.proname, t.args FROM pg_proc p CROSS JOIN LATERAL (
      SELECT string_agg(format_type(CASE WHEN y.typtype = 'p' THEN c.instead ELSE y.oid END, NULL), ', ' ORDER BY a.n) AS args, c.instead
      FROM (VALUES ('text'::regtype::oid), ('int4'::regtype::oid), ('name'::regtype::oid), ('jsonb'::regtype::oid)) c(instead)
      LEFT JOIN unnest(p.proargtypes::oid[]) WITH ORDINALITY a(type, n) ON true LEFT JOIN pg_type y ON y.oid = a.type GROUP BY c.instead) t
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY (${list(functions)}) LOOP
    INSERT INTO planted.bodies (what) VALUES (format('function %s(%s)', f.proname, f.args)) RETURNING id INTO number;
    BEGIN
      EXECUTE format(make, quote_ident(f.proname), coalesce(f.args, ''), 'pg_catalog.text', number);
      planted := planted + 1;
    EXCEPTION WHEN duplicate_function OR invalid_function_definition OR feature_not_supported OR syntax_error THEN NULL;
    END;
  END LOOP;
  ASSERT planted > 1000;
END $plant$;
${types
  .filter((type) => !type.startsWith('"'))
  .map((type) => `CREATE DOMAIN public.${type} AS pg_catalog.varchar(1);`)
  .join('\n')}
CREATE FUNCTION planted.view() RETURNS pg_catalog.int4 LANGUAGE plpgsql AS $$BEGIN PERFORM pg_catalog.setval('planted.calls', 1000000); RETURN 1; END$$;
${[
  'class',
  'namespace',
  'attribute',
  'constraint',
  'index',
  'type',
  'proc',
  'roles',
  'locks',
  'stat_activity',
  'depend',
  'database',
]
  .map((name) => `CREATE VIEW public.pg_${name} AS SELECT planted.view() AS oid;`)
  .join('\n')}`);
}

it.each(['public', 'public, pg_catalog'])(
  'are never called by a superuser’s commands, the search path being %s',
  { timeout: 600_000 },
  async (searchPath) => {
    // Given what the commands send to a database where nothing is planted
    const clean = await freshDatabase();
    await engineFor(clean.url, folderOf(before)).migrate();
    const texts = new Set<string>();
    const proxy = await startProxy(clean.url, {
      fault: { what: 'cut-before', at: ({ type, text }) => (type === 'Q' && texts.add(text), false) },
    });
    const expected = await everyCommand(proxy.url, clean);
    const names = await namesIn(texts);
    expect(names.functions.size).toBeGreaterThan(30);
    expect(names.operators.size).toBeGreaterThan(10);
    // Also of who looks at a blocked statement, and of who waits for the lock.
    expect([...names.functions]).toEqual(expect.arrayContaining(['pg_blocking_pids', 'pg_try_advisory_lock']));

    // When all of it is planted on the path of another
    const db = await freshDatabase();
    await engineFor(db.url, folderOf(before)).migrate();
    await plant(db, names);
    await db.query(`ALTER DATABASE ${db.name} SET search_path = ${searchPath}`);
    const told = await everyCommand(db.url, db);

    // Then each command comes to the same, and nothing was called
    const called = await db.query(
      `SET search_path = pg_catalog; SELECT s.last_value AS n, b.what FROM planted.calls s LEFT JOIN planted.bodies b ON b.id = s.last_value WHERE s.is_called`,
    );
    expect(called).toEqual([]);
    expect(told).toEqual(expected);
    expect(told.filter((line) => /session\.|internal|undefined/.test(line))).toEqual([]);
  },
);
