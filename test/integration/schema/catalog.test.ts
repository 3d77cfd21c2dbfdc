// The schema as data: read from each server version in one message.
import { expect, it } from 'vitest';
import { readSchema } from '../../../src/schema/catalog.ts';
import { freshDatabase } from '../../support/database.ts';
import { applyAll } from '../schemas/schema.ts';
import { sessionWith } from '../verify/sessions.ts';

it("reads Amelia's schema", async () => {
  const db = await freshDatabase();
  await applyAll(db, 'migrations');
  const session = await sessionWith(db.url);
  const schema = await readSchema(session);
  expect(schema.tables.map(({ name }) => name)).toHaveLength(11);
  const workflows = schema.tables.find(({ name }) => name === 'workflows')!;
  expect(workflows.columns.find(({ name }) => name === 'status')).toEqual({
    name: 'status',
    type: 'text',
    typeKind: 'b',
    category: 'S',
    element: null,
    notNull: true,
    notNullValidated: true,
    default: "'pending'::text",
    identity: null,
    generated: null,
    collation: null,
  });
  expect(workflows.constraints.map(({ kind, name }) => [kind, name])).toEqual([
    ['primary-key', 'workflows_pkey'],
    ['check', 'workflows_status_check'],
    ['check', 'workflows_workflow_type_check'],
  ]);
  const active = workflows.indexes.find(({ name }) => name === 'idx_workflows_active_worktree');
  expect(active).toMatchObject({
    unique: true,
    keys: [{ column: 'worktree_path' }],
    predicate: "(status = ANY (ARRAY['in_progress'::text, 'blocked'::text]))",
    valid: true,
    constraint: null,
  });
});

it('reads every kind of object', async () => {
  const db = await freshDatabase();
  await db.query(`
    CREATE SCHEMA other;
    CREATE TYPE other.mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE TABLE parent (a integer, b integer, PRIMARY KEY (a, b));
    CREATE TABLE child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer, b integer, m other.mood, p positive,
      twice integer GENERATED ALWAYS AS (a * 2) STORED, span int4range, tags text[] DEFAULT '{}',
      CONSTRAINT f FOREIGN KEY (a, b) REFERENCES parent MATCH FULL ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
      CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a, m), CONSTRAINT e EXCLUDE USING gist (span WITH &&));
    CREATE INDEX i ON child (lower(tags[1]) DESC, b) INCLUDE (a) WHERE b IS NOT NULL;
    CREATE TABLE part (d date NOT NULL, n integer CHECK (n > 0)) PARTITION BY RANGE (d);
    CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE VIEW v AS SELECT a FROM child;
    CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER t BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION g();
    ALTER TABLE child DISABLE TRIGGER ALL;
    ALTER TABLE child ENABLE ROW LEVEL SECURITY;
    CREATE POLICY y ON child FOR SELECT USING (a > 1);
    CREATE TABLE schema_migrations (version integer PRIMARY KEY);`);
  const schema = await readSchema(await sessionWith(db.url), {
    without: [{ schema: 'public', name: 'schema_migrations' }],
  });
  expect(schema.tables.map(({ name }) => name)).toEqual(['child', 'parent', 'part', 'part_1']);
  const [child, , part, part1] = schema.tables;
  expect(child?.constraints.find(({ name }) => name === 'f')).toMatchObject({
    columns: ['a', 'b'],
    deferrable: true,
    deferred: true,
    enforced: true,
    disabledOn: ['public.child'],
    references: { name: 'parent', columns: ['a', 'b'], onDelete: 'set null', onUpdate: 'cascade', match: 'full' },
  });
  expect(child?.columns.map(({ type }) => type)).toContain('other.mood');
  expect(child?.indexes.find(({ name }) => name === 'i')).toMatchObject({
    keys: [{ column: null, expression: 'lower(tags[1])', descending: true }, { column: 'b' }],
    include: ['a'],
    predicate: '(b IS NOT NULL)',
  });
  expect(child?.indexes.find(({ name }) => name === 'u')).toMatchObject({ nullsNotDistinct: true, constraint: 'u' });
  expect(child?.triggers).toMatchObject([{ name: 't', enabled: 'disabled' }]);
  expect(child).toMatchObject({ rowSecurity: true, policies: [{ name: 'y' }] });
  expect(part).toMatchObject({ kind: 'partitioned table', partitionKey: 'RANGE (d)' });
  expect(part1).toMatchObject({ parents: ['public.part'], constraints: [{ inherited: true }] });
  expect(schema.domains).toMatchObject([
    { type: 'public.positive', base: 'integer', checks: [{ expression: '((VALUE > 0))' }] },
  ]);
  expect(schema.enums).toMatchObject([{ type: 'other.mood', labels: ['sad', 'glad'] }]);
  expect(schema.views).toHaveLength(1);
  expect(schema.functions).toMatchObject([{ name: 'g()' }]);
});
