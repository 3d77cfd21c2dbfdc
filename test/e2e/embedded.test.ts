// The embedded server: a first run, a second, kills at any moment, two at once.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { addFiles, folderOf } from '../support/folder.ts';
import { soon } from '../support/soon.ts';

describe('--embedded', () => {
  it("applies Amelia's schema to a new folder, and has nothing to do the second time", async () => {
    const dir = join(folderOf(), 'deep', 'db');
    const first = await amelia(['migrate', '--embedded', dir]);
    expect(first).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/applied 1 migration .* at 001/) as string,
    });
    const second = await amelia(['migrate', '--embedded', dir]);
    expect(second).toMatchObject({ status: 0, stdout: expect.stringMatching(/nothing to do: .* at 001/) as string });
  });

  it('keeps its data in .amelia-db where no folder is named', async () => {
    const cwd = folderOf({ 'migrations/1_t.sql': 'CREATE TABLE t ();' });
    expect(await amelia(['migrate', '--embedded'], { cwd })).toMatchObject({ status: 0 });
    expect(readdirSync(cwd).sort()).toEqual(['.amelia-db', 'migrations']);
    expect(await amelia(['status', '--check'], { cwd, env: { AMELIA_DB_EMBEDDED: '.amelia-db' } })).toMatchObject({
      status: 0,
    });
  });

  it('loads a dump with inline COPY data, runs non-transactional files, and rolls back what fails', async () => {
    const dir = join(folderOf(), 'db');
    const folder = folderOf({
      '001_dump.sql': readFileSync('test/conformance/pg_dump/15.sql'),
      '002_more.sql':
        '-- amelia-db: no-transaction\nCREATE INDEX CONCURRENTLY more ON workflows (failure_reason);\nVACUUM workflows;',
      '003_bad.sql': 'CREATE TABLE half (id int PRIMARY KEY);\nCOPY half FROM stdin;\n1\n1\n\\.\n',
    });
    const on = ['-m', folder, '--embedded', dir];
    const failed = await amelia(['migrate', ...on, '--json']);
    expect(failed.json()).toMatchObject({
      exitStatus: 1,
      to: '2',
      error: { sqlstate: '23505', line: 2, version: '3' },
      steps: [{ state: 'applied' }, { state: 'applied' }, { state: 'rolled-back' }],
    });
    addFiles(folder, { '003_bad.sql': 'SELECT count(*)::int / 2 FROM events;' });
    expect(await amelia(['migrate', ...on])).toMatchObject({ status: 0 });
  });

  it('reopens cleanly after kill -9, wherever that hits', async () => {
    const folder = folderOf(
      Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [
          `${i + 1}_t.sql`,
          `CREATE TABLE t${i + 1} AS SELECT g FROM generate_series(1, 20000) g;`,
        ]),
      ),
    );
    const dir = join(folderOf(), 'db');
    const on = ['-m', folder, '--embedded', dir];
    // At the very beginning, while the cluster is made, and then after ever more migrations.
    for (const delay of [150, 300, 450]) {
      const running = spawnAmelia(['migrate', ...on]);
      await new Promise((resolve) => setTimeout(resolve, delay));
      running.child.kill('SIGKILL');
      await running.result;
    }
    for (const version of [2, 5, 9]) {
      const running = spawnAmelia(['migrate', ...on, '--log', 'json']);
      await running.shows(new RegExp(`"migration-started".*"version":"${version}"`)).catch(() => {});
      running.child.kill('SIGKILL');
      await running.result;
    }
    const { status, stderr } = await amelia(['migrate', ...on]);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const after = await amelia(['status', '--check', ...on, '--json']);
    expect(after.json()).toMatchObject({
      ok: true,
      current: '12',
      summary: { applied: 12, pending: 0, unfinished: 0 },
    });
    // Nothing of the killed processes stays behind.
    expect(readdirSync(dir)).toEqual(['data']);
  });

  it('stops at once on SIGTERM although a statement runs, and the migration is rolled back', async () => {
    const folder = folderOf({
      '1_t.sql': 'CREATE TABLE t ();',
      '2_long.sql': 'CREATE TABLE u ();\nSELECT pg_sleep(600);',
    });
    const on = ['-m', folder, '--embedded', join(folderOf(), 'db')];
    const running = spawnAmelia(['migrate', ...on, '--log', 'json']);
    await running.shows(/"statement-started".*"index":2/);
    const begun = performance.now();
    running.child.kill('SIGTERM');
    const { status, stderr } = await running.result;
    expect(performance.now() - begun).toBeLessThan(soon(2000));
    expect({ status, stderr }).toMatchObject({ status: 143 });
    const after = await amelia(['status', ...on, '--json']);
    expect(after.json()).toMatchObject({ current: '1', summary: { applied: 1, pending: 1 } });
  });

  it('is for one process at a time: the second waits, and says for whom when it may wait no longer', async () => {
    const folder = folderOf({ '1_slow.sql': 'SELECT pg_sleep(3);' });
    const on = ['-m', folder, '--embedded', join(folderOf(), 'db')];
    const first = spawnAmelia(['migrate', ...on, '--log', 'json']);
    await first.shows('"statement-started"');
    const impatient = await amelia(['migrate', ...on, '--lock-wait', '200ms']);
    expect(impatient).toMatchObject({
      status: 6,
      stderr: expect.stringContaining(`process ${first.child.pid}`) as string,
    });
    const patient = await amelia(['migrate', ...on]);
    expect(patient).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to do') as string });
    expect(await first.result).toMatchObject({ status: 0 });
  });

  it('proves in memory: no temporary folder is needed to verify', async () => {
    const on = ['--embedded', join(folderOf(), 'db')];
    const env = { TMPDIR: '/nonexistent' };
    expect(await amelia(['migrate', ...on], { env })).toMatchObject({ status: 0 });
    expect(await amelia(['verify', ...on], { env })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('35 of 35 constraints proven') as string,
    });
  });
});
