// What is measured: each section makes a table, or one for each latency, of what the tools did.
import { join } from 'node:path';
import { compare, type Conditions, type Job, type Row } from './compare.ts';
import { dataMigration, emptyFolder, smallMigrations, type Workload } from './folders.ts';
import { measure } from './measure.ts';
import { verifyTable } from './verify.ts';
import { emptyProgram, type Tool } from './tools.ts';

export const SECTIONS = ['apply-100', 'apply-1000', 'noop', 'status', 'at-once', 'inserts', 'copy', 'verify'] as const;
export type Section = (typeof SECTIONS)[number];

export interface Table {
  title: string;
  rows: Row[];
  /** The columns beside time, CPU and memory. */
  shows: 'traffic' | 'backend' | 'at once';
}

/** A table of one tool's own figures, as they are written. */
export interface PlainTable {
  title: string;
  heads: string[];
  lines: string[][];
}

export interface Bench extends Omit<Conditions, 'rttMs' | 'processes'> {
  tools: Tool[];
  megabytes: number;
  rtts: number[];
}

const PROCESSES_AT_ONCE = 20;

/** Measures one section. */
export async function runSection(section: Section, every: Bench): Promise<(Table | PlainTable)[]> {
  const small = section === 'apply-100' || section === 'noop' || section === 'status';
  const bench = { ...every, tools: every.tools.filter(({ variant }) => small || variant !== true) };
  switch (section) {
    case 'apply-100':
      return atEachLatency(bench, '100 migrations', fromEmpty(bench, smallMigrations(100)));
    case 'apply-1000':
      return atEachLatency(bench, '1,000 migrations', fromEmpty(bench, smallMigrations(1000)));
    case 'noop':
      return onApplied(bench, 'Nothing to do, 1,000 applied', 'migrate');
    case 'status':
      return onApplied(bench, 'Status, 1,000 applied', 'status');
    case 'at-once': {
      const title = `${PROCESSES_AT_ONCE} processes at once, 100 migrations, empty database`;
      bench.tell(title);
      const jobs = fromEmpty(bench, smallMigrations(100));
      return [
        { title, rows: await compare(jobs, { ...bench, rttMs: 0, processes: PROCESSES_AT_ONCE }), shows: 'at once' },
      ];
    }
    case 'inserts':
    case 'copy': {
      const title = `${bench.megabytes} MB as ${section === 'copy' ? 'COPY … FROM stdin' : 'INSERT statements'}`;
      bench.tell(title);
      const tools = bench.tools.filter((tool) => section === 'inserts' || tool.copies);
      const jobs = fromEmpty({ ...bench, tools }, dataMigration(section, bench.megabytes));
      return [{ title, rows: await compare(jobs, { ...bench, rttMs: 0, processes: 1 }), shows: 'backend' }];
    }
    case 'verify':
      bench.tell('verify');
      return [await verifyTable(bench.server, join(bench.scratch, 'verify'), bench.runs)];
  }
}

async function atEachLatency(bench: Bench, what: string, jobs: Job[]): Promise<Table[]> {
  const tables: Table[] = [];
  for (const rttMs of bench.rtts) {
    const title = `${what}, ${rttMs} ms`;
    bench.tell(title);
    tables.push({ title, rows: await compare(jobs, { ...bench, rttMs, processes: 1 }), shows: 'traffic' });
  }
  return tables;
}

/** Each tool applies everything to a new database. */
function fromEmpty(bench: Bench, workload: Workload): Job[] {
  return bench.tools.map((tool) => {
    const folder = written(bench, tool, workload);
    return {
      name: tool.name,
      open: () => bench.server.createDatabase(),
      command: (url) => tool.migrate(folder, url),
      check: isApplied(tool, workload),
      close: (url) => bench.server.dropDatabase(url),
    };
  });
}

/** Each tool runs its command where it has applied 1,000 migrations before. */
async function onApplied(bench: Bench, what: string, verb: 'migrate' | 'status'): Promise<Table[]> {
  const workload = smallMigrations(1000);
  const { server } = bench;
  const jobs: Job[] = [];
  const databases: string[] = [];
  try {
    for (const tool of bench.tools) {
      // psql's way to find out that there is nothing to do is to read what is applied.
      const command = tool.name.startsWith('psql') ? tool.status : tool[verb];
      if (!command) continue;
      const folder = written(bench, tool, workload);
      const database = await server.createDatabase();
      databases.push(database);
      await measure(tool.migrate(folder, database), bench.scratch);
      jobs.push({
        name: tool.name,
        open: () => Promise.resolve(database),
        command: (url) => command(folder, url),
        check: isApplied(tool, workload),
        close: () => Promise.resolve(),
      });
    }
    const [any] = databases;
    if (any !== undefined) {
      jobs.push({
        name: 'an empty Node program',
        open: () => Promise.resolve(any),
        command: () => emptyProgram,
        check: 'SELECT true AS done',
        close: () => Promise.resolve(),
      });
    }
    return await atEachLatency(bench, what, jobs);
  } finally {
    for (const database of databases) await server.dropDatabase(database);
  }
}

function written(bench: Bench, tool: Tool, workload: Workload): string {
  const folder = emptyFolder(join(bench.scratch, 'migrations', tool.name));
  tool.write(folder, workload.migrations);
  return folder;
}

/** All that the migrations make is there, and each is in the tool's history once. */
function isApplied(tool: Tool, { migrations, check }: Workload): string {
  const history = `SELECT count(*) = ${migrations.length} AND count(DISTINCT version) = ${migrations.length} FROM (${tool.history}) AS history`;
  return `SELECT (${check}) AND (${history}) AS done`;
}
