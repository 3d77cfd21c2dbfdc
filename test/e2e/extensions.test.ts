// Migrations that need extensions, on the embedded server: it has those that PGlite carries.
import { describe, expect, it } from 'vitest';
import { amelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';

const migrations = () =>
  folderOf({
    '1_extensions.sql': `CREATE EXTENSION citext;
create extension if not exists "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION pgcrypto; CREATE EXTENSION btree_gist;`,
    '1_extensions.down.sql': `DROP EXTENSION btree_gist, pgcrypto, pg_trgm, "uuid-ossp", citext;`,
    '2_bookings.sql': `CREATE TABLE guests (
  id uuid CONSTRAINT guests_pkey PRIMARY KEY DEFAULT uuid_generate_v4(),
  email citext NOT NULL CONSTRAINT guests_email_key UNIQUE,
  secret bytea NOT NULL DEFAULT gen_random_bytes(16),
  CONSTRAINT guests_secret_check CHECK (length(secret) = 16)
);
CREATE INDEX guests_email_trgm ON guests USING gin ((email::text) gin_trgm_ops);
CREATE TABLE bookings (
  room int NOT NULL,
  guest uuid NOT NULL CONSTRAINT bookings_guest_fkey REFERENCES guests,
  during tstzrange NOT NULL,
  CONSTRAINT bookings_room_during_excl EXCLUDE USING gist (room WITH =, during WITH &&)
);
CREATE INDEX bookings_guest ON bookings (guest);`,
    '2_bookings.down.sql': 'DROP TABLE bookings, guests;',
  });

describe('migrations that create extensions', () => {
  it('run on the embedded server, are there when it is opened again, and their constraints are proven', async () => {
    const folder = migrations();
    const embedded = ['-m', folder, '--embedded', `${folder}-db`];
    expect(await amelia(['migrate', ...embedded])).toMatchObject({ status: 0 });
    expect(await amelia(['status', '--check', ...embedded])).toMatchObject({ status: 0 });
    const verified = await amelia(['verify', '--strict', '--json', ...embedded]);
    expect(verified).toMatchObject({ status: 0 });
    expect(verified.json()).toMatchObject({ problems: [], warnings: [] });
  });

  it('are proven for a server that has them too', async () => {
    const [folder, database] = [migrations(), await freshDatabase()];
    const target = ['-m', folder, '-d', database.url];
    expect(await amelia(['migrate', '--verify', ...target])).toMatchObject({ status: 0 });
  });

  it('pass the gate for pull requests', async () => {
    expect(await amelia(['check', '-m', migrations()])).toMatchObject({ status: 0 });
  });

  it('that it does not have are refused at their place, and what to do is said', async () => {
    const folder = folderOf({ '1_geo.sql': 'CREATE TABLE places ();\nCREATE EXTENSION postgis;' });
    const run = await amelia(['check', '-m', folder]);
    expect(run.status).toBe(7);
    expect(run.stdout + run.stderr).toMatch(/PGlite, the embedded server, has no extension postgis[^]*1_geo\.sql:2:1/);
    expect(run.stdout + run.stderr).toMatch(/PGlite has: amcheck,[^]*vector/);
    expect(run.stdout + run.stderr).toContain('--scratch-url URL');
    expect(run.stdout + run.stderr).not.toContain('must first be installed');
  });

  it('that it does not have are said by migrate and verify too, also out of a DO block', async () => {
    const folder = folderOf({ '1_fdw.sql': "DO $$ BEGIN EXECUTE 'CREATE EXTENSION postgres_fdw'; END $$;" });
    const migrated = await amelia(['migrate', '-m', folder, '--embedded', `${folder}-db`]);
    expect(migrated.status).toBe(1);
    expect(migrated.stderr).toContain('PGlite, the embedded server, has no extension postgres_fdw');
    expect(migrated.stderr).toContain('--database-url URL');

    const database = await freshDatabase();
    const target = ['-m', folder, '-d', database.url];
    expect(await amelia(['migrate', ...target])).toMatchObject({ status: 0 });
    const verified = await amelia(['verify', ...target]);
    expect(verified.status).toBe(7);
    expect(verified.stderr).toMatch(/PGlite has: amcheck,[^]*--scratch-url URL/);

    const scratch = await freshDatabase();
    expect(await amelia(['check', '-m', folder, '--scratch-url', scratch.url])).toMatchObject({ status: 0 });
    const left = await scratch.query("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'");
    expect(left).toEqual([]);
  });

  it('bring along what they require, however the statement is written', async () => {
    const folder = folderOf({
      '1_all.sql': `CREATE SCHEMA tools;
create extension /* a comment */ if not exists "earthdistance" WITH SCHEMA tools CASCADE;
DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA tools; END $$;
CREATE EXTENSION -- another
  hstore;`,
    });
    expect(await amelia(['check', '-m', folder])).toMatchObject({ status: 0 });
  });

  it('include pgvector, with its index, and texts that become uuid', async () => {
    const at = ['-m', 'examples/memory-search/migrations'];
    const folder = folderOf();
    expect(await amelia(['migrate', ...at, '--embedded', `${folder}-db`])).toMatchObject({ status: 0 });
    const verified = await amelia(['verify', '--strict', '--json', ...at, '--embedded', `${folder}-db`]);
    expect(verified).toMatchObject({ status: 0 });
    expect(verified.json()).toMatchObject({ problems: [] });
    expect(await amelia(['check', ...at])).toMatchObject({ status: 0 });
  });
});
