// verify as a command: exit statuses, forms of the report, the contract, the embedded scratch server, interruptions.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { run } from '../../unit/cli/host.ts';

async function amelia(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const { status, stdout, stderr } = await run(args);
  return { status, out: stdout, err: stderr };
}

async function migrated(): Promise<{ db: TestDatabase; at: string[] }> {
  const [db, scratch] = [await freshDatabase(), await freshDatabase()];
  await engineFor(db.url, 'migrations').migrate();
  return { db, at: ['-d', db.url, '--scratch-url', scratch.url] };
}

it('exits 0 with every constraint proven, also on the embedded scratch server', async () => {
  const { db } = await migrated();
  const { status, out } = await amelia('verify', '-d', db.url, '--json');
  expect(JSON.parse(out)).toMatchObject({
    command: 'verify',
    ok: true,
    scratch: 'embedded PostgreSQL',
    summary: { constraints: 35, proven: 35, failed: 0, unproven: 0, problems: 0 },
  });
  expect(status).toBe(0);
});

it('exits 7 and names the constraint, in every form', async () => {
  const { db, at } = await migrated();
  await db.query('ALTER TABLE workflows DROP CONSTRAINT workflows_status_check');
  const text = await amelia('verify', ...at);
  expect(text.status).toBe(7);
  expect(text.out).toMatch(/problem: public\.workflows workflows_status_check \(check\) is missing/);
  expect(text.err).toMatch(/error\[verify\.failed\].*workflows_status_check/);
  expect((await amelia('verify', ...at, '--format', 'tap')).out).toMatch(
    /^TAP version 14\n1\.\.\d+\n[\s\S]*not ok \d+ - public\.workflows workflows_status_check/,
  );
  const junit = await amelia('verify', ...at, '--format', 'junit');
  expect(junit.out).toContain('<failure message="is missing; status should accept only ');
  expect((await amelia('verify', 'foreign-keys', ...at, '--contract', 'contract.yaml')).status).toBe(0);
  expect((await amelia('verify', 'everything', ...at)).status).toBe(2);
});

it('refuses a scratch database that is not empty, and leaves it as it is', async () => {
  const { db, at } = await migrated();
  const { status, err } = await amelia('verify', ...at.slice(0, 2), '--scratch-url', db.url);
  expect(status).toBe(2);
  expect(err).toContain('verify.scratch-not-empty');
  expect((await amelia('verify', ...at)).status).toBe(0);
});

it('holds the database against a contract', async () => {
  const { at } = await migrated();
  const contract = readFileSync('contract.yaml', 'utf8');
  const stricter = contract.replace(/accepts: \[ ?full, review ?\]/, 'accepts: [full]');
  const folder = folderOf({
    'same.yaml': contract,
    'stricter.yaml': stricter,
    'odd.yaml': 'tables: { a: { checkz: [] } }',
  });
  expect(await amelia('verify', ...at, '--contract', `${folder}/same.yaml`)).toMatchObject({ status: 0 });
  const broken = await amelia('verify', ...at, '--contract', `${folder}/stricter.yaml`, '--json');
  expect(broken.status).toBe(7);
  expect(JSON.parse(broken.out)).toMatchObject({
    problems: [
      {
        code: 'verify.contract',
        kind: 'check',
        table: 'public.workflows',
        message: expect.stringContaining("workflow_type = 'review' is accepted now") as string,
      },
    ],
  });
  const odd = await amelia('verify', ...at, '--contract', `${folder}/odd.yaml`);
  expect(odd).toMatchObject({ status: 2, err: expect.stringContaining('a.checkz') as string });
});

it('migrate --verify proves what it made', async () => {
  const [db, scratch] = [await freshDatabase(), await freshDatabase()];
  const { status, out } = await amelia('migrate', '--verify', '-d', db.url, '--scratch-url', scratch.url);
  expect(status).toBe(0);
  expect(out).toMatch(/applied 1 migration[\s\S]*35 of 35 constraints proven/);
});

it("proves a domain's CHECK, and misses it when it is gone", async () => {
  const [db, scratch] = [await freshDatabase(), await freshDatabase()];
  const folder = folderOf({
    '1_domain.sql': `CREATE DOMAIN code AS text CONSTRAINT code_form CHECK (VALUE ~ '^[A-Z]{3}$');
      CREATE TABLE t (id integer PRIMARY KEY, code code NOT NULL UNIQUE);`,
  });
  const at = ['-m', folder, '-d', db.url, '--scratch-url', scratch.url];
  const { status, out } = await amelia('migrate', '--verify', ...at);
  expect(status).toBe(0);
  expect(out).toMatch(/code_form +rejects value = '.*' with 23514[\s\S]*3 of 3 constraints proven/);
  expect((await amelia('verify', '--live', ...at)).status).toBe(0);
  await db.query('ALTER DOMAIN code DROP CONSTRAINT code_form');
  const broken = await amelia('verify', ...at, '--json');
  expect(broken.status).toBe(7);
  expect(JSON.parse(broken.out)).toMatchObject({
    summary: { constraints: 3, proven: 2, failed: 1 },
    problems: [{ code: 'verify.different', kind: 'domain', name: 'public.code' }],
    constraints: expect.arrayContaining([
      expect.objectContaining({ kind: 'check', table: 'public.code', name: 'code_form', present: false }),
    ]) as unknown,
  });
});
