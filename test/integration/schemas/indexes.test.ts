// What holds for the indexes of all four schemas: each foreign key has one, and none repeats another.
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { applyAll } from './schema.ts';

const SYSTEMS = [
  { folder: 'migrations', foreignKeys: 11 },
  { folder: 'examples/software-studio/migrations', foreignKeys: 2 },
  { folder: 'examples/agentvine/migrations', foreignKeys: 15 },
  { folder: 'examples/agent-team/migrations', foreignKeys: 33 },
];

/** A usable index over all rows whose first columns are the key's, in any order. */
const UNCOVERED = `
  SELECT conname AS name FROM pg_constraint
  WHERE contype = 'f' AND NOT EXISTS (
    SELECT FROM pg_index
    WHERE indrelid = conrelid AND indpred IS NULL AND indisvalid AND indisready
      AND (SELECT array_agg(column_number ORDER BY column_number) FROM unnest(conkey) AS column_number)
        = (SELECT array_agg(column_number ORDER BY column_number)
           FROM unnest((indkey::int2[])[0:cardinality(conkey) - 1]) AS column_number)
  )
  ORDER BY 1`;

const REPEATED = `
  SELECT string_agg(relname, ', ' ORDER BY relname) AS names FROM pg_index
    JOIN pg_class c ON c.oid = indexrelid AND relnamespace = 'public'::regnamespace
  GROUP BY indrelid, relam, indkey::text, indclass::text, indcollation::text, indoption::text,
    pg_get_expr(indexprs, indrelid), pg_get_expr(indpred, indrelid)
  HAVING count(*) > 1`;

describe.each(SYSTEMS)('$folder', ({ folder, foreignKeys }) => {
  it('has an index for each foreign key, and no index twice', async () => {
    const db = await freshDatabase();
    await applyAll(db, folder);
    expect(await db.query("SELECT count(*)::int FROM pg_constraint WHERE contype = 'f'")).toEqual([
      { count: foreignKeys },
    ]);
    expect(await db.query(UNCOVERED)).toEqual([]);
    expect(await db.query(REPEATED)).toEqual([]);
  });
});

it('would notice an index that is missing, partial or twice there', async () => {
  const db = await freshDatabase();
  await applyAll(db, 'migrations');
  await db.query(`
    DROP INDEX idx_events_parent_id, idx_tokens_workflow;
    CREATE INDEX idx_partial ON token_usage (workflow_id) WHERE cost_usd > 0;
    CREATE INDEX idx_twice ON token_usage (agent)`);
  expect(await db.query(UNCOVERED)).toEqual([
    { name: 'events_parent_id_fkey' },
    { name: 'token_usage_workflow_id_fkey' },
  ]);
  expect(await db.query(REPEATED)).toEqual([{ names: 'idx_tokens_agent, idx_twice' }]);
});
