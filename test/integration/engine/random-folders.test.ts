// Random folders of statements that succeed, fail and use savepoints: what is in flight at once ends as one
// statement at a time does, and as psql with ON_ERROR_STOP and --single-transaction for each file would:
// the same rows, history, report and exit status. AMELIA_TEST_FOLDERS is how many, AMELIA_TEST_SEED which.
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { AmeliaError } from '../../../src/errors.ts';
import { Session } from '../../../src/database/session.ts';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { addFiles } from '../../support/folder.ts';
import { chosenMajors } from '../../support/server.ts';

/** A statement as it stands in the file, and what does the same through a driver, where that is something else. */
interface Step {
  readonly text: string;
  readonly same?: string;
}

const table = fc.constantFrom('t0', 't1', 't2');
const savepoint = fc.constantFrom('s', 'r');
const number = fc.integer({ min: 1, max: 4 });
const of = (text: string): Step => ({ text: `${text};` });
const create = (name: string) =>
  of(`CREATE TABLE ${name} (id int PRIMARY KEY, up int REFERENCES ${name} DEFERRABLE INITIALLY DEFERRED)`);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: table.map((name) => of(create(name).text.slice(0, -1).replace('TABLE', 'TABLE IF NOT EXISTS'))),
  },
  { weight: 1, arbitrary: table.map(create) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(table, number)
      .map(([name, id]) => of(`INSERT INTO ${name} VALUES (${id}) ON CONFLICT DO NOTHING`)),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(table, number, number).map(([name, id, up]) => of(`INSERT INTO ${name} VALUES (${id}, ${up})`)),
  },
  { weight: 1, arbitrary: table.map((name) => of(`DROP TABLE ${name}`)) },
  { weight: 4, arbitrary: savepoint.map((name) => of(`SAVEPOINT ${name}`)) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom('ROLLBACK TO', 'rollback work to savepoint', 'ROLLBACK /* to */ TRANSACTION TO'),
        savepoint,
      )
      .map(([words, name]) => of(`${words} ${name}`)),
  },
  { weight: 1, arbitrary: savepoint.map((name) => of(`RELEASE ${name}`)) },
  {
    weight: 2,
    arbitrary: fc.tuple(table, fc.constantFrom('7', '8', 'x')).map(([name, id]) => ({
      text: `COPY ${name} (id) FROM stdin;\n${id}\n\\.`,
      same: `INSERT INTO ${name} (id) VALUES ('${id}')`,
    })),
  },
  {
    weight: 2,
    arbitrary: table.map((name) =>
      of(`DO $$ BEGIN INSERT INTO ${name} VALUES (9); PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END $$`),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        'SELECT 1',
        'SELECT 1 / 0',
        'SELEC 1',
        'RESET ALL',
        `SET work_mem = '1MB'`,
        'SET CONSTRAINTS ALL IMMEDIATE',
        'SET nothing = 1',
        'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
        `DO $$ BEGIN RAISE division_by_zero; END $$`,
      )
      .map(of),
  },
);
/** What most statements need to succeed. */
const ready = ['t0', 't1', 't2']
  .map((name) => of(create(name).text.slice(0, -1).replace('TABLE', 'TABLE IF NOT EXISTS')))
  .concat(of('SAVEPOINT s'), of('SAVEPOINT r'));
const file = fc
  .tuple(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 5 }))
  .map(([isReady, steps]) => (isReady ? [...ready, ...steps] : steps));
const folders = fc.array(file, { minLength: 1, maxLength: 5 });

/** How a run ended, whoever ran it. */
interface End {
  readonly states: readonly string[];
  readonly sqlstate: string | null;
  /** Of the statement that failed; null at COMMIT. */
  readonly line: number | null;
  readonly rows: unknown;
}

let database: TestDatabase;
let sql: postgres.Sql;
let folder: string;
beforeAll(async () => {
  database = await freshDatabase();
  sql = postgres(database.url, { max: 1, fetch_types: false, onnotice: () => {} });
  folder = mkdtempSync(join(tmpdir(), 'folders-'));
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function emptied(): Promise<void> {
  await sql.unsafe('DROP SCHEMA public CASCADE; CREATE SCHEMA public').simple();
}

/** Every table's rows, and the recorded versions. */
async function held(versions: () => Promise<unknown>): Promise<unknown> {
  const rows = await sql.unsafe(`SELECT relname::text AS name, (xpath('/table/row', query_to_xml(
      format('SELECT id, up FROM %I ORDER BY id', relname), true, false, '')))::text AS rows
    FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]$' ORDER BY 1`);
  return { rows: [...rows], versions: await versions() };
}

/** Statement by statement, to the first that fails. */
async function expected(files: readonly (readonly Step[])[]): Promise<End> {
  await emptied();
  const states = files.map(() => 'not-run');
  const applied: number[] = [];
  const end = async (sqlstate: string | null, line: number | null): Promise<End> => {
    return { states, sqlstate, line, rows: await held(() => Promise.resolve(applied)) };
  };
  for (const [at, steps] of files.entries()) {
    let line: number | null = 1;
    try {
      await sql.unsafe('BEGIN').simple();
      for (const { text, same } of steps) {
        await sql.unsafe(same ?? text).simple();
        line += text.split('\n').length;
      }
      line = null;
      await sql.unsafe('COMMIT').simple();
      states[at] = 'applied';
      applied.push(at + 1);
    } catch (error) {
      await sql.unsafe('ROLLBACK').simple();
      states[at] = 'rolled-back';
      return await end((error as { code: string }).code, line);
    } finally {
      await sql.unsafe('RESET ALL').simple();
    }
  }
  return await end(null, null);
}

async function migrated(): Promise<End> {
  await emptied();
  const end = await engineFor(database.url, folder)
    .migrate()
    .then(
      ({ steps }) => ({ steps, error: undefined }),
      (error: AmeliaError) => ({ steps: error.result?.steps ?? [], error }),
    );
  const { error } = end;
  const facts = error?.facts as { sqlstate?: string } | undefined;
  if (error && !(error instanceof AmeliaError && error.exitStatus === 1 && facts?.sqlstate)) throw error;
  const versions = async () =>
    (await sql.unsafe('SELECT version::int AS v FROM schema_migrations ORDER BY 1')).map(({ v }) => v as number);
  return {
    states: end.steps.map(({ state }) => state),
    sqlstate: facts?.sqlstate ?? null,
    line: error?.location?.line ?? null,
    rows: await held(versions),
  };
}

/** Has the next statement wait until every message before it is answered. */
function oneAtATime(): () => void {
  let last: Promise<unknown> = Promise.resolve();
  const original = Object.getOwnPropertyDescriptor(Session.prototype, 'send')!.value as Session['send'];
  const sending = vi.spyOn(Session.prototype, 'send').mockImplementation(function (this: Session, ...message) {
    const sent = original.apply(this, message);
    last = sent.answer.catch(() => {});
    return sent;
  });
  const waiting = vi.spyOn(Session.prototype, 'room').mockImplementation(async () => void (await last));
  return () => {
    sending.mockRestore();
    waiting.mockRestore();
  };
}

const newest = (await chosenMajors()).at(-1) === inject('major');
const asked = process.env.AMELIA_TEST_FOLDERS;
const numRuns = Number(asked ?? (newest ? 500 : 40));
const seed = Number(process.env.AMELIA_TEST_SEED ?? 20_261_125);

it(`${numRuns} random folders end as psql would end them, in flight and one at a time`, async () => {
  const ends = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(folders, async (files) => {
      rmSync(folder, { recursive: true });
      addFiles(
        folder,
        Object.fromEntries(files.map((steps, i) => [`${i + 1}_m.sql`, steps.map(({ text }) => text).join('\n')])),
      );
      const wanted = await expected(files);
      const kind = wanted.sqlstate ?? 'applied';
      ends.set(kind, (ends.get(kind) ?? 0) + 1);
      expect(await migrated()).toEqual(wanted);
      if (asked === undefined && ends.get(kind)! % 4 > 0) return; // one in four, to be quick
      const restore = oneAtATime();
      try {
        expect(await migrated()).toEqual(wanted);
      } finally {
        restore();
      }
    }),
    { numRuns, seed },
  );
  // The folders fail in more than one way, and not all.
  expect(ends.get('applied')).toBeGreaterThan(numRuns / 20);
  expect(ends.size).toBeGreaterThan(5);
}, 36_000_000);
