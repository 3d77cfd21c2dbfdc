// What verify costs on generated schemas: time and round trips of each phase, with a server for the scratch database,
// where they can be counted.
import { join } from 'node:path';
import * as fs from 'node:fs';
import { parseTarget } from '../../src/database/target.ts';
import { Session } from '../../src/database/session.ts';
import { openMigrator } from '../../src/migrator.ts';
import { readSchema } from '../../src/schema/catalog.ts';
import { compareSchemas } from '../../src/schema/compare.ts';
import { replay } from '../../src/verification.ts';
import { judgeWith } from '../../src/verify/meaning.ts';
import { prove, targetsOf } from '../../src/verify/prove.ts';
import { startProxy } from '../support/proxy.ts';
import { emptyFolder } from './folders.ts';
import { median } from './measure.ts';
import type { BenchServer } from './server.ts';

/** Seven constraints a table: a key, two other unique indexes, a foreign key, three CHECKs. */
const generated = (n: number): string =>
  Array.from(
    { length: n },
    (_, i) => `CREATE TABLE t${i} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code varchar(40) NOT NULL UNIQUE, parent_id bigint ${i === 0 ? '' : `REFERENCES t${i - 1} ON DELETE ${i % 2 ? 'CASCADE' : 'SET NULL'}`},
  status varchar(20) NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'held', 'done')), amount numeric(10,2) NOT NULL CHECK (amount > 0),
  started_at timestamptz NOT NULL DEFAULT now(), ended_at timestamptz, CHECK (ended_at > started_at));
CREATE INDEX ON t${i} (parent_id);
CREATE UNIQUE INDEX t${i}_held ON t${i} (parent_id) WHERE status = 'held';
`,
  ).join('');

interface Phase {
  readonly name: string;
  readonly ms: number;
  readonly roundTrips: number;
}

/** Replays, reads, compares and proves a schema of `n` tables, as verify does. */
async function phasesOf(
  server: BenchServer,
  folder: string,
  n: number,
): Promise<{ constraints: number; phases: Phase[] }> {
  fs.writeFileSync(join(emptyFolder(folder), '001_generated.sql'), generated(n));
  const urls = [await server.createDatabase(), await server.createDatabase()] as const;
  const proxies = await Promise.all(urls.map((url) => startProxy(url, { onTestFinished: false })));
  const [target, scratch] = proxies.map(({ url }) => parseTarget({ url, env: {} })) as [
    ReturnType<typeof parseTarget>,
    ReturnType<typeof parseTarget>,
  ];
  const phases: Phase[] = [];
  const phase = async <T>(name: string, task: () => Promise<T>): Promise<T> => {
    for (const proxy of proxies) proxy.reset();
    const begun = performance.now();
    const result = await task();
    const ms = performance.now() - begun;
    phases.push({ name, ms, roundTrips: proxies.reduce((sum, proxy) => sum + proxy.counts().roundTrips, 0) });
    return result;
  };
  try {
    await openMigrator({ database: { target }, migrations: folder }).migrate();
    const { session } = await Session.open(target, 'SELECT 1');
    const replayed = await phase('replay', () => replay({ migrations: folder, scratch }, new Set([1n])));
    const { place } = replayed;
    const [expected, found] = await phase('catalog', () =>
      Promise.all([
        readSchema(place.session, { without: place.without }),
        readSchema(session, { without: place.without }),
      ]),
    );
    await phase('compare', () => compareSchemas(place.session, expected, found, judgeWith(place.session, expected)));
    const targets = targetsOf(expected);
    const proofs = await phase('prove', () => prove(place.session, expected, targets));
    const unproven = [...proofs.values()].filter(({ proof }) => proof !== 'proven');
    if (unproven.length > 0) throw new Error(`${unproven.length} constraints are not proven: ${unproven[0]?.reason}`);
    await session.close();
    await replayed.close();
    return { constraints: targets.length, phases };
  } finally {
    for (const proxy of proxies) await proxy.close();
    for (const url of urls) await server.dropDatabase(url);
  }
}

/** One line a phase: its time and its round trips for each number of tables. */
export async function verifyTable(server: BenchServer, folder: string, runs: number) {
  const columns: { head: string; cells: { name: string; text: string }[] }[] = [];
  for (const n of [50, 500]) {
    const all: Awaited<ReturnType<typeof phasesOf>>[] = [];
    for (let run = 0; run < runs; run++) all.push(await phasesOf(server, folder, n));
    const [first] = all;
    if (!first) throw new Error('nothing was run');
    columns.push({
      head: `${n} tables, ${first.constraints.toLocaleString('en')} constraints`,
      cells: first.phases.map(({ name, roundTrips }, i) => {
        const ms = median(all.map(({ phases }) => phases[i]?.ms ?? 0));
        return {
          name,
          text: `${Math.round(ms).toLocaleString('en')} ms, ${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`,
        };
      }),
    });
  }
  const names = columns[0]?.cells.map(({ name }) => name) ?? [];
  return {
    title: 'Verify, by phase, the scratch database on the same server',
    heads: ['', ...columns.map(({ head }) => head)],
    lines: names.map((name, i) => [name, ...columns.map(({ cells }) => cells[i]?.text ?? '')]),
  };
}
