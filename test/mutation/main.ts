// The mutation score: each schema is weakened one thing at a time, and verify has to say so. Prints caught / all,
// and every survivor. Exits 1 when there is one.
import { parseTarget } from '../../src/database/target.ts';
import { Session } from '../../src/database/session.ts';
import { openMigrator } from '../../src/migrator.ts';
import { readSchema } from '../../src/schema/catalog.ts';
import { compareSchemas } from '../../src/schema/compare.ts';
import { readEnforcement } from '../../src/verify/enforcement.ts';
import { judgeWith } from '../../src/verify/meaning.ts';
import { proveLive, targetsOf } from '../../src/verify/prove.ts';

import { startCluster } from '../support/cluster.ts';
import { mutantsOf } from './mutants.ts';

const folders = [
  'migrations',
  'examples/software-studio/migrations',
  'examples/agentvine/migrations',
  'examples/agent-team/migrations',
];
const chosen = process.argv.slice(2);
const major = Number(process.env['PG_MAJOR'] ?? 18);

const cluster = await startCluster({ major });
let survivors = 0;
try {
  for (const folder of folders.filter((each) => chosen.length === 0 || chosen.includes(each)))
    survivors += await score(folder);
} finally {
  await cluster.close();
}
process.exitCode = survivors === 0 ? 0 : 1;

async function score(folder: string): Promise<number> {
  const begun = performance.now();
  const [target, scratch] = await Promise.all(
    ['target', 'scratch'].map((name) => filled(folder, `${name}_${Math.random().toString(36).slice(2)}`)),
  );
  if (!target || !scratch) throw new Error('no session');
  const without = [{ schema: 'public', name: 'schema_migrations' }];
  const expected = await readSchema(scratch, { without });
  const judge = judgeWith(scratch, expected);
  const targets = targetsOf(expected);
  const tally = { caught: 0, all: 0, proof: 0, proofAll: 0, refused: 0 };
  const survived: string[] = [];
  for (const mutant of mutantsOf(expected, major)) {
    await target.query('BEGIN; SET LOCAL allow_system_table_mods = on');
    try {
      await target.query(mutant.sql);
    } catch {
      tally.refused++; // PostgreSQL itself does not let the schema be so
      await target.query('ROLLBACK');
      continue;
    }
    const found = await readSchema(target, { without });
    const { problems } = await compareSchemas(scratch, expected, found, judge);
    const enforcement = readEnforcement(expected, found);
    tally.all++;
    if (problems.length + enforcement.problems.length > 0) tally.caught++;
    else survived.push(mutant.what);
    const own = targets.filter(({ table, name }) => table === mutant.table && name === mutant.about);
    if (own.length > 0) {
      // What the rows alone would have said; ends with the ROLLBACK.
      const results = await proveLive(target, scratch, expected, own);
      tally.proofAll++;
      if ([...results.values()].some(({ proof }) => proof === 'failed')) tally.proof++;
    } else await target.query('ROLLBACK');
  }
  await Promise.all([target.close(), scratch.close()]);
  const { caught, all, proof, proofAll, refused } = tally;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${folder} on PostgreSQL ${major}: ${caught} / ${all} caught (${((100 * caught) / all).toFixed(1)} %); by rows alone ${proof} / ${proofAll}; ${refused} that PostgreSQL refuses; ${seconds} s`,
  );
  for (const what of survived) console.log(`  survived: ${what}`);
  return survived.length;
}

async function filled(folder: string, name: string): Promise<Session> {
  const admin = await Session.open(parseTarget({ url: cluster.url, env: {} }), `CREATE DATABASE ${name}`);
  await admin.answer;
  await admin.session.close();
  const url = new URL(cluster.url);
  url.pathname = `/${name}`;
  const database = { target: parseTarget({ url: url.href, env: {} }) };
  await openMigrator({ database, migrations: folder }).migrate();
  return (await Session.open(database.target, 'SELECT 1')).session;
}
