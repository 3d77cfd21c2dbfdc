// What docs/kubernetes.md says of pods, with a process for each.
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { amelia, spawnAmelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { addFiles, folderOf } from '../support/folder.ts';

/** The log that the page shows. */
const [, shown = ''] = /```text\n([^]*?)```/.exec(readFileSync('docs/kubernetes.md', 'utf8')) ?? [];
const first = { '1_users.sql': 'CREATE TABLE users (id int PRIMARY KEY);' };
const second = { ...first, '2_email.sql': 'ALTER TABLE users ADD email text;' };

it('pods that wait begin when the job is done, and none before', async () => {
  const database = await freshDatabase();
  const folder = folderOf({ ...first, '2_long.sql': 'SELECT pg_sleep(2); CREATE TABLE last ();' });
  const on = ['-m', folder, '-d', database.url];
  const pods = Array.from({ length: 8 }, () => {
    const pod = spawnAmelia(['wait', '--for', 'head', ...on]);
    const begun = pod.result.then(async ({ status, stderr }) => {
      const [row] = await database.query<{ last: string | null }>(`SELECT to_regclass('last') AS last`);
      return { status, last: row?.last, stderr: status === 0 ? '' : stderr };
    });
    return { pod, begun };
  });
  await Promise.all(pods.map(({ pod }) => pod.shows('waiting')));
  expect(await amelia(['migrate', ...on])).toMatchObject({ status: 0 });
  expect(await Promise.all(pods.map(({ begun }) => begun))).toEqual(
    pods.map(() => ({ status: 0, last: 'last', stderr: '' })),
  );
});

it('a migration that fails can be tried again: nothing stays of it, new pods go on waiting, old pods may start', async () => {
  const database = await freshDatabase();
  const [old, broken] = [
    folderOf(first),
    folderOf({ ...first, '2_email.sql': 'CREATE TABLE half ();\nALTER TABLE nobody ADD email text;' }),
  ];
  const at = ['-d', database.url];
  expect(await amelia(['migrate', '-m', old, ...at])).toMatchObject({ status: 0 });
  for (let tries = 0; tries < 3; tries++) {
    const { status, stderr } = await amelia(['migrate', '-m', broken, ...at]);
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('rolled back: 2') as string,
    });
    expect(stderr.replaceAll(broken, '/migrations')).toContain(shown);
  }
  expect(await database.query(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
  expect(await amelia(['wait', '--for', 'head', '--timeout', '1s', '-m', broken, ...at])).toMatchObject({
    status: 7,
    stderr: expect.stringContaining('not applied: 2') as string,
  });
  expect(await amelia(['wait', '--for', 'head', '-m', old, ...at])).toMatchObject({ status: 0 });
  addFiles(broken, second);
  expect(await amelia(['migrate', '-m', broken, ...at])).toMatchObject({ status: 0 });
});

it('an old pod beside a newer schema may start when it waits, and may not when it migrates', async () => {
  const database = await freshDatabase();
  const [old, newer] = [folderOf(first), folderOf(second)];
  const at = ['-d', database.url];
  expect(await amelia(['migrate', '-m', newer, ...at])).toMatchObject({ status: 0 });

  expect(await amelia(['wait', '--for', 'head', '-m', old, ...at])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('the database is ahead of 1') as string,
  });
  const migrate = await amelia(['migrate', '-m', old, ...at]);
  expect(migrate.status).toBe(4);
  expect(migrate.stderr).toMatch(/error\[plan\.missing\].*\n.*nothing was run · the database is at 2/);
  expect((await amelia(['status', '-m', old, ...at])).stdout).toMatch(/the database is ahead/);
  expect(await amelia(['status', '--check', '-m', old, ...at])).toMatchObject({ status: 7 });
});

it('a ConfigMap is a folder of migrations: names that lead to a folder of this moment', async () => {
  const database = await freshDatabase();
  const volume = folderOf();
  const moment = '..2026_11_22_10_00_00.123456789';
  addFiles(volume, Object.fromEntries(Object.entries(second).map(([name, text]) => [join(moment, name), text])));
  symlinkSync(moment, join(volume, '..data'));
  for (const name of Object.keys(second)) symlinkSync(join('..data', name), join(volume, name));
  const result = await amelia(['migrate', '-m', volume, '-d', database.url, '--json']);
  expect(result.json()).toMatchObject({
    steps: [
      { version: '1', state: 'applied' },
      { version: '2', state: 'applied' },
    ],
  });
});
