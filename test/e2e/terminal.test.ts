// What a person sees in a terminal, wide and narrow, and what a pipe gets instead.
import { describe, expect, it } from 'vitest';
import { amelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { folderOf } from '../support/folder.ts';
import { openTerminal } from '../support/terminal.ts';

const files = {
  'migrations/001_first_things_first.sql': 'CREATE TABLE a ();',
  'migrations/002_slow.sql': `DO $$ BEGIN RAISE NOTICE 'hello'; END $$;\nSELECT pg_sleep(2);\nCREATE TABLE b ();`,
  'migrations/003_wrong.sql': "CREATE TABLE c ();\nSELECT '日本', nix\n  FROM c;",
  'migrations/004_never.sql': 'SELECT 1;',
};

describe('a terminal of 80 columns', () => {
  it('shows what runs while it runs, and then one settled line each', async () => {
    const database = await freshDatabase();
    const cwd = folderOf(files);
    const terminal = openTerminal(['migrate', '-d', database.url], { cwd });
    await terminal.shows(/002 slow · statement 2 of 3 · \d/);
    expect(await terminal.ended).toBe(1);
    const screen = (await terminal.screen()).join('\n');
    expect(screen).toMatch(
      /✔ 001 first_things_first +\d+ ms\n {2}notice: hello \(migrations\/002_slow\.sql:1\)\n✔ 002 slow +2\.\d s\n✖ 003 wrong +failed, rolled back/,
    );
    expect(screen).toContain(
      [
        'error[apply.statement-failed]: column "nix" does not exist (42703)',
        '  ┌ migrations/003_wrong.sql:2:14',
        " 2│ SELECT '日本', nix",
        '  │                ^',
        '  = rolled back: 003 · applied before it: 001, 002 · not run: 004',
      ].join('\n'),
    );
    expect(screen).not.toContain('004_never');
  });

  it('is left as it was by Ctrl-C, with the cursor visible', async () => {
    const database = await freshDatabase();
    const cwd = folderOf({ 'migrations/1_long.sql': 'SELECT pg_sleep(600);' });
    const terminal = openTerminal(['migrate', '-d', database.url], { cwd });
    await terminal.shows(/1 long · .*\d/);
    terminal.type('\x03');
    expect(await terminal.ended).toBe(130);
    expect((await terminal.screen()).join('\n')).toMatch(/✖ 1 long +interrupted, rolled back/);
    const raw = terminal.raw();
    expect(raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(raw.lastIndexOf('\x1b[?25l'));
  });

  it('fits a status table, whatever the names', async () => {
    const database = await freshDatabase();
    const cwd = folderOf({
      [`migrations/20261122093000_${'long_'.repeat(20)}.sql`]: 'SELECT 1;',
      'migrations/1_日本語.sql': 'SELECT 1;',
    });
    await amelia(['migrate', '-d', database.url], { cwd });
    const terminal = openTerminal(['status', '-d', database.url], { cwd });
    expect(await terminal.ended).toBe(0);
    const lines = await terminal.lines();
    expect(lines.filter((line) => /^(1|20261122093000) /.test(line))).toHaveLength(2);
    expect(lines.join('\n')).toContain('2 applied');
  });
});

describe('a terminal of 40 columns', () => {
  it('shows every line whole or shortened, never broken into two', async () => {
    const database = await freshDatabase();
    const terminal = openTerminal(['migrate', '-d', database.url], { cwd: folderOf(files), columns: 40 });
    await terminal.ended;
    const lines = await terminal.lines();
    expect(lines.filter((line) => /^[✔✖]/u.test(line))).toHaveLength(3);
    expect(lines.some((line) => /\^/.test(line))).toBe(true);
  });
});

describe('without a terminal', () => {
  it('there are no colours and no moving lines', async () => {
    const database = await freshDatabase();
    const { stdout, stderr } = await amelia(['migrate', '-d', database.url], { cwd: folderOf(files) });
    expect(stdout + stderr).not.toContain('\x1b');
    expect(stderr).toMatch(
      /^4 migrations to apply\napplied 001 first_things_first \(1 statement, \d+ ms\)\n  notice: hello/,
    );
  });

  it('--json is one document and nothing else, and --log json one object a line', async () => {
    const database = await freshDatabase();
    const run = await amelia(['migrate', '-d', database.url, '--json', '--log', 'json'], { cwd: folderOf(files) });
    expect(run.json()).toMatchObject({
      schema: 1,
      command: 'migrate',
      ok: false,
      exitStatus: 1,
      from: null,
      to: '2',
      error: {
        code: 'apply.statement-failed',
        file: 'migrations/003_wrong.sql',
        line: 2,
        column: 14,
        sqlstate: '42703',
        version: '3',
      },
      steps: [{ state: 'applied' }, { state: 'applied' }, { state: 'rolled-back' }, { state: 'not-run' }],
    });
    const events = run.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['connected', 'planned', 'notice', 'migration-finished']),
    );
  });
});

describe('in a terminal, colours', () => {
  it.each([
    ['are there', {}, true],
    ['are not there with NO_COLOR', { NO_COLOR: '1' }, false],
  ])('%s', async (_, env, coloured) => {
    const database = await freshDatabase();
    const terminal = openTerminal(['status', '-d', database.url], { cwd: folderOf(files), env });
    expect(await terminal.ended).toBe(0);

    expect(/\x1b\[[0-9;]*m/.test(terminal.raw())).toBe(coloured);
  });
});
