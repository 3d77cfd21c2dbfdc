// verify --live on databases with a row in every table, the only row that there can be in it too: all is proven, and
// nothing of it stays. Killed in the middle: test/faults/verify-live.test.ts.
import { expect, it } from 'vitest';
import { display } from '../../../src/schema/sql.ts';
import { alone, filledSystem, stateOf } from './filled.ts';

it.each([
  ['migrations', 35],
  ['examples/software-studio/migrations', 18],
  ['examples/agentvine/migrations', 49],
  ['examples/agent-team/migrations', 67],
])('all constraints of %s are proven among rows, and nothing stays: %i', async (migrations, constraints) => {
  const { db, watcher, live, tables } = await filledSystem(migrations);
  const before = await stateOf(watcher);
  for (const table of tables)
    expect(before['rows']).toHaveProperty([display(table)], expect.stringContaining('<xmin>'));
  const results = [...(await live(db.url)).entries()];
  await alone(watcher);
  expect(await stateOf(watcher)).toEqual(before);
  expect(
    results.flatMap(([{ name }, { proof, reason }]) => (proof === 'proven' ? [] : [`${name} ${proof}: ${reason}`])),
  ).toEqual([]);
  expect(results).toHaveLength(constraints);
});
