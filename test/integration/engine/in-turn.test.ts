// A database that Amelia's own runner began: it and this tool go on in turn. The runner knows two columns, applies
// each version above the newest in a transaction of its own, and inserts the version.
import postgres from 'postgres';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';

/** What the application's start does. */
async function runOther(url: string, folder: string): Promise<number[]> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  const done: number[] = [];
  try {
    await sql.unsafe(
      'CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, applied_at TIMESTAMPTZ DEFAULT now())',
    );
    const [row] = await sql.unsafe('SELECT coalesce(max(version), 0) AS newest FROM schema_migrations');
    for (const file of readdirSync(folder)
      .filter((name) => /^\d+_.*(?<!\.down)\.sql$/.test(name))
      .sort()) {
      const version = Number.parseInt(file, 10);
      if (version <= Number(row?.['newest'])) continue;
      await sql.begin(async (transaction) => {
        await transaction.unsafe(readFileSync(path.join(folder, file), 'utf8'));
        await transaction.unsafe(`INSERT INTO schema_migrations (version) VALUES (${version})`);
      });
      done.push(version);
    }
    return done;
  } finally {
    await sql.end();
  }
}

// Each adds a row: whatever ran twice is there twice.
const file = (n: number) => ({
  [`${String(n).padStart(3, '0')}_step.sql`]: `CREATE TABLE IF NOT EXISTS ran (n int NOT NULL); INSERT INTO ran VALUES (${n});`,
});

it('applies each migration once, whoever comes first, and says which checksums nobody knows', async () => {
  // Given a database that the other runner began
  const database = await freshDatabase();
  const folder = folderOf({ ...file(1), ...file(2) });
  expect(await runOther(database.url, folder)).toEqual([1, 2]);

  // When both go on in turn
  const ours = engineFor(database.url, folder);
  addFiles(folder, { ...file(3), ...file(4) });
  expect((await ours.migrate()).steps.map(({ version }) => version)).toEqual(['3', '4']);
  addFiles(folder, file(5));
  expect(await runOther(database.url, folder)).toEqual([5]);
  addFiles(folder, file(6));
  expect((await ours.migrate()).steps.map(({ version }) => version)).toEqual(['6']);
  expect(await runOther(database.url, folder)).toEqual([]);
  expect((await ours.migrate()).steps).toEqual([]);

  // Then each ran once, and the history has each
  const all = [1, 2, 3, 4, 5, 6];
  expect(await database.query('SELECT n FROM ran ORDER BY n')).toEqual(all.map((n) => ({ n })));
  const rows = await database.query(
    'SELECT version::int AS version, checksum IS NOT NULL AS known, applied_at IS NOT NULL AS dated FROM schema_migrations ORDER BY 1',
  );
  expect(rows).toEqual(all.map((version) => ({ version, known: [3, 4, 6].includes(version), dated: true })));
  const { migrations } = await ours.status();
  expect(migrations.map(({ version, state }) => `${version} ${state}`)).toEqual(all.map((n) => `${n} applied`));
  expect(migrations.map(({ checksum }) => checksum !== null && checksum !== undefined)).toEqual(
    all.map((n) => [3, 4, 6].includes(n)),
  );
});
