// Turns what was measured into Markdown: every figure with its ratio to psql's.
import { arch, cpus, loadavg, release, totalmem, type as system } from 'node:os';
import { format } from 'prettier';
import type { Row, Sample } from './compare.ts';
import { median } from './measure.ts';
import type { PlainTable, Table } from './sections.ts';
import type { Tool } from './tools.ts';

export interface Report {
  command: string;
  date: Date;
  /** Of what else the machine did: the load average before the first run. */
  load: number;
  server: string;
  tools: Tool[];
  runs: number;
  /** What a round trip through the proxy took, by what it was asked for. */
  latencies: { askedMs: number; foundMs: number }[];
  tables: (Table | PlainTable)[];
}

/** The whole document, formatted as the checkout's other documents are. */
export async function renderReport(report: Report): Promise<string> {
  return await format(documentOf(report), { parser: 'markdown' });
}

function documentOf(report: Report): string {
  const { command, date, server, tools, runs, latencies, tables } = report;
  const day = date.toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB of memory, ${system()} ${release()} ${arch()}, Node ${process.versions.node}; the load average was ${report.load.toFixed(1)} before it and ${(loadavg()[1] ?? 0).toFixed(1)} in its last five minutes`;
  const found = latencies
    .filter(({ askedMs }) => askedMs > 0)
    .map(({ askedMs, foundMs }) => ` Asked for ${askedMs} ms, a round trip took ${foundMs.toFixed(1)} ms.`);
  return `# Benchmark

<!-- executed by test/bench/main.ts -->

\`\`\`sh
${command}
\`\`\`

${day}, ${machine}. ${server}.

Every tool gets the same SQL in its own format: two statements a migration, a table and an index. The tools take turns on one server, ${runs} times each (but none again that has taken 40 s), and the medians are shown, with their ratio to psql's in brackets. A number counts only when all tables and indexes are there and the tool's history holds each migration once. At 0 ms a tool speaks to the server itself and its connections and round trips are counted in one more run; latency comes from a proxy in between.${found.join('')} TLS is off for all. CPU is the tool's own, user and system; memory is its peak. Where several run at once, the time is until the last has ended, CPU is the sum and memory that of the largest.

${tools.map(({ name, version, note }) => `- ${name} ${version}${note ? `: ${note}` : ''}`).join('\n')}

${tables.map(renderTable).join('\n\n')}
`;
}

/** One table with its title. */
export function renderTable(table: Table | PlainTable): string {
  return 'rows' in table ? renderRows(table) : `## ${table.title}\n\n${markdown(table.heads, table.lines)}`;
}

function markdown(heads: string[], lines: string[][]): string {
  const rule = heads.map((_, column) => (column === 0 ? '---' : '---:'));
  return [heads, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function renderRows({ title, rows, shows }: Table): string {
  const floor = rows.find(({ name, failure }) => name === 'psql' && failure === undefined);
  const heads = ['', 'time', 'CPU', 'memory', ...EXTRA[shows].map(({ head }) => head)];
  const lines = rows.map((row) => {
    if (row.failure !== undefined) return [row.name, 'failed', ...heads.slice(2).map(() => '')];
    const figure = (pick: (sample: Sample) => number, unit: string) => {
      const own = median(row.samples.map(pick));
      const least = floor && floor !== row ? median(floor.samples.map(pick)) : undefined;
      return `${grouped(own)} ${unit}${least ? ` (${ratio(own / least)})` : ''}`;
    };
    return [
      row.name,
      figure(({ wallMs }) => wallMs, 'ms'),
      figure(({ cpuMs }) => cpuMs, 'ms'),
      figure(({ memoryMb }) => memoryMb, 'MB'),
      ...EXTRA[shows].map(({ cell }) => cell(row, floor)),
    ];
  });
  const failures = rows.flatMap(({ name, failure }) =>
    failure === undefined ? [] : [`\n\n${name} failed: ${failure.split('\n')[0]}`],
  );
  return `## ${title}\n\n${markdown(heads, lines)}${failures.join('')}`;
}

interface Column {
  head: string;
  cell: (row: Row, floor: Row | undefined) => string;
}

const EXTRA: Record<Table['shows'], Column[]> = {
  traffic: [
    { head: 'connections', cell: (row) => counted(row, 'connections') },
    {
      head: 'round trips',
      cell: (row, floor) => {
        const least = floor && floor !== row ? countOf(floor, 'roundTrips') : 0;
        const own = countOf(row, 'roundTrips');
        return counted(row, 'roundTrips') + (least && own ? ` (${ratio(own / least)})` : '');
      },
    },
  ],
  backend: [
    {
      head: "server's memory",
      cell: ({ samples }) => `${grouped(median(samples.map(({ backendMb }) => backendMb)))} MB`,
    },
  ],
  'at once': [
    { head: 'exit status 0', cell: ({ samples }) => samples.map(({ succeeded }) => succeeded).join(', ') },
    { head: 'each applied once', cell: ({ samples }) => samples.map(({ done }) => (done ? 'yes' : 'no')).join(', ') },
  ],
};

const countOf = ({ counts, samples }: Row, what: 'connections' | 'roundTrips'): number =>
  counts ? counts[what] : median(samples.map((sample) => sample[what]));

const counted = (row: Row, what: 'connections' | 'roundTrips'): string => grouped(countOf(row, what));

const grouped = (value: number): string => Math.round(value).toLocaleString('en');

const ratio = (value: number): string => `${value.toFixed(value < 9.95 ? 2 : 0)} ×`;
