// `npm run bench`: measures amelia-db and other tools side by side, prints the tables, and writes them into
// docs/benchmark.md when nothing was left out.
import * as fs from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { startProxy } from '../support/proxy.ts';
import { median } from './measure.ts';
import { renderReport, renderTable } from './report.ts';
import { runSection, SECTIONS, type PlainTable, type Section, type Table } from './sections.ts';
import { type BenchServer, startBenchServer } from './server.ts';
import { prepareTools, TOOL_NAMES, type ToolName } from './tools.ts';

const USAGE = `npm run bench -- [options]

--only SECTION,…    ${SECTIONS.join(', ')}
--tools TOOL,…      ${TOOL_NAMES.join(', ')}
--runs N            of each (5)
--rtt MS,…          latencies (0,10)
--major N           the server's version (15)
--megabytes N       of the data files (50)
--package FOLDER    the built amelia-db to measure (this one)
--output FILE       where the report goes (docs/benchmark.md; nowhere when --only, --tools or --package leaves something out)
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      tools: { type: 'string' },
      runs: { type: 'string', default: '5' },
      rtt: { type: 'string', default: '0,10' },
      major: { type: 'string', default: '15' },
      megabytes: { type: 'string', default: '50' },
      package: { type: 'string' },
      output: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const sections = chosen<Section>('--only', values.only, SECTIONS);
  const names = chosen<ToolName>('--tools', values.tools, TOOL_NAMES);
  const rtts = values.rtt.split(',').map((text) => count('--rtt', text, 0));
  const runs = count('--runs', values.runs, 1);
  const major = count('--major', values.major, 1);
  const megabytes = count('--megabytes', values.megabytes, 1);

  const load = loadavg()[0] ?? 0;
  const tell = (text: string) => void process.stderr.write(`${text}\n`);
  const cache = openCache();
  const all = prepareTools(cache, values.package ?? '.');
  const tools = names.map((name) => all[name]);
  const scratch = fs.mkdtempSync(join(cache, 'run-'));
  const server = await startBenchServer(major);
  try {
    const latencies: { askedMs: number; foundMs: number }[] = [];
    for (const rttMs of rtts) latencies.push({ askedMs: rttMs, foundMs: await roundTripMs(server, rttMs) });
    const tables: (Table | PlainTable)[] = [];
    for (const section of sections) {
      for (const table of await runSection(section, { server, tools, scratch, runs, megabytes, rtts, tell })) {
        tables.push(table);
        tell(`\n${renderTable(table)}\n`);
      }
    }
    const args = process.argv.slice(2);
    const command = `npm run bench${args.length ? ` -- ${args.join(' ')}` : ''}`;
    const report = { command, date: new Date(), load, server: server.description, tools, runs, latencies, tables };
    const text = await renderReport(report);
    process.stdout.write(text);
    const isWhole = values.only === undefined && values.tools === undefined && values.package === undefined;
    const output = values.output ?? (isWhole ? join('docs', 'benchmark.md') : undefined);
    if (output !== undefined) {
      fs.mkdirSync(join(output, '..'), { recursive: true });
      fs.writeFileSync(output, text);
    }
  } finally {
    await server.close();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Its name can be guessed, so a folder that another user made is refused. */
function openCache(): string {
  const cache = join(tmpdir(), 'amelia-db-bench');
  fs.mkdirSync(cache, { recursive: true, mode: 0o700 });
  if (fs.lstatSync(cache).uid !== process.getuid?.()) throw new Error(`${cache} belongs to someone else: set TMPDIR.`);
  return cache;
}

/** What a round trip takes through the proxy: it is never shorter than asked for, and a little longer. */
async function roundTripMs(server: BenchServer, rttMs: number): Promise<number> {
  const proxy = await startProxy(server.cluster.url, { rttMs, onTestFinished: false });
  try {
    const times: number[] = [];
    const client = postgres(proxy.url, { max: 1, fetch_types: false });
    for (let trial = 0; trial < 21; trial++) {
      const start = performance.now();
      await client.unsafe('SELECT 1').simple();
      times.push(performance.now() - start);
    }
    await client.end();
    return median(times);
  } finally {
    await proxy.close();
  }
}

function chosen<Name extends string>(option: string, text: string | undefined, names: readonly Name[]): Name[] {
  if (text === undefined) return [...names];
  const wanted = text.split(',');
  const wrong = wanted.find((name) => !(names as readonly string[]).includes(name));
  if (wrong !== undefined) throw new Error(`${option} has no ${wrong}; there are ${names.join(', ')}.`);
  return names.filter((name) => wanted.includes(name));
}

function count(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`${option} is a whole number of at least ${least}, not ${text}.`);
}

await main();
