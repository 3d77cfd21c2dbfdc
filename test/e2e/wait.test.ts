// `wait` as a pod runs it: what is printed, the exit status, signals, and many at once.
import { describe, expect, it } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { at, freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { startServer } from '../support/server.ts';

const two = { '001_a.sql': 'SELECT 1;', '002_b.sql': 'SELECT 2;' };

describe('wait', () => {
  it('gives up when its time is over, and says what it saw last', async () => {
    const database = await freshDatabase();
    const folder = folderOf(two);
    const nowhere = 'postgresql://u:hunter2@127.0.0.1:1/d';
    const unreachable = await amelia(['wait', '--timeout', '300ms', '-d', nowhere]);
    expect(unreachable).toMatchObject({ status: 7, stdout: '' });
    expect(unreachable.stderr).toMatch(
      /^waiting · cannot reach 127\.0\.0\.1:1: nothing listens there \(connection refused\)\nerror\[wait\.timeout\]: gave up after \d\.\d s: cannot reach 127\.0\.0\.1:1: /,
    );
    expect(unreachable.stderr).not.toContain('hunter2');
    await amelia(['migrate', '--to', '1', '-m', folder, '-d', database.url]);
    const behind = await amelia(['wait', '--for', 'head', '--timeout', '0s', '-m', folder, '-d', database.url]);
    expect(behind).toMatchObject({ status: 7, stdout: '' });
    expect(behind.stderr).toMatch(
      /gave up after \d(\.\d)? s: the database is at 1 · not applied: 2\n {2}hint: no run goes on: amelia-db migrate/,
    );
    const json = await amelia(['wait', '--for', '2', '--timeout', '0s', '-d', database.url, '--json']);
    expect(json.json()).toMatchObject({
      schema: 1,
      command: 'wait',
      ok: false,
      exitStatus: 7,
      database: { name: database.name },
      target: '2',
      ahead: false,
      seen: { state: 'behind', current: '1', missing: ['2'], unfinished: [], running: null },
      error: { code: 'wait.timeout' },
    });
  });

  it('says when the database is ahead, as status does, and exits 0', async () => {
    const database = await freshDatabase();
    await amelia(['migrate', '-m', folderOf(two), '-d', database.url]);
    const old = folderOf({ '001_a.sql': 'SELECT 1;' });
    const on = ['-m', old, '-d', database.url];
    const waited = await amelia(['wait', '--for', 'head', ...on]);
    expect(waited).toMatchObject({ status: 0, stderr: '' });
    expect(waited.stdout).toContain('is at 002: the database is ahead of 001');
    expect((await amelia(['wait', '--for', 'head', '--json', ...on])).json()).toMatchObject({
      ok: true,
      exitStatus: 0,
      target: '1',
      ahead: true,
      seen: { state: 'reached', current: '2' },
    });
    expect(await amelia(['wait', '--for', 'head', '--quiet', ...on])).toMatchObject({ status: 0, stdout: '' });
    const status = await amelia(['status', ...on]);
    expect(status.stdout).toContain('the database is ahead of this folder: 002 was applied from a newer one');
    expect((await amelia(['status', '--json', ...on])).json()).toMatchObject({ ahead: ['2'], current: '2' });
    expect((await amelia(['status', '--json', '-m', folderOf(two), '-d', database.url])).json()).toMatchObject({
      ahead: [],
    });
  });

  it('does not wait with a wrong password: exit 5', async () => {
    const { url } = await freshDatabase();
    const { status, stderr } = await amelia(['wait', '-d', at(url, { password: 'wrong-one' })]);
    expect(status).toBe(5);
    expect(stderr).toContain('error[session.authentication]');
    expect(stderr).not.toContain('wrong-one');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %d', async (signal, status) => {
    const run = spawnAmelia(['wait', '--timeout', '1h', '-d', 'postgresql://u@127.0.0.1:1/d']);
    await run.shows('waiting');
    run.child.kill(signal);
    expect(await run.result).toMatchObject({ status, stdout: '' });
  });

  it('ten wait for a server that starts, and then for the one that migrates', async () => {
    const server = await startServer();
    await server.stop();
    const folder = folderOf({ ...two, '003_c.sql': 'SELECT pg_sleep(1);' });
    const waiting = Array.from({ length: 10 }, () =>
      spawnAmelia(['wait', '--for', 'head', '-m', folder, '-d', server.url]),
    );
    await Promise.all(waiting.map((run) => run.shows('waiting · cannot reach')));
    await server.start();
    await Promise.all(waiting.map((run) => run.shows('waiting · no migration is applied')));
    expect(await amelia(['migrate', '-m', folder, '-d', server.url])).toMatchObject({ status: 0 });
    const results = await Promise.all(waiting.map((run) => run.result));
    expect(results.map(({ status, stdout }) => [status, /is at 003 · after/.test(stdout)])).toEqual(
      results.map(() => [0, true]),
    );
  });
});
