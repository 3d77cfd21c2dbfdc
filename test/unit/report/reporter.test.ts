import { describe, expect, it } from 'vitest';
import { AmeliaError } from '../../../src/errors.ts';
import { openReporter, type Reporter, type ReporterOptions } from '../../../src/report/reporter.ts';
import * as e from './events.ts';
import { capture, Clock, type Captured } from './screen.ts';

interface Opened {
  readonly reporter: Reporter;
  readonly out: Captured;
  readonly err: Captured;
  readonly clock: Clock;
}

async function open(options: Partial<ReporterOptions> = {}, columns?: number, secrets: string[] = []): Promise<Opened> {
  const out = capture(columns, secrets);
  const err = capture(columns, secrets);
  const clock = new Clock();
  const reporter = await openReporter({
    command: 'migrate',
    stdout: out.writer,
    stderr: err.writer,
    json: false,
    log: 'text',
    colour: { stdout: false, stderr: false },
    animate: columns !== undefined,
    detail: 'normal',
    folder: 'migrations',
    now: clock.now,
    ...options,
  });
  return { reporter, out, err, clock };
}

/** Two migrations, the second of which fails. */
async function failing({ reporter, clock }: Opened): Promise<void> {
  reporter.event(e.connected);
  reporter.event({ type: 'planned', direction: 'up', versions: ['5', '6', '7'] });
  reporter.event(e.started('5', 'users'));
  reporter.event(e.notice('relation "x" already exists, skipping'));
  reporter.event(e.statementStarted('5', 1));
  reporter.event(e.statementFinished('5', 1));
  clock.ms = 15;
  reporter.event(e.finished('5', 'users'));
  reporter.event(e.started('6', 'email'));
  reporter.event(e.finished('6', 'email', 'rolled-back', 3));
  const result = e.ran('5', e.step('5', 'users'), e.step('6', 'email', 'rolled-back'), e.step('7', 'later', 'not-run'));
  await reporter.finish({ failure: e.failure(result) });
}

const failureText = `error[apply.statement-failed]: column "emial" does not exist (42703)
  ┌ migrations/0006_email.sql:3:8
 3│ select emial
  │        ^
  = rolled back: 0006 · applied before it: 0005 · not run: 0007 · the database is at 0005
  = amelia-db explain apply.statement-failed
`;

describe('a pipe', () => {
  it('gets a line for each thing done', async () => {
    const opened = await open();
    await failing(opened);
    expect(opened.out.text()).toBe('');
    expect(opened.err.text()).toBe(`3 migrations to apply
  notice: relation "x" already exists, skipping (migrations/0005_users.sql:2)
applied 0005 users (3 statements, 12 ms)
failed, rolled back: 0006 email (after 3 ms)
${failureText}`);
  });

  it('warns of a rollback that could not be run', async () => {
    const { reporter, err } = await open();
    const location = { path: 'migrations/0005_users.down.sql', line: 3, column: 7, source: '' };
    const about = { version: '5', path: location.path, code: 'scan.unterminated', reason: 'unterminated string' };
    reporter.event({ type: 'unusable-rollback', ...about, location });
    expect(err.text()).toBe(
      'warning: migrations/0005_users.down.sql:3:7: unterminated string; 5 could not be rolled back\n',
    );
  });

  it('gets each statement with --verbose', async () => {
    const opened = await open({ detail: 'verbose' });
    await failing(opened);
    expect(opened.err.text()).toContain(
      'connected to amelia on localhost:5432 (PostgreSQL 17.10), history in public.schema_migrations\n',
    );
    expect(opened.err.text()).toContain('  0005 statement 1 of 3: CREATE TABLE, 4 ms\n');
  });

  it('gets nothing but errors with --quiet', async () => {
    const opened = await open({ detail: 'quiet' });
    opened.reporter.message('note', 'the default is used');
    await failing(opened);
    expect(opened.err.text()).toBe(failureText);
    const good = await open({ detail: 'quiet' });
    await good.reporter.finish({ answer: { kind: 'run', result: e.ran('5', e.step('5', 'users')) } });
    expect(good.out.text() + good.err.text()).toBe('');
  });

  it('gets the summary on stdout', async () => {
    const { reporter, out, err, clock } = await open();
    reporter.event(e.started('5', 'users'));
    clock.ms = 120;
    reporter.event(e.finished('5', 'users'));
    await reporter.finish({ answer: { kind: 'run', result: e.ran('5', e.step('5', 'users')) } });
    expect(out.text()).toBe('applied 1 migration in 120 ms · the database is at 0005\n');
    expect(err.text()).toBe('applied 0005 users (3 statements, 12 ms)\n');
  });

  it('says once who holds the lock, and again after half a minute', async () => {
    const { reporter, err, clock } = await open();
    const holder = {
      pid: 4711,
      applicationName: 'amelia-db',
      user: 'ann',
      state: 'active',
      since: new Date('2026-11-22T09:30:00Z'),
      query: null,
    };
    for (clock.ms = 0; clock.ms < 40_000; clock.ms += 1000) {
      reporter.event({ type: 'lock-waiting', holder, waitedMs: clock.ms });
    }
    expect(err.text()).toBe(
      'waiting for another run to end · pid 4711 (amelia-db, user ann, since 09:30:00Z) holds the lock (0 ms)\n' +
        'waiting for another run to end · pid 4711 (amelia-db, user ann, since 09:30:00Z) holds the lock (30.0 s)\n',
    );
  });
});

describe('with nothing to do', () => {
  it('says where the database is, as its files are numbered', async () => {
    const { reporter, out } = await open({ files: ['0001_a.sql', '0008_b.sql', 'README.md'] });
    await reporter.finish({ answer: { kind: 'run', result: e.ran('8') } });
    expect(out.text()).toBe('nothing to do: amelia is at 0008\n');
  });

  it('says how to begin where there are no migrations', async () => {
    const { reporter, out } = await open();
    await reporter.finish({ answer: { kind: 'run', result: { ...e.ran(null), from: null } } });
    expect(out.text()).toBe('nothing to do: there are no migrations in migrations\nbegin with: amelia-db new NAME\n');
  });

  it('says so of a rollback', async () => {
    const { reporter, out } = await open({ command: 'rollback' });
    await reporter.finish({ answer: { kind: 'run', result: { ...e.ran(null), from: null, direction: 'down' } } });
    expect(out.text()).toBe('nothing to do: no migration is applied in amelia\n');
  });
});

describe('a failure before anything ran', () => {
  const unreachable = new AmeliaError('session.unreachable', { target: 'h:1', reason: 'nothing listens there' });

  it.each([
    ['migrate', true],
    ['repair', true],
    ['status', false],
  ])('of %s says that nothing was run: %s', async (command, says) => {
    const { reporter, err } = await open({ command });
    await reporter.finish({ failure: unreachable });
    expect(err.text().includes('  = nothing was run: the database is as it was\n')).toBe(says);
  });

  it('of the usage says no such thing', async () => {
    const { reporter, err } = await open();
    await reporter.finish({ failure: new AmeliaError('usage.invalid', { problem: 'no', hint: 'yes' }) });
    expect(err.text()).toBe('error[usage.invalid]: no\n  hint: yes\n  = amelia-db explain usage.invalid\n');
  });

  it('says that nothing is known after a migration had begun', async () => {
    const { reporter, err } = await open();
    reporter.event(e.started('5', 'users'));
    await reporter.finish({ failure: new AmeliaError('session.lost', { reason: 'gone' }) });
    expect(err.text()).toContain('  = what the database holds now is not known: amelia-db status says it\n');
  });
});

it('a bug is told with its stack', async () => {
  const { reporter, err } = await open();
  const failure = new AmeliaError('internal.bug', { version: '1', detail: 'x' }, { cause: new TypeError('boom') });
  await reporter.finish({ failure });
  expect(err.text()).toMatch(/^TypeError: boom\n {4}at .*\n[^]*\n\nerror\[internal\.bug\]: a bug in amelia-db 1: x\n/);
});

const settled = {
  80: `  notice: relation "x" already exists, skipping (migrations/0005_users.sql:2)
✔ 0005 users                                    12 ms
✖ 0006 email                                    failed, rolled back after 3 ms

error[apply.statement-failed]: column "emial" does not exist (42703)
  ┌ migrations/0006_email.sql:3:8
 3│ select emial
  │        ^
  = rolled back: 0006 · applied before it: 0005 · not run: 0007 · the database
    is at 0005
  = amelia-db explain apply.statement-failed`,
  40: `  notice: relation "x" already exists,
    skipping
    (migrations/0005_users.sql:2)
✔ 0005 users                       12 ms
✖ 0006 email         failed, rolled back

error[apply.statement-failed]: column
  "emial" does not exist (42703)
  ┌ migrations/0006_email.sql:3:8
 3│ select emial
  │        ^
  = rolled back: 0006 · applied before
    it: 0005 · not run: 0007 · the
    database is at 0005
  = amelia-db explain
    apply.statement-failed`,
};

describe('a terminal', () => {
  it.each([80, 40] as const)('of %i columns shows settled lines, none wider than it', async (columns) => {
    const opened = await open({}, columns);
    await failing(opened);
    const screen = await opened.err.screen();
    expect(screen.join('\n')).toBe(settled[columns]);
  });

  it('shows the statement and the time of what runs, on one line', async () => {
    for (const columns of [100, 80, 40, 24]) {
      const { reporter, err, clock } = await open({ opening: { text: 'opening', slow: true } }, columns);
      reporter.event(e.started('7', 'a_name_that_is_longer_than_a_narrow_terminal_is_wide', 12));
      reporter.event(e.statementStarted('7', 3, 12));
      clock.ms = 1200;
      // What is told repaints what runs.
      reporter.event(e.statementStarted('7', 3, 12));
      reporter.event(e.notice('hello'));
      // The spinner draws itself anew all the time; in between its line is empty.
      await expect
        .poll(async () => (await err.screen()).at(-1))
        .toMatch(
          columns >= 80
            ? /^[⠀-⣿] 0007 a_name_that_is_longer_.* · statement 3 of 12 · 1\.2 s$/
            : columns === 40
              ? /^[⠀-⣿] 0007 a_n… · statement 3 of 12 · 1\.2 s$/
              : /^[⠀-⣿] 0007 a_… · statement…$/,
        );
      expect((await err.screen()).join('')).toContain('notice: hello');
      await reporter.finish({});
      expect((await err.screen()).join('\n')).not.toContain('statement 3');
    }
  });

  it('draws nothing with --quiet', async () => {
    const { reporter, err } = await open({ detail: 'quiet', opening: { text: 'opening', slow: true } }, 80);
    reporter.event(e.started('7', 'x'));
    reporter.event(e.finished('7', 'x'));
    await reporter.finish({ answer: { kind: 'run', result: e.ran('7', e.step('7', 'x')) } });
    expect(err.text()).toBe('');
  });

  it('has colours where they are wanted', async () => {
    const opened = await open({ colour: { stdout: true, stderr: true } }, 80);
    await failing(opened);
    expect(opened.err.text()).toContain('\u001b[32m✔\u001b[39m 0005 users');
    expect(opened.err.text()).toContain('\u001b[31m✖\u001b[39m');
  });
});

describe('--json', () => {
  it('is one document, and nothing else on stdout', async () => {
    const opened = await open({ json: true });
    await failing(opened);
    expect(JSON.parse(opened.out.text())).toEqual({
      schema: 1,
      command: 'migrate',
      ok: false,
      exitStatus: 1,
      database: e.database,
      from: '4',
      to: '5',
      steps: [
        { version: '5', name: 'users', state: 'applied', statements: 3, ms: 12 },
        { version: '6', name: 'email', state: 'rolled-back', statements: 3, ms: 12 },
        { version: '7', name: 'later', state: 'not-run', statements: 3, ms: 12 },
      ],
      error: {
        code: 'apply.statement-failed',
        message: 'column "emial" does not exist (42703)',
        file: 'migrations/0006_email.sql',
        line: 3,
        column: 8,
        sqlstate: '42703',
        version: '6',
      },
    });
    expect(opened.err.text()).toContain(failureText);
  });

  it('has the status, and the gate that says no', async () => {
    const { reporter, out } = await open({ json: true, command: 'status' });
    const result = e.status([{ version: '1', name: 'a', state: 'pending', checksum: 'sha256:00' }], ['2-3']);
    const failure = new AmeliaError('status.unhealthy', { problem: '1 is pending' });
    await reporter.finish({ answer: { kind: 'status', result }, failure });
    expect(JSON.parse(out.text())).toEqual({
      schema: 1,
      command: 'status',
      ok: false,
      exitStatus: 7,
      database: e.database,
      historyTable: 'public.schema_migrations',
      current: null,
      migrations: [{ version: '1', name: 'a', state: 'pending', checksum: 'sha256:00' }],
      summary: { applied: 0, pending: 1, modified: 0, missing: 0, outOfOrder: 0, unfinished: 0 },
      ahead: [],
      gaps: ['2-3'],
      error: {
        code: 'status.unhealthy',
        message: '1 is pending',
        hint: 'amelia-db migrate applies what is pending, or says what stands in the way',
      },
    });
  });

  it('has the statements of a dry run', async () => {
    const { reporter, out } = await open({ json: true });
    await reporter.finish({ answer: dryRun });
    expect(JSON.parse(out.text())).toMatchObject({
      command: 'migrate',
      dryRun: true,
      from: null,
      to: '2',
      migrations: [
        {
          version: '1',
          name: 'a',
          path: 'm/001_a.sql',
          transaction: true,
          statements: [
            { sql: 'create table a ()', line: 1 },
            { sql: 'COPY a FROM stdin', line: 2, copyBytes: 40 },
          ],
        },
        { version: '2', transaction: false },
      ],
    });
  });

  it('keeps its words when they are the password', async () => {
    const { reporter, out } = await open({ json: true }, undefined, ['applied', 'schema', 'migrate']);
    await reporter.finish({ answer: { kind: 'run', result: e.ran('5', e.step('5', 'applied twice')) } });
    expect(JSON.parse(out.text())).toMatchObject({
      schema: 1,
      command: 'migrate',
      steps: [{ state: 'applied', name: '*** twice' }],
    });
  });
});

it('--log json is one object a line, with the time and how it ended', async () => {
  const opened = await open({ log: 'json' });
  opened.reporter.message('warning', 'careful');
  await failing(opened);
  const lines = opened.err
    .text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ type }) => type)).toEqual([
    'message',
    'connected',
    'planned',
    'migration-started',
    'notice',
    'statement-started',
    'statement-finished',
    'migration-finished',
    'migration-started',
    'migration-finished',
    'failed',
    'finished',
  ]);
  expect(lines.every(({ time }) => !Number.isNaN(Date.parse(String(time))))).toBe(true);
  expect(lines.at(-2)).toMatchObject({ error: { code: 'apply.statement-failed', version: '6' }, to: '5' });
  expect(lines.at(-1)).toMatchObject({ command: 'migrate', ok: false, exitStatus: 1 });
});

const location = (line: number) => ({ path: 'm/001_a.sql', line, column: 1, source: '' });
const dryRun = {
  kind: 'dry-run',
  result: {
    database: e.database,
    direction: 'up',
    from: null,
    to: '2',
    steps: [
      {
        version: '1',
        name: 'a',
        path: 'm/001_a.sql',
        transaction: true,
        statements: [
          { location: location(1), sql: 'create table a ()' },
          { location: location(2), sql: 'COPY a FROM stdin', copyBytes: 40 },
        ],
      },
      {
        version: '2',
        name: 'b',
        path: 'm/002_b.sql',
        transaction: false,
        statements: [{ location: location(1), sql: "create role r\n  password 'secret'" }],
      },
    ],
  },
} as const;

describe('the answer', () => {
  it('of a dry run is SQL', async () => {
    const { reporter, out } = await open();
    await reporter.finish({ answer: dryRun });
    expect(out.text()).toBe(`-- dry run: 2 migrations would be applied to amelia on localhost:5432; nothing was run

-- m/001_a.sql (one transaction, 2 statements)
BEGIN;
create table a ();
-- 40 bytes of rows, from line 3 of the file:
-- COPY a FROM stdin;
COMMIT;

-- m/002_b.sql (no transaction, statement by statement, 1 statement)
create role r
  password '***';
`);
  });

  it('of repair and baseline is each row', async () => {
    const { reporter, out } = await open({ files: ['001_a.sql'] });
    const result = {
      database: e.database,
      historyTable: 'public.schema_migrations',
      changes: [
        { version: '1', name: 'a', change: 'checksum-accepted', before: 'sha256:1', after: 'sha256:2' },
        { version: '2', name: 'b', change: 'resolved-pending' },
      ],
    } as const;
    await reporter.finish({ answer: { kind: 'history', result } });
    expect(out.text()).toBe(`changed 2 rows of public.schema_migrations in amelia on localhost:5432:
  001 a: modified file accepted (sha256:1 → sha256:2)
  002 b: unfinished, now pending
`);
  });

  it('of new is the paths', async () => {
    const { reporter, out } = await open({ detail: 'quiet' });
    const result = { version: '8', name: 'x', files: ['m/008_x.sql', 'm/008_x.down.sql'] };
    await reporter.finish({ answer: { kind: 'created', result } });
    expect(out.text()).toBe('m/008_x.sql\nm/008_x.down.sql\n');
  });
});
