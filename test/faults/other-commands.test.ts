// rollback, repair and baseline, struck at every message (or a sample): each row and what it stands for change
// together or not at all, the report says which, and the same command again leaves what an undisturbed one does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import postgres from 'postgres';
import { afterAll, describe, expect, it } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { startCluster } from '../support/cluster.ts';
import { freshDatabase, query, type TestDatabase } from '../support/database.ts';
import { addFiles } from '../support/folder.ts';
import { startProxy } from '../support/proxy.ts';
import { adminUrl, serverMajor } from '../support/server.ts';
import { readLeftovers } from './five.ts';
import { choosePoints, nameOf, pooled, type Point } from './points.ts';

const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
addFiles(
  folder,
  Object.fromEntries(
    ['1', '2', '3', '4'].flatMap((n) => [
      [`${n}_t.sql`, `CREATE TABLE t${n} (id int);\nINSERT INTO t${n} VALUES (${n});\n`],
      [`${n}_t.down.sql`, `${n === '3' ? '-- amelia-db: no-transaction\nSELECT 1;\n' : ''}DROP TABLE t${n};\n`],
    ]),
  ),
);
afterAll(() => rmSync(folder, { recursive: true }));

const edit = (set: string) => `UPDATE schema_migrations SET ${set}`;

interface Command {
  readonly args: readonly string[];
  /** What is done to the migrated database before. */
  readonly before: string;
  /** How the same command ends when all of it is done already. */
  readonly again: number;
}

const commands: Readonly<Record<string, Command>> = {
  rollback: { args: ['rollback', '--to', '1'], before: 'SELECT 1', again: 0 },
  baseline: { args: ['baseline', '4'], before: 'DROP TABLE schema_migrations', again: 4 },
  'repair --accept-modified': {
    args: ['repair', '--accept-modified', '2', '--accept-modified', '4'],
    before: edit(`checksum = 'sha256:${'0'.repeat(64)}' WHERE version IN (2, 4)`),
    again: 4,
  },
};

interface Holds {
  readonly recorded: readonly string[];
  readonly tables: readonly string[];
}

/** The history, row by row, and the tables. */
async function readHolds(url: string): Promise<Holds> {
  const [there] = await query<{ there: boolean }>(url, `SELECT to_regclass('schema_migrations') IS NOT NULL AS there`);
  const rows = there?.there
    ? await query<{ row: string }>(
        url,
        `SELECT concat_ws(' ', version, name, checksum) AS row FROM schema_migrations ORDER BY version`,
      )
    : [];
  const tables = await query<{ name: string }>(
    url,
    `SELECT relname::text AS name FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]$' ORDER BY 1`,
  );
  return { recorded: rows.map(({ row }) => row), tables: tables.map(({ name }) => name) };
}

async function prepared({ before }: Command, admin: string): Promise<TestDatabase> {
  const database = await freshDatabase({ admin, onTestFinished: () => {} });
  const run = await amelia(['migrate', '-m', folder, '-d', database.url]);
  if (run.status !== 0) throw new Error(run.stderr);
  await query(database.url, before);
  return database;
}

async function isCalm(url: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    const { sessions, locks } = await readLeftovers(url);
    if (sessions === 0 && locks === 0) return;
  }
}

/** What is wrong with a run that was struck there. */
async function strike(
  command: Command,
  { kind, message }: Point,
  admin: string,
  call: (kind: string, port: number) => Promise<'go-on' | 'cut'>,
  ends: { readonly from: Holds; readonly to: Holds },
): Promise<string[]> {
  const database = await prepared(command, admin);
  const proxy = await startProxy(database.url, { onTestFinished: false });
  try {
    const args = (url: string) => [...command.args, '-m', folder, '-d', url, '--json'];
    const run = spawnAmelia(args(proxy.url), { timeoutMs: 60_000 });
    run.child.stdin.end();
    const kill = async (): Promise<'cut'> => {
      run.child.kill('SIGKILL');
      await run.result;
      return 'cut';
    };
    const when = kind.endsWith('before') ? 'before' : 'after';
    let called: Promise<unknown> = Promise.resolve();
    proxy.fail({
      what: kind.startsWith('cut')
        ? (kind as 'cut-before')
        : kind.startsWith('freeze')
          ? `freeze-${when}`
          : `call-${when}`,
      call: ({ clientPort }) => {
        const result = kind.startsWith('kill') ? kill() : call(kind, clientPort);
        called = result;
        return result;
      },
      at: () => proxy.counts().clientMessages === message,
    });
    if (kind.startsWith('freeze')) {
      let ended = false;
      void run.result.then(() => (ended = true));
      while (!ended && !proxy.struck()) await sleep(5);
      proxy.freeze();
      await Promise.race([sleep(100), run.result]);
      run.child.kill('SIGKILL');
    }
    const first = await run.result;
    await called;
    if (kind.startsWith('freeze')) proxy.cut();
    await isCalm(database.url);
    const holds = await readHolds(database.url);
    const wrong: string[] = [];
    const isDone = isDeepStrictEqual(holds, ends.to);
    if (command.args[0] === 'rollback') {
      // A version is recorded where its table is there.
      const recorded = holds.recorded.map((row) => `t${row.split(' ')[0]}`);
      const partly = recorded.filter((name) => name !== 't3');
      if (
        !isDeepStrictEqual(
          partly,
          holds.tables.filter((name) => name !== 't3'),
        )
      )
        wrong.push('a row without its table, or the reverse');
    } else if (!isDone && !isDeepStrictEqual(holds, ends.from)) {
      // The history may have been made, and nothing written into it.
      wrong.push('half of it is done');
    }
    if (first.status !== null) {
      if (first.status === 0 && !isDone) wrong.push('exit 0, and not done');
      if (first.status !== 0 && isDone && !/^(fast|immediate)/.test(kind)) wrong.push(`exit ${first.status}, and done`);
      const report = first.json<{ steps?: { version: string; state: string }[]; error?: { code: string } }>();
      if (report.error?.code === 'internal.bug') wrong.push('internal.bug');
      for (const { version, state } of report.steps ?? []) {
        const isRecorded = holds.recorded.some((row) => row.startsWith(`${version} `));
        if (state === (isRecorded ? 'rolled-back' : 'not-run')) wrong.push(`${version} is said to be ${state}`);
      }
    }
    const again = await amelia(args(database.url), { timeoutMs: 100_000 });
    if (again.status !== 0 && !(isDone && again.status === command.again))
      wrong.push(`again: exit ${again.status} ${again.stdout}`);
    if (!isDeepStrictEqual(await readHolds(database.url), ends.to)) wrong.push('not as after an undisturbed run');
    return wrong.map(
      (what) => `${nameOf({ kind, message })}: ${what} (first exit ${first.status}; then ${JSON.stringify(holds)})`,
    );
  } finally {
    await proxy.close();
    await database.drop();
  }
}

describe.each(Object.keys(commands))('%s', (name) => {
  const command = commands[name]!;

  async function struck(
    kinds: readonly string[],
    sample: number,
    admin: string,
    call: Parameters<typeof strike>[3],
    atOnce: number,
  ) {
    const database = await prepared(command, admin);
    const from = await readHolds(database.url);
    const proxy = await startProxy(database.url, { onTestFinished: false });
    const run = await amelia([...command.args, '-m', folder, '-d', proxy.url]);
    const messages = proxy.counts().clientMessages;
    const to = await readHolds(database.url);
    await proxy.close();
    await database.drop();
    expect(run.status, run.stderr).toBe(0);
    expect(to).not.toEqual(from);
    const points = choosePoints(kinds, messages, sample);
    return (await pooled(points, atOnce, (point) => strike(command, point, admin, call, { from, to }))).flat();
  }

  it('is all or nothing when the client is killed, cut off or frozen, or its backend terminated', async () => {
    const sql = postgres(adminUrl(), { max: 1, fetch_types: false });
    await sql`SELECT 1`;
    const call = async (_: string, port: number) => {
      await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ${port}`;
      return 'go-on' as const;
    };
    const kinds = ['kill', 'cut', 'freeze', 'terminate'].flatMap((kind) => [`${kind}-before`, `${kind}-after`]);
    expect(await struck(kinds, 6, adminUrl(), call, 3)).toEqual([]);
    await sql.end();
  }, 3_600_000);

  it('is all or nothing when the server restarts', async () => {
    const server = await startCluster({ major: serverMajor(), durable: true });
    const call = async (kind: string) => {
      await server.restart(kind.startsWith('fast') ? 'fast' : 'immediate');
      return 'cut' as const;
    };
    const kinds = ['fast-before', 'fast-after', 'immediate-before', 'immediate-after'];
    expect(await struck(kinds, 2, server.url, call, 1)).toEqual([]);
    await server.close();
  }, 3_600_000);
});
