// An application that uses the library lives on, whatever fails: at each message and each event of each command
// in turn, and with files that cannot be read. Every call settles, with an AmeliaError where it fails, and nothing
// is left that nobody handled.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockKey, tryLock } from '../../src/database/lock.ts';
import { freshDatabase, query, type TestDatabase } from '../support/database.ts';
import { addFiles, folderOf } from '../support/folder.ts';
import { type ProxyFault, startProxy } from '../support/proxy.ts';
import { type Host, startHost, type Verb } from './host.ts';
import { choosePoints, nameOf, type Point } from './points.ts';

const files = {
  '1_accounts.sql': `CREATE TABLE accounts (id int PRIMARY KEY CHECK (id > 0), email text NOT NULL);
COPY accounts (id, email) FROM stdin;
1\ta@example.com
2\tb@example.com
\\.
`,
  '1_accounts.down.sql': 'DROP TABLE accounts;',
  '2_index.sql': `-- amelia-db: no-transaction
CREATE INDEX CONCURRENTLY accounts_email ON accounts (email);
UPDATE accounts SET email = upper(email);
`,
  '2_index.down.sql': '-- amelia-db: no-transaction\nDROP INDEX CONCURRENTLY accounts_email;',
  '3_view.sql': 'CREATE VIEW emails AS SELECT email FROM accounts;',
  '3_view.down.sql': 'DROP VIEW emails;',
};

interface Scene {
  readonly name: string;
  readonly verb: Verb;
  readonly args?: readonly unknown[];
  /** What the database is when the command begins. Default: all is applied. */
  readonly begins?: 'empty' | 'modified' | 'locked';
  /** Whose messages are struck. Default: the database's. */
  readonly struck?: 'scratch';
}

const scenes: readonly Scene[] = [
  { name: 'migrate', verb: 'migrate', begins: 'empty' },
  { name: 'migrate with nothing pending', verb: 'migrate' },
  { name: 'migrate while another has the lock', verb: 'migrate', args: [{ lockWaitMs: 700 }], begins: 'locked' },
  { name: 'dryRun', verb: 'dryRun', begins: 'empty' },
  { name: 'rollback', verb: 'rollback', args: [{ to: 0n }] },
  { name: 'status', verb: 'status' },
  { name: 'baseline', verb: 'baseline', args: [3n], begins: 'empty' },
  {
    name: 'repair',
    verb: 'repair',
    args: [{ acceptModified: [1n], resolve: [{ version: 3n, as: 'pending' }] }],
    begins: 'modified',
  },
  { name: 'wait for a database', verb: 'wait', args: [{ timeoutMs: 0 }] },
  { name: 'wait for the head', verb: 'wait', args: [{ target: 'head', timeoutMs: 0 }] },
  { name: 'doctor', verb: 'doctor' },
  { name: 'verify', verb: 'verify', args: [{ live: true, data: true }] },
  { name: 'verify by its scratch database', verb: 'verify', struck: 'scratch' },
];

const kinds = ['cut-before', 'cut-after', 'fail', 'terminate', 'abort', 'unreadable'] as const;
const sample = 8;

/** A database in which all is applied, to be copied. */
let applied: TestDatabase;

beforeAll(async () => {
  applied = await freshDatabase();
  const host = await startHost();
  const migrations = mkdtempSync(join(tmpdir(), 'migrations-'));
  addFiles(migrations, files);
  expect(await host.run({ verb: 'migrate', settings: { databaseUrl: applied.url, migrations } })).toMatchObject({
    settled: 'resolved',
  });
  await host.end();
  rmSync(migrations, { recursive: true });
});
afterAll(() => applied.drop());

describe('whatever fails', () => {
  it.each(scenes)('of $name', { timeout: 3_600_000 }, async (scene) => {
    const host = await startHost();
    const migrations = folderOf(files);
    const undisturbed = await strike(host, scene, migrations);
    expect(undisturbed.bad).toEqual([]);
    const all = kinds.map((kind) => `${scene.name}/${kind}`);
    const points = [
      ...choosePoints(all, undisturbed.messages, sample),
      ...choosePoints([`${scene.name}/event`], undisturbed.events, 2),
      { kind: `${scene.name}/aborted before`, message: 0 },
    ];

    const strikes = [];
    for (const point of points) strikes.push(await strike(host, scene, migrations, point));

    expect(strikes.flatMap(({ bad }) => bad)).toEqual([]);
    // It has no reason to stay, and nothing came late.
    expect(await host.end()).toBe(0);
    expect(host.takeUnhandled()).toEqual([]);
    console.log(`${scene.name}: ${undisturbed.messages} messages, ${points.length} points, ${describeEnds(strikes)}`);
  });
});

describe('a file that cannot be read', () => {
  const asAnother = process.getuid?.() === 0 ? { uid: 65534 } : {};

  it.each(['a link to none', 'a folder', 'a pipe', 'a link to a device', 'of another user'] as const)(
    '%s, before each command',
    async (what) => {
      const host = await startHost(what === 'of another user' ? asAnother : {});
      const passed: string[] = [];
      for (const scene of scenes.filter(({ begins, struck }) => begins !== 'locked' && struck === undefined)) {
        const migrations = folderOf(files);
        chmodSync(migrations, 0o755);
        makeUnreadable(join(migrations, scene.verb === 'rollback' ? '1_accounts.down.sql' : '1_accounts.sql'), what);
        const { settled, bad } = await strike(host, scene, migrations);
        expect(bad).toEqual([]);
        if (settled === 'resolved') passed.push(scene.name);
        else expect(settled).toBe(/^a (folder|pipe)$/.test(what) ? 'discover.not-a-file' : 'discover.unreadable');
      }
      expect(await host.end()).toBe(0);
      expect(host.takeUnhandled()).toEqual([]);
      // They read no file.
      expect(passed).toEqual(['wait for a database', 'doctor']);
    },
  );
});

/** Whether the signal is raised, and when. */
interface Struck {
  readonly point: string;
  readonly settled: string;
  readonly messages: number;
  readonly events: number;
  readonly bad: readonly string[];
}

/** Runs the command on a database of its own; what is not as promised is `bad`. */
async function strike(host: Host, scene: Scene, migrations: string, point?: Point): Promise<Struck> {
  const cleaning: (() => unknown)[] = [];
  const onTestFinished = (clean: () => unknown) => void cleaning.push(clean);
  const name = point ? nameOf(point) : `${scene.name}/undisturbed`;
  try {
    const clauses = scene.begins === 'empty' ? {} : { clauses: `TEMPLATE ${applied.name} STRATEGY file_copy` };
    const database = await freshDatabase({ ...clauses, onTestFinished });
    if (scene.begins === 'modified')
      await database.query(`UPDATE schema_migrations SET checksum = 'sha256:0' || version`);
    if (scene.begins === 'locked') {
      const holder = postgres(database.url, { max: 1, fetch_types: false });
      onTestFinished(() => holder.end({ timeout: 0.2 }));
      await holder.unsafe(tryLock(lockKey({ schema: 'public', table: 'schema_migrations' }))).simple();
      await holder.unsafe('DELETE FROM schema_migrations WHERE version = 3').simple();
    }
    const scratch = scene.verb === 'verify' ? await freshDatabase({ onTestFinished }) : undefined;
    const proxy = await startProxy((scene.struck && scratch ? scratch : database).url, { onTestFinished });
    const kind = point?.kind.split('/')[1];
    if (point && kind !== undefined)
      proxy.fail({ at: point.message, ...faultOf(kind, host, migrations, database.admin) });
    const { settled, events } = await host.run({
      verb: scene.verb,
      args: scene.args ?? [],
      settings: {
        databaseUrl: scene.struck ? database.url : proxy.url,
        migrations,
        ...(scratch && { scratchUrl: scene.struck ? proxy.url : scratch.url }),
      },
      ...(kind === 'event' && point && { abortAtEvent: point.message }),
      ...(kind === 'aborted before' && { abortFirst: true }),
    });
    const bad = host.takeUnhandled();
    if (!/^[a-z]+\.[a-z-]+$|^resolved$/.test(settled) || settled === 'internal.bug')
      bad.push(`it ended as: ${settled}`);
    const { clientMessages: messages } = proxy.counts();
    return { point: name, settled, messages, events, bad: bad.map((each) => `${name}: ${each}`) };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  } finally {
    for (const clean of cleaning.reverse()) await clean();
    restore(migrations);
  }
}

function faultOf(kind: string, host: Host, migrations: string, admin: string): Pick<ProxyFault, 'what' | 'call'> {
  switch (kind) {
    case 'cut-before':
    case 'cut-after':
    case 'fail':
      return { what: kind };
    case 'terminate':
      return {
        what: 'call-before',
        call: async ({ clientPort }) => {
          await query(
            admin,
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ${clientPort}`,
          );
          return 'go-on';
        },
      };
    case 'abort':
      return {
        what: 'call-before',
        call: async () => {
          await host.abort();
          return 'go-on';
        },
      };
    default:
      return {
        what: 'call-before',
        call: () => {
          for (const name of Object.keys(files)) makeUnreadable(join(migrations, name), 'a link to none');
          return Promise.resolve('go-on');
        },
      };
  }
}

function makeUnreadable(
  path: string,
  what: 'a link to none' | 'a folder' | 'a pipe' | 'a link to a device' | 'of another user',
) {
  if (what === 'of another user') return chmodSync(path, 0);
  rmSync(path);
  if (what === 'a link to none') symlinkSync('/nonexistent', path);
  else if (what === 'a link to a device') symlinkSync('/dev/zero', path);
  else if (what === 'a folder') mkdirSync(path);
  else execFileSync('mkfifo', [path]);
}

function restore(migrations: string): void {
  for (const name of Object.keys(files)) rmSync(join(migrations, name), { recursive: true, force: true });
  addFiles(migrations, files);
}

function describeEnds(strikes: readonly Struck[]): string {
  const ends = new Map<string, number>();
  for (const { settled } of strikes) ends.set(settled, (ends.get(settled) ?? 0) + 1);
  return [...ends].map(([end, times]) => `${times} × ${end}`).join(', ');
}
