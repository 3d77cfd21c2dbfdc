// Text of others acts on no terminal and commands no runner, in whatever form it leaves and wherever it stands.
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/check/model.ts';
import { AmeliaError } from '../../../src/errors.ts';
import type { MigratorEvent, OtherSession } from '../../../src/events.ts';
import { markdownLines } from '../../../src/report/check-github.ts';
import { openReporter, type Answer, type ReporterOptions } from '../../../src/report/reporter.ts';
import { withoutCommands } from '../../../src/report/width.ts';
import { capture } from './screen.ts';

const evil =
  'x\u001b]0;pwned\u0007\u001b[2J\n::error file=x::boo\r\n  ::add-mask::x\n##[error]boo\n##vso[task.x]y\n##teamcity[z]\u202e\u2066\u200b\u00ad\u009b31m\u2028::stop-commands::x\ud800\u{e0041}\ufe0f\u00a0';
// Our own lines begin with colours on a terminal; nothing else of it is ours to send.
const raw =
  /[\0-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\p{Surrogate}\u{e0000}-\u{e0fff}]/u;
const command = /^\s*::|##(\[|vso\[|teamcity\[)/m;

const location = { path: `m/${evil}.sql`, line: 1, column: 3, source: evil };
const session: OtherSession = { pid: 1, applicationName: evil, user: evil, state: evil, since: null, query: evil };
const database = { host: evil, port: 1, name: evil, serverVersion: '17.1' };
const error = new AmeliaError(
  'apply.statement-failed',
  {
    version: '1',
    reason: evil,
    sqlstate: 'P0001',
    notes: ['detail', 'context', 'server hint'].map((label) => ({ label, text: evil })),
    hint: evil,
  },
  { location },
);
const step = { version: '1', name: evil, state: 'applied', statements: 1, ms: 1 } as const;
const finding = {
  kind: 'check',
  table: evil,
  name: evil,
  message: evil,
  expected: evil,
  found: evil,
  code: 'verify.missing',
} as const;
const check: CheckResult = {
  root: `/${evil}`,
  base: null,
  contract: null,
  serverVersion: '18.1',
  constraints: null,
  ms: 1,
  migrations: [
    {
      version: '1',
      name: evil,
      path: location.path,
      file: location.path,
      isNew: true,
      replayed: false,
      rollback: 'missing',
    },
  ],
  findings: [
    { level: 'error', error, file: location.path },
    { level: 'warning', error, file: location.path },
  ],
} as unknown as CheckResult;
const verified = {
  database,
  version: '1',
  scratch: evil,
  phases: [],
  problems: [finding],
  warnings: [finding],
  summary: { constraints: 2, proven: 1, failed: 0, unproven: 1, problems: 1, warnings: 1 },
  constraints: (['proven', 'unproven', 'failed'] as const).map((proof) => ({
    kind: 'check',
    table: evil,
    name: evil,
    columns: [evil],
    definition: evil,
    present: true,
    enforced: true,
    proof,
    evidence: [evil],
    problems: [evil],
    warnings: [evil],
    reason: evil,
  })),
};
const tool = { version: '1', url: 'https://example.org' };
const answers = {
  run: { kind: 'run', result: { database, direction: 'up', from: null, to: '1', steps: [step] } },
  status: {
    kind: 'status',
    result: {
      database,
      historyTable: evil,
      current: '1',
      running: session,
      ahead: [],
      gaps: [],
      migrations: [{ version: '1', name: evil, state: 'unfinished', note: evil, appliedBy: evil }],
      summary: { applied: 0, pending: 0, modified: 0, missing: 0, outOfOrder: 0, unfinished: 1 },
    },
  },
  doctor: {
    kind: 'doctor',
    result: { database, checks: [{ area: 'server', name: evil, verdict: 'problem', message: evil, hint: evil }] },
  },
  history: {
    kind: 'history',
    result: {
      database,
      historyTable: evil,
      changes: [{ version: '1', name: evil, change: 'baselined', before: evil, after: evil }],
    },
  },
  created: { kind: 'created', result: { version: '1', name: evil, files: [evil] } },
  ...Object.fromEntries(
    (['text', 'tap', 'junit'] as const).map((format) => [
      `verify as ${format}`,
      { kind: 'verify', result: verified, format },
    ]),
  ),
  ...Object.fromEntries(
    (['text', 'junit', 'sarif'] as const).map((form) => [
      `check as ${form}`,
      { kind: 'check', result: check, form, tool },
    ]),
  ),
} as unknown as Record<string, Answer>;

const at = { version: '1', location };
const events: MigratorEvent[] = [
  { type: 'connected', database, historyTable: evil },
  { type: 'database-waiting', reason: evil },
  { type: 'lock-waiting', holder: session, waitedMs: 1 },
  { type: 'waiting', seen: { state: 'unreachable', reason: evil }, target: null, waitedMs: 1 },
  { type: 'history-widened', table: evil },
  {
    type: 'migration-started',
    direction: 'up',
    version: '1',
    name: evil,
    path: location.path,
    statements: 0,
    transaction: true,
  },
  { type: 'statement-started', ...at, index: 1, statements: 2, summary: evil },
  { type: 'blocked', blockers: [session], queued: 1, waitedMs: 1 },
  { type: 'progress', progress: { command: evil, phase: evil, percent: 1 } },
  { type: 'retrying', version: '1', attempt: 1, attempts: 2, pauseMs: 1, reason: evil },
  { type: 'notice', ...at, notice: { severity: 'WARNING', message: evil, detail: evil, hint: evil } },
  { type: 'statement-finished', version: '1', index: 1, statements: 2, ms: 1, tag: evil },
  { type: 'migration-finished', step: { ...step, state: 'rolled-back' }, interrupted: false },
];

async function told(
  answer: Answer | undefined,
  options: Partial<ReporterOptions>,
): Promise<{ out: string; err: string }> {
  const [stdout, stderr] = [capture(), capture()];
  const reporter = await openReporter({
    command: 'migrate',
    stdout: stdout.writer,
    stderr: stderr.writer,
    json: false,
    log: 'text',
    colour: { stdout: false, stderr: false },
    animate: false,
    detail: 'verbose',
    folder: evil,
    opening: { text: evil, slow: true },
    ...options,
  });
  for (const event of events) reporter.event(event);
  reporter.message('warning', evil);
  await reporter.finish({ answer, failure: error });
  return { out: stdout.text(), err: stderr.text() };
}

describe.each(Object.entries(answers))('%s', (_, answer) => {
  it.each([
    ['text', {}],
    ['JSON', { json: true, log: 'json' }],
  ] as const)('holds nothing raw as %s', async (_form, options) => {
    const { out, err } = await told(answer, options);

    expect(err).toContain('boo');
    for (const text of [out, err]) {
      const found = raw.exec(text)?.index ?? -1;
      expect(found < 0 ? '' : text.slice(Math.max(0, found - 40), found + 40)).toBe('');
      expect(command.exec(text)?.[0]).toBeUndefined();
    }
  });
});

it('commands a runner only where it is asked to, one command a finding', async () => {
  const answer: Answer = { kind: 'check', result: check, form: 'github', tool };

  const { out } = await told(answer, {});

  const lines = out.split('\n').filter((line) => /^\s*::/.test(line));
  expect(lines.map((line) => line.slice(0, 9))).toEqual(['::error f', '::warning']);
  expect(raw.exec(out)?.[0]).toBeUndefined();
  expect(raw.exec(markdownLines(check).join('\n').replaceAll('⚠️', ''))?.[0]).toBeUndefined();
});

it('leaves other lines as they are', () => {
  const text = "a::b\nselect '1'::int ## 2\n";
  expect(withoutCommands(text)).toBe(text);
});
