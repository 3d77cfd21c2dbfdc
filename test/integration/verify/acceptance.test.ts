// The acceptance, line by line: what verify says of Amelia's database after one thing was changed in it.
import { expect, it } from 'vitest';
import { openMigrator } from '../../../src/migrator.ts';
import type { VerifyOptions } from '../../../src/options.ts';
import { parseTarget } from '../../../src/database/target.ts';
import { serverMajor } from '../../support/server.ts';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';

const target = (url: string) => parseTarget({ url, env: {} });

async function migrated(folder = 'migrations'): Promise<{ db: TestDatabase; scratch: TestDatabase }> {
  const [db, scratch] = [await freshDatabase(), await freshDatabase()];
  await engineFor(db.url, folder).migrate();
  return { db, scratch };
}

async function verify(db: { url: string }, scratch: TestDatabase, options: VerifyOptions & { folder?: string } = {}) {
  const { folder = 'migrations', ...rest } = options;
  const settings = { database: { target: target(db.url) }, scratch: target(scratch.url), migrations: folder };
  return await openMigrator(settings).verify(rest);
}

it.each([
  'migrations',
  'examples/software-studio/migrations',
  'examples/agentvine/migrations',
  'examples/agent-team/migrations',
])('right after migrate, everything of %s is proven', async (folder) => {
  const { db, scratch } = await migrated(folder);
  const result = await verify(db, scratch, { folder });
  expect(result.problems).toEqual([]);
  expect(result.summary).toMatchObject({ proven: result.constraints.length, failed: 0, unproven: 0 });
  expect(result.constraints.length).toBeGreaterThan(15);
  if (process.env.SHOW) console.log(folder, JSON.stringify(result.summary), JSON.stringify(result.phases));
  // The scratch database is empty again, and serves once more.
  expect(await verify(db, scratch, { folder })).toMatchObject({ summary: result.summary });
});

const status = "status IN ('pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled')";
const replaceStatus = (condition: string, more = '') =>
  `ALTER TABLE workflows DROP CONSTRAINT workflows_status_check; ALTER TABLE workflows ADD CONSTRAINT workflows_status_check CHECK (${condition})${more};`;
const replaceActive = (definition: string) => `DROP INDEX idx_profiles_single_active; CREATE ${definition};`;

it.each([
  [
    'the status check dropped',
    'ALTER TABLE workflows DROP CONSTRAINT workflows_status_check',
    'workflows_status_check',
    'verify.missing',
  ],
  ['one value more', replaceStatus(status.replace(')', ", 'paused')")), 'workflows_status_check', 'verify.different'],
  ['one value less', replaceStatus(status.replace(", 'cancelled'", '')), 'workflows_status_check', 'verify.different'],
  ['NOT VALID', replaceStatus(status, ' NOT VALID'), 'workflows_status_check', 'verify.not-validated'],
  [
    'CASCADE instead of SET NULL',
    'ALTER TABLE events DROP CONSTRAINT events_parent_id_fkey; ALTER TABLE events ADD CONSTRAINT events_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES events (id) ON DELETE CASCADE',
    'events_parent_id_fkey',
    'verify.different',
  ],
  [
    'the deferrable key made immediate',
    'ALTER TABLE prompts ALTER CONSTRAINT prompts_current_version_id_fkey NOT DEFERRABLE',
    'prompts_current_version_id_fkey',
    'verify.different',
  ],
  [
    'a partial index without its predicate',
    replaceActive('UNIQUE INDEX idx_profiles_single_active ON profiles (is_active)'),
    'idx_profiles_single_active',
    'verify.different',
  ],
  [
    'a partial index with the other predicate',
    replaceActive('UNIQUE INDEX idx_profiles_single_active ON profiles (is_active) WHERE is_active = FALSE'),
    'idx_profiles_single_active',
    'verify.different',
  ],
  [
    'a partial index that is not unique',
    replaceActive('INDEX idx_profiles_single_active ON profiles (is_active) WHERE is_active = TRUE'),
    'idx_profiles_single_active',
    'verify.different',
  ],
  [
    'an INVALID unique index',
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_profiles_single_active'::regclass",
    'idx_profiles_single_active',
    'verify.invalid-index',
  ],
  [
    'all triggers of a table disabled',
    'ALTER TABLE events DISABLE TRIGGER ALL',
    'events_parent_id_fkey',
    'verify.disabled',
  ],
  [
    'a column made nullable',
    'ALTER TABLE workflows ALTER COLUMN issue_id DROP NOT NULL',
    'issue_id',
    'verify.different',
  ],
  [
    'a default changed',
    "ALTER TABLE workflows ALTER COLUMN status SET DEFAULT 'blocked'",
    'status',
    'verify.different',
  ],
  [
    'an extra trigger',
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER sneaky BEFORE INSERT ON workflows FOR EACH ROW EXECUTE FUNCTION f()",
    'sneaky',
    'verify.unexpected',
  ],
])('says what is wrong after: %s', async (_, change, name, code) => {
  const { db, scratch } = await migrated();
  await db.query(change);
  const result = await verify(db, scratch);
  expect(result.problems[0]).toMatchObject({ name, code });
  expect(
    result.problems.every(
      (problem) => problem.name === name || ['verify.disabled', 'verify.contract'].includes(problem.code),
    ),
  ).toBe(true);
  const constraint = result.constraints.find((each) => each.name === name);
  if (constraint) expect(constraint).toMatchObject({ proof: 'failed' });
});

// Came with PostgreSQL 18; earlier ones refuse the words.
it(`${serverMajor() < 18 ? 'cannot be given' : 'says what is wrong after'} NOT ENFORCED`, async () => {
  const { db, scratch } = await migrated();
  const weakened = db.query(replaceStatus(status, ' NOT ENFORCED'));
  if (serverMajor() < 18)
    return await expect(weakened).rejects.toMatchObject({ code: expect.stringMatching(/^42601|0A000$/) as string });
  await weakened;
  const result = await verify(db, scratch);
  expect(result.problems[0]).toMatchObject({ name: 'workflows_status_check', code: 'verify.not-enforced' });
});

it.each([
  [
    'a constraint renamed',
    'ALTER TABLE workflows RENAME CONSTRAINT workflows_status_check TO renamed',
    'verify.renamed',
  ],
  [
    'a check in other words',
    replaceStatus("status = ANY (ARRAY['pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled'])"),
    undefined,
  ],
  [
    'its values in another order',
    replaceStatus("status IN ('cancelled', 'failed', 'completed', 'blocked', 'in_progress', 'pending')"),
    'verify.rewritten',
  ],
  ['an extra plain index', 'CREATE INDEX extra ON workflows (failure_reason)', 'verify.unexpected'],
])('only warns after: %s', async (_, change, code) => {
  const { db, scratch } = await migrated();
  await db.query(change);
  const result = await verify(db, scratch);
  expect(result.problems).toEqual([]);
  expect(result.summary).toMatchObject({ failed: 0, unproven: 0 });
  if (code !== undefined) expect(result.warnings[0]).toMatchObject({ code });
});

it('never writes to the target: a role that may only look, in a read-only database', async () => {
  const { db, scratch } = await migrated();
  const role = await db.role();
  await db.query(`GRANT USAGE ON SCHEMA public TO ${role.name}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role.name};
    ALTER DATABASE ${db.name} SET default_transaction_read_only = on`);
  const result = await verify({ url: role.url }, scratch, { data: true });
  expect(result.problems).toEqual([]);
  expect(result.summary.proven).toBe(result.constraints.length);
});

it('counts the rows that violate what is not validated', async () => {
  const { db, scratch } = await migrated();
  await db.query(`ALTER TABLE workflows DROP CONSTRAINT workflows_status_check;
    INSERT INTO workflows (id, issue_id, worktree_path, status) VALUES (gen_random_uuid(), '1', '/', 'odd');
    ALTER TABLE workflows ADD CONSTRAINT workflows_status_check CHECK (${status}) NOT VALID`);
  const result = await verify(db, scratch, { data: true });
  expect(result.problems).toContainEqual(
    expect.objectContaining({ code: 'verify.violated', message: '1 existing row violates it' }),
  );
});

it('tries on the target with --live, and leaves nothing behind', async () => {
  const { db, scratch } = await migrated();
  await db.query(`INSERT INTO profiles (id, working_dir, agents, is_active) VALUES ('p', '/', '{}', true);
    INSERT INTO server_settings (id) VALUES (1)`);
  const before = await db.query(
    'SELECT (SELECT count(*) FROM profiles) AS a, (SELECT count(*) FROM workflows) AS b, (SELECT count(*) FROM pg_class) AS c',
  );
  const result = await verify(db, scratch, { live: true });
  expect(result.problems).toEqual([]);
  expect(
    await db.query(
      'SELECT (SELECT count(*) FROM profiles) AS a, (SELECT count(*) FROM workflows) AS b, (SELECT count(*) FROM pg_class) AS c',
    ),
  ).toEqual(before);
  expect(
    await db.query(
      "SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relnamespace = 'public'::regnamespace AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    ),
  ).toEqual([]);
  const live = result.constraints.filter(({ evidence }) => evidence.some((line) => line.startsWith('live')));
  expect(live.length).toBeGreaterThan(25);
});
