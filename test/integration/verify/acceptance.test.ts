// What verify says of each system right after migrate, and of Amelia's database after one thing was changed in it.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemIn } from '../../../src/cli/commands/verify.ts';
import { EmbeddedServer } from '../../../src/database/embedded.ts';
import { parseTarget } from '../../../src/database/target.ts';
import { openMigrator } from '../../../src/migrator.ts';
import { readContract, type Contract } from '../../../src/schema/contract.ts';
import type { ConstraintResult, Finding } from '../../../src/schema/model.ts';
import { replay, type Replayed } from '../../../src/verification.ts';
import { verifySchema, type Questions } from '../../../src/verify/verify.ts';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { serverMajor } from '../../support/server.ts';
import { sessionWith } from './sessions.ts';

const target = (url: string) => parseTarget({ url, env: {} });

describe('right after migrate', () => {
  let scratch: EmbeddedServer;
  beforeAll(async () => (scratch = await EmbeddedServer.openInMemory()));
  afterAll(() => scratch.close());

  it.each([
    ['migrations', 35],
    ['examples/software-studio/migrations', 18],
    ['examples/agentvine/migrations', 49],
    ['examples/agent-team/migrations', 67],
  ])(
    'right after migrate, all constraints of %s are proven on the embedded scratch server: %i',
    async (migrations, n) => {
      const db = await freshDatabase();
      await engineFor(db.url, migrations).migrate();
      const result = await openMigrator({
        database: { target: target(db.url) },
        scratch,
        migrations,
      }).verify();
      // The contract beside the migrations is kept too.
      expect(result.problems).toEqual([]);
      expect(result.summary).toMatchObject({ constraints: n, proven: n, failed: 0, unproven: 0 });
    },
  );
});

describe('after a change of Amelia’s schema', () => {
  let expected: Replayed;
  let contract: Contract;
  let template: TestDatabase;
  let scratch: TestDatabase;
  beforeAll(async () => {
    scratch = await freshDatabase();
    expected = await replay({ migrations: 'migrations', scratch: target(scratch.url) }, new Set([1n]));
    contract = await readContract('contract.yaml', readFileSync('contract.yaml', 'utf8'));
    template = await freshDatabase();
    await engineFor(template.url, 'migrations').migrate();
  });
  afterAll(async () => {
    await expected.close();
    await template.drop();
    await scratch.drop();
  });

  const migrated = (): Promise<TestDatabase> =>
    freshDatabase({ clauses: `TEMPLATE ${template.name} STRATEGY file_copy` });

  async function verify({ url }: { readonly url: string }, questions: Partial<Questions> = {}) {
    const session = await sessionWith(url);
    const without = [{ schema: 'public', name: 'schema_migrations' }];
    return await verifySchema({ session, without }, expected.place, { contract, ...questions });
  }

  /** The gate's word on it, which ends with exit status 7; undefined for 0. */
  const refusal = (result: { problems: readonly Finding[]; constraints: readonly ConstraintResult[] }) =>
    problemIn(result as Parameters<typeof problemIn>[0], false);

  const status = "status IN ('pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled')";
  const replaceStatus = (condition: string, more = '') =>
    `ALTER TABLE workflows DROP CONSTRAINT workflows_status_check; ALTER TABLE workflows ADD CONSTRAINT workflows_status_check CHECK (${condition})${more};`;
  const replaceParent = (end: string) =>
    `ALTER TABLE events DROP CONSTRAINT events_parent_id_fkey; ALTER TABLE events ADD CONSTRAINT events_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES events (id) ${end}`;
  const replaceActive = (definition: string) =>
    `DROP INDEX idx_profiles_single_active; CREATE ${definition} ON profiles (is_active)`;

  it.each<[what: string, change: string, code: string, names: string[]]>([
    [
      'the status check dropped',
      'ALTER TABLE workflows DROP CONSTRAINT workflows_status_check',
      'verify.missing',
      ['workflows_status_check'],
    ],
    [
      'the status check with one value more',
      replaceStatus(status.replace(')', ", 'paused')")),
      'verify.different',
      ['workflows_status_check'],
    ],
    [
      'the status check with one value less',
      replaceStatus(status.replace(", 'cancelled'", '')),
      'verify.different',
      ['workflows_status_check'],
    ],
    [
      'the status check NOT VALID',
      replaceStatus(status, ' NOT VALID'),
      'verify.not-validated',
      ['workflows_status_check'],
    ],
    ['CASCADE instead of SET NULL', replaceParent('ON DELETE CASCADE'), 'verify.different', ['events_parent_id_fkey']],
    [
      'a foreign key NOT VALID',
      replaceParent('ON DELETE SET NULL NOT VALID'),
      'verify.not-validated',
      ['events_parent_id_fkey'],
    ],
    [
      'the deferrable key made immediate',
      'ALTER TABLE prompts ALTER CONSTRAINT prompts_current_version_id_fkey NOT DEFERRABLE',
      'verify.different',
      ['prompts_current_version_id_fkey'],
    ],
    [
      'a partial unique index without its predicate',
      replaceActive('UNIQUE INDEX idx_profiles_single_active'),
      'verify.different',
      ['idx_profiles_single_active'],
    ],
    [
      'a partial unique index with the other predicate',
      `${replaceActive('UNIQUE INDEX idx_profiles_single_active')} WHERE is_active = FALSE`,
      'verify.different',
      ['idx_profiles_single_active'],
    ],
    [
      'a partial index that is not unique',
      `${replaceActive('INDEX idx_profiles_single_active')} WHERE is_active = TRUE`,
      'verify.different',
      ['idx_profiles_single_active'],
    ],
    [
      'all triggers of a table disabled',
      'ALTER TABLE events DISABLE TRIGGER ALL',
      'verify.disabled',
      ['events_parent_id_fkey', 'events_workflow_id_fkey'],
    ],
    [
      'all triggers of a referenced table disabled',
      'ALTER TABLE brainstorm_sessions DISABLE TRIGGER ALL',
      'verify.disabled',
      [
        'brainstorm_artifacts_session_id_fkey',
        'brainstorm_messages_session_id_fkey',
        'brainstorm_sessions_profile_id_fkey',
      ],
    ],
    [
      'a column made nullable',
      'ALTER TABLE workflows ALTER COLUMN issue_id DROP NOT NULL',
      'verify.different',
      ['issue_id'],
    ],
    [
      'a default changed',
      "ALTER TABLE workflows ALTER COLUMN status SET DEFAULT 'blocked'",
      'verify.different',
      ['status'],
    ],
    [
      'an extra trigger',
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER sneaky BEFORE INSERT ON workflows FOR EACH ROW EXECUTE FUNCTION f()",
      'verify.unexpected',
      ['sneaky'],
    ],
  ])('one problem, by the right name: %s', async (_, change, code, names) => {
    const db = await migrated();
    await db.query(change);
    const result = await verify(db);
    expect(result.problems.map(({ name }) => name)).toEqual(names);
    expect(result.problems[0]).toMatchObject({ code });
    expect(refusal(result)).toContain(names[0]);
    const failed = result.constraints.filter(({ proof }) => proof === 'failed').map(({ name }) => name);
    expect(failed).toEqual(result.constraints.map(({ name }) => name).filter((name) => names.includes(name)));
  });

  it('one problem after a unique index was left INVALID by CREATE INDEX CONCURRENTLY', async () => {
    const db = await migrated();
    await db.query(`DROP INDEX idx_profiles_single_active;
      INSERT INTO profiles (id, working_dir, agents, is_active) VALUES ('a', '/', '{}', true), ('b', '/', '{}', true)`);
    const built = db.query(
      'CREATE UNIQUE INDEX CONCURRENTLY idx_profiles_single_active ON profiles (is_active) WHERE is_active = TRUE',
    );
    await expect(built).rejects.toMatchObject({ code: '23505' });
    const { problems } = await verify(db);
    expect(problems).toMatchObject([{ name: 'idx_profiles_single_active', code: 'verify.invalid-index' }]);
  });

  // Came with PostgreSQL 18; earlier ones refuse the words.
  it(`${serverMajor() < 18 ? 'a server that knows no' : 'one problem after'} NOT ENFORCED`, async () => {
    const db = await migrated();
    const weakened = db.query(replaceStatus(status, ' NOT ENFORCED'));
    if (serverMajor() < 18)
      return await expect(weakened).rejects.toMatchObject({ code: expect.stringMatching(/^42601|0A000$/) as string });
    await weakened;
    const { problems } = await verify(db);
    expect(problems).toMatchObject([{ name: 'workflows_status_check', code: 'verify.not-enforced' }]);
  });

  it('says in one line what the migrations and the contract expect', async () => {
    const db = await migrated();
    await db.query(`ALTER TABLE workflows DROP CONSTRAINT workflows_status_check;
      ALTER TABLE events ALTER COLUMN level TYPE varchar(5)`);
    const { problems } = await verify(db);
    expect(problems.find(({ name }) => name === 'workflows_status_check')).toMatchObject({
      code: 'verify.missing',
      message:
        'is missing; status should accept only pending, in_progress, blocked, completed, failed, cancelled, and has no CHECK, says the contract',
    });
    expect(problems.find(({ name }) => name === 'level')).toMatchObject({
      message: expect.stringMatching(
        /^type is character varying\(5\), not text; its type should be text, says the contract$/,
      ) as string,
    });
  });

  it.each<[what: string, change: string, code: string, name: string]>([
    [
      'a constraint renamed',
      'ALTER TABLE workflows RENAME CONSTRAINT workflows_status_check TO renamed',
      'verify.renamed',
      'workflows_status_check',
    ],
    [
      'its values in another order',
      replaceStatus("status IN ('cancelled', 'failed', 'completed', 'blocked', 'in_progress', 'pending')"),
      'verify.rewritten',
      'workflows_status_check',
    ],
    [
      'a check in other words',
      replaceStatus(
        "status = 'pending' OR status = 'in_progress' OR status IN ('blocked', 'completed') OR status = ANY ('{failed,cancelled}')",
      ),
      'verify.rewritten',
      'workflows_status_check',
    ],
    [
      'a predicate in other words',
      `${replaceActive('UNIQUE INDEX idx_profiles_single_active')} WHERE NOT (is_active = FALSE)`,
      'verify.rewritten',
      'idx_profiles_single_active',
    ],
    ['an extra plain index', 'CREATE INDEX extra ON workflows (failure_reason)', 'verify.unexpected', 'extra'],
  ])('only a warning: %s', async (_, change, code, name) => {
    const db = await migrated();
    const before = await verify(db);
    await db.query(change);
    const result = await verify(db);
    expect(refusal(result)).toBeUndefined();
    expect(result.summary).toMatchObject({ problems: 0, failed: 0, unproven: 0 });
    const told = result.warnings.filter(({ message }) => !before.warnings.some((each) => each.message === message));
    expect(told).toMatchObject([{ code, name }]);
  });

  it('nothing at all after IN was written as = ANY (ARRAY[…]), which PostgreSQL keeps as the same', async () => {
    const db = await migrated();
    const before = await verify(db);
    await db.query(
      replaceStatus("status = ANY (ARRAY['pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled'])"),
    );
    const { problems, warnings } = await verify(db);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: before.warnings });
  });

  it('only reads the target: a role that may look and no more, in a read-only database', async () => {
    const db = await migrated();
    const role = await db.role();
    await db.query(`GRANT USAGE ON SCHEMA public TO ${role.name}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role.name};
      ALTER DATABASE ${db.name} SET default_transaction_read_only = on`);
    const session = await sessionWith(role.url);
    await expect(session.query('DELETE FROM workflows')).rejects.toMatchObject({ code: '25006' });
    await session.query('SET default_transaction_read_only = off');
    await expect(session.query('DELETE FROM workflows')).rejects.toMatchObject({ code: '42501' });
    const result = await verify(role, { data: true });
    expect(result.problems).toEqual([]);
    expect(result.summary.proven).toBe(35);
  });

  it('--data counts the rows that violate what is not validated', async () => {
    const db = await migrated();
    await db.query(`ALTER TABLE workflows DROP CONSTRAINT workflows_status_check;
      INSERT INTO workflows (id, issue_id, worktree_path, status) VALUES (gen_random_uuid(), '1', '/', 'odd');
      ALTER TABLE workflows ADD CONSTRAINT workflows_status_check CHECK (${status}) NOT VALID`);
    const result = await verify(db, { data: true });
    expect(result.problems).toContainEqual(
      expect.objectContaining({ code: 'verify.violated', message: '1 existing row violates it' }),
    );
  });
});
