// The proofs on real servers: every constraint of the four systems, and of the shapes that are hard to build rows for.
import { expect, it } from 'vitest';
import { readSchema } from '../../../src/schema/catalog.ts';
import { prove, targetsOf, type ProofResult } from '../../../src/verify/prove.ts';
import { freshDatabase } from '../../support/database.ts';
import { applyAll } from '../schemas/schema.ts';
import { sessionWith } from './sessions.ts';

async function proofs(
  fill: (db: Awaited<ReturnType<typeof freshDatabase>>) => Promise<unknown>,
): Promise<Record<string, ProofResult>> {
  const db = await freshDatabase();
  await fill(db);
  const session = await sessionWith(db.url);
  const schema = await readSchema(session);
  const results = await prove(session, schema, targetsOf(schema));
  return Object.fromEntries([...results].map(([{ table, name }, result]) => [`${table.name}.${name}`, result]));
}

const not = (results: Record<string, ProofResult>) =>
  Object.entries(results).flatMap(([name, { proof, reason }]) =>
    proof === 'proven' ? [] : [`${name} ${proof}: ${reason}`],
  );

it.each([
  'migrations',
  'examples/software-studio/migrations',
  'examples/agentvine/migrations',
  'examples/agent-team/migrations',
])('proves every constraint of %s', async (folder) => {
  const results = await proofs((db) => applyAll(db, folder));
  if (process.env.SHOW) console.log(JSON.stringify(results, null, 1));
  expect(not(results)).toEqual([]);
  expect(Object.keys(results).length).toBeGreaterThan(10);
});

const hard = `
  CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE DOMAIN email AS text CHECK (VALUE ~ '^[a-z0-9.]+@[a-z]+\\.[a-z]{2,3}$');
  CREATE DOMAIN percent AS numeric(5,2) NOT NULL CHECK (VALUE BETWEEN 0 AND 100);
  CREATE TABLE tenants (id integer PRIMARY KEY, slug varchar(20) NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{2,}$'));
  CREATE TABLE accounts (
    tenant_id integer NOT NULL REFERENCES tenants ON DELETE CASCADE, id integer GENERATED ALWAYS AS IDENTITY,
    mail email NOT NULL, share percent, m mood NOT NULL DEFAULT 'sad',
    boss_tenant integer, boss_id integer,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (boss_tenant, boss_id) REFERENCES accounts (tenant_id, id) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL);
  CREATE UNIQUE INDEX accounts_mail ON accounts (lower(mail::text));
  CREATE UNIQUE INDEX accounts_glad ON accounts (tenant_id, m) WHERE m = 'glad' AND boss_id IS NULL;
  CREATE TABLE bookings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), room integer NOT NULL, during tstzrange NOT NULL,
    started_at timestamptz NOT NULL, ended_at timestamptz, guests integer NOT NULL CHECK (guests BETWEEN 1 AND 8),
    tags text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 3), doc jsonb NOT NULL CHECK (jsonb_typeof(doc) = 'object' AND doc ? 'kind'),
    title text NOT NULL CHECK (char_length(title) <= 30 AND length(title) > 0), code char(3) CHECK (code LIKE 'A%'),
    a integer, b integer, c integer, CHECK (num_nonnulls(a, b, c) = 1),
    price numeric(10,2) CHECK (price > 0), discount numeric(10,2), CHECK (discount IS NULL OR discount < price),
    total numeric GENERATED ALWAYS AS (price * 2) STORED CHECK (total < 1000),
    CHECK (ended_at > started_at), CHECK (upper(code) = code),
    EXCLUDE USING gist (during WITH &&));
  CREATE TABLE eggs (id integer PRIMARY KEY, hen_id integer NOT NULL);
  CREATE TABLE hens (id integer PRIMARY KEY, egg_id integer NOT NULL REFERENCES eggs DEFERRABLE INITIALLY DEFERRED);
  ALTER TABLE eggs ADD FOREIGN KEY (hen_id) REFERENCES hens DEFERRABLE;
  CREATE TABLE nodes (id bigserial PRIMARY KEY, parent_id bigint NOT NULL DEFAULT 0 REFERENCES nodes ON DELETE SET DEFAULT,
    left_id bigint REFERENCES nodes ON UPDATE RESTRICT ON DELETE RESTRICT, kind text CHECK (kind IN ('a', 'b')), CHECK (id <> left_id));
  CREATE TABLE profile (account_tenant integer, account_id integer, flag boolean,
    PRIMARY KEY (account_tenant, account_id), FOREIGN KEY (account_tenant, account_id) REFERENCES accounts ON DELETE CASCADE,
    FOREIGN KEY (account_tenant) REFERENCES tenants ON DELETE CASCADE, UNIQUE NULLS NOT DISTINCT (flag));
  CREATE TABLE slots (id integer PRIMARY KEY, n integer, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED, UNIQUE (id, n));
  CREATE TABLE measures (at date NOT NULL, n integer NOT NULL CHECK (n >= 0), tenant_id integer REFERENCES tenants, PRIMARY KEY (at, n)) PARTITION BY RANGE (at);
  CREATE TABLE measures_1 PARTITION OF measures FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE measures_2 PARTITION OF measures FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
  CREATE UNIQUE INDEX ON measures_2 (tenant_id) WHERE tenant_id IS NOT NULL;
  CREATE TABLE flags (id smallint PRIMARY KEY, "Odd Name" boolean NOT NULL DEFAULT false, stat text NOT NULL, at timestamptz,
    CONSTRAINT done CHECK ((stat = 'done') = (at IS NOT NULL)), CONSTRAINT stat CHECK (stat IN ('open', 'done')),
    CONSTRAINT wide CHECK (NOT ("Odd Name" AND stat = 'open')));
  CREATE UNIQUE INDEX flags_one ON flags ((true)) WHERE "Odd Name";
  CREATE FUNCTION is_slug(slug text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
    $$ BEGIN RETURN slug <> '' AND slug ~ '^[a-z_]+[a-z0-9_]*$'; END $$;
  CREATE TABLE steps (flow integer NOT NULL, slug text NOT NULL CHECK (is_slug(slug)), PRIMARY KEY (flow, slug));
  CREATE TABLE deps (flow integer NOT NULL, before text NOT NULL, after text NOT NULL, PRIMARY KEY (flow, before, after),
    FOREIGN KEY (flow, before) REFERENCES steps, FOREIGN KEY (flow, after) REFERENCES steps, CHECK (before <> after));
  INSERT INTO tenants VALUES (0, 'seeded');
`;

it('builds rows for constraints of every shape', async () => {
  const results = await proofs((db) => db.query(hard));
  if (process.env.SHOW) console.log(JSON.stringify(results, null, 1));
  expect(not(results)).toEqual([]);
  // A domain's CHECK refuses by its own name, with no table.
  for (const name of ['email.email_check', 'percent.percent_check'])
    expect(results[name]?.evidence).toContainEqual(expect.stringMatching(/^rejects value = '.*' with 23514$/));
});

it('sets triggers and foreign keys aside that come first, and says so', async () => {
  const results = await proofs((db) =>
    db.query(`
      CREATE TABLE audit (who text NOT NULL);
      CREATE TABLE owners (id integer PRIMARY KEY, n integer CHECK (n > 0));
      CREATE TABLE things (id integer PRIMARY KEY, owner_id integer REFERENCES owners ON DELETE CASCADE);
      CREATE INDEX ON things (owner_id);
      CREATE TABLE twice (id integer PRIMARY KEY, thing_id integer REFERENCES things ON DELETE CASCADE UNIQUE,
        CONSTRAINT second FOREIGN KEY (thing_id) REFERENCES things);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO audit VALUES (current_setting('app.user', true)); RETURN NEW; END $$;
      CREATE TRIGGER note BEFORE INSERT OR UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION note();`),
  );
  expect(not(results)).toEqual([]);
  for (const name of ['owners.owners_pkey', 'owners.owners_n_check', 'things.things_owner_id_fkey', 'twice.second'])
    expect(results[name]?.evidence).toContain('tried apart from triggers and foreign keys that came first');
  expect(results['twice.second']?.warnings).toContainEqual(expect.stringContaining('twice_thing_id_fkey'));
  expect(results['things.things_pkey']?.evidence).not.toContain(
    'tried apart from triggers and foreign keys that came first',
  );
});
