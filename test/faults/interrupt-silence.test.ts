// SIGTERM when the server is not heard any more: there is nobody to wait for, and it says that it does not know.
import { expect, it } from 'vitest';
import { spawnAmelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { startProxy } from '../support/proxy.ts';
import { readHolds } from './five.ts';
import { type Report, untruths } from './truth.ts';
import { soon } from '../support/soon.ts';

it.each(['freeze', 'silence'] as const)('ends soon after a %s of the network', async (how) => {
  const database = await freshDatabase();
  const proxy = await startProxy(database.url);
  const folder = folderOf({
    '1_first.sql': 'CREATE TABLE first ();',
    '2_second.sql': 'CREATE TABLE second ();\nSELECT pg_sleep(3);',
    '3_third.sql': 'CREATE TABLE third ();',
  });
  const run = spawnAmelia(['migrate', '-m', folder, '-d', proxy.url, '--json']);
  run.child.stdin.end();
  await expect.poll(() => database.query(sleeping), { interval: 20 }).toHaveLength(1);
  proxy[how]();
  const begun = performance.now();
  run.child.kill('SIGTERM');
  const result = await run.result;
  const ms = Math.round(performance.now() - begun);
  proxy.cut();
  expect({ status: result.status, ms, stderr: result.stderr }).toMatchObject({ status: 143 });
  expect(ms).toBeLessThan(soon(3000));
  const sessions = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'amelia-db'`;
  await expect.poll(() => database.query(sessions)).toEqual([]);
  const holds = await readHolds(database.url);
  // It was told to leave at once, so it does not look for the answer: `unknown` is what it knows.
  expect(untruths(result.json<Report>(), result.status, holds, { askable: false })).toEqual([]);
});

it('a second signal leaves at once, and nothing is half done', async () => {
  const database = await freshDatabase();
  const proxy = await startProxy(database.url);
  const folder = folderOf({ '1_first.sql': 'CREATE TABLE first ();\nSELECT pg_sleep(3);' });
  const run = spawnAmelia(['migrate', '-m', folder, '-d', proxy.url]);
  run.child.stdin.end();
  await expect.poll(() => database.query(sleeping), { interval: 20 }).toHaveLength(1);
  // The first one waits for the server's answer, which does not come.
  proxy.freeze();
  run.child.kill('SIGTERM');
  run.child.kill('SIGINT');
  const result = await run.result;
  proxy.cut();
  expect([130, 143]).toContain(result.status);
  await expect.poll(() => database.query(sleeping)).toEqual([]);
  // Its COMMIT may have been on its way already: then it is there whole, and recorded.
  const whole = `SELECT (to_regclass('first') IS NOT NULL) = EXISTS (SELECT FROM schema_migrations) AS whole`;
  expect(await database.query(whole)).toEqual([{ whole: true }]);
});

const sleeping = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
