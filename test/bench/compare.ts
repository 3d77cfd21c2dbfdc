// Lets the tools take turns at one job each, so that what else the machine does falls on all of them, and looks at
// each result before its numbers count.
import { startProxy } from '../support/proxy.ts';
import { type Cost, measure, watchBackends } from './measure.ts';
import type { BenchServer } from './server.ts';
import type { Command } from './tools.ts';

/** What one tool does in one section. */
export interface Job {
  name: string;
  /** The database that it works on, as it was left for it. */
  open(): Promise<string>;
  command(url: string): Command;
  /** A query for one boolean named `done`. */
  check: string;
  close(url: string): Promise<void>;
}

export interface Sample extends Cost {
  connections: number;
  roundTrips: number;
  /** The peak of a server process's private memory. */
  backendMb: number;
  /** How many processes said that all is well. */
  succeeded: number;
  /** Whether the database holds what it should. */
  done: boolean;
}

export interface Row {
  name: string;
  /** Empty when the tool failed. */
  samples: Sample[];
  /** From a run of their own when the timed runs did not go through the proxy. */
  counts?: { connections: number; roundTrips: number };
  failure?: string;
}

export interface Conditions {
  server: BenchServer;
  scratch: string;
  runs: number;
  /** Without a latency the tool speaks to the server itself, and is counted in one more run through the proxy. */
  rttMs: number;
  /** At once, from the same moment. */
  processes: number;
  tell: (text: string) => void;
}

/** Beyond this, a tool's job is not repeated. */
const ENOUGH_MS = 40_000;

/** Runs each job as often as asked, in turn. A job that fails has a row that says so; never throws because of one. */
export async function compare(jobs: Job[], conditions: Conditions): Promise<Row[]> {
  const { runs, rttMs, processes, tell } = conditions;
  const rows: Row[] = jobs.map(({ name }) => ({ name, samples: [] }));
  for (let run = 0; run < runs; run++) {
    for (const [index, job] of jobs.entries()) {
      const row = rows[index]!;
      const spent = row.samples.reduce((sum, { wallMs }) => sum + wallMs, 0);
      if (row.failure !== undefined || spent > ENOUGH_MS) continue;
      try {
        row.samples.push(await once(job, conditions, rttMs > 0));
        if (rttMs === 0 && run === 0 && processes === 1) row.counts = await once(job, conditions, true);
        tell(`${job.name} ${Math.round(row.samples.at(-1)!.wallMs)} ms`);
      } catch (error) {
        row.samples = [];
        row.failure = error instanceof Error ? error.message : String(error);
        tell(`${job.name} failed: ${row.failure}`);
      }
    }
  }
  return rows;
}

async function once(job: Job, conditions: Conditions, proxied: boolean): Promise<Sample> {
  const { server, scratch, rttMs, processes } = conditions;
  const url = await job.open();
  const proxy = proxied ? await startProxy(url, { rttMs, onTestFinished: false }) : undefined;
  try {
    const peak = watchBackends(server.cluster.pid!);
    const begun = performance.now();
    const outcomes = await Promise.all(
      Array.from({ length: processes }, () => measure(job.command(proxy?.url ?? url), scratch)),
    );
    const wallMs = processes === 1 ? outcomes[0]!.wallMs : performance.now() - begun;
    const backendMb = peak();
    const [answer] = await server.query<{ done: boolean }>(url, job.check).catch(() => []);
    const done = answer?.done === true;
    const wrong = outcomes.find(({ status }) => status !== 0);
    if (processes === 1 && wrong) throw new Error(`exit status ${wrong.status}: ${wrong.output}`);
    if (processes === 1 && !done) throw new Error(`the database does not hold the result: ${outcomes[0]!.output}`);
    const { connections = 0, roundTrips = 0 } = proxy?.counts() ?? {};
    return {
      wallMs,
      cpuMs: outcomes.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      memoryMb: Math.max(...outcomes.map(({ memoryMb }) => memoryMb)),
      connections,
      roundTrips,
      backendMb,
      succeeded: outcomes.filter(({ status }) => status === 0).length,
      done,
    };
  } finally {
    await proxy?.close();
    await job.close(url);
  }
}
