import { describe, expect, it } from 'vitest';
import { AmeliaError } from '../../../src/errors.ts';
import type { RunResult, StepResult } from '../../../src/events.ts';
import { formatFailure, formatFailures, sourceWindow } from '../../../src/report/frame.ts';
import { createRedactor } from '../../../src/report/redact.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { VersionNames } from '../../../src/report/versions.ts';
import { loadWidths, widthOf } from '../../../src/report/width.ts';

await loadWidths();

const asIs = (text: string): string => text;

const step = (version: number, state: StepResult['state']): StepResult => ({
  version: String(version),
  name: 'x',
  state,
  statements: 1,
  ms: 1,
});

function run(direction: 'up' | 'down', to: string | null, ...steps: StepResult[]): RunResult {
  return { database: { host: 'h', port: 1, name: 'd', serverVersion: '17' }, direction, from: null, to, steps };
}

function lines(error: AmeliaError, columns?: number, secrets: string[] = []): string {
  const versions = new VersionNames();
  for (const path of ['m/0005_a.sql', 'm/0007_b.sql']) versions.learn(path);
  return formatFailure(error, { columns, style: plainStyle, versions, redact: createRedactor(secrets) }).join('\n');
}

const missingColumn = (result?: RunResult, notes?: { label: string; text: string }[]): AmeliaError =>
  new AmeliaError(
    'apply.statement-failed',
    { version: '7', reason: 'column "emial" does not exist', sqlstate: '42703', ...(notes && { notes }) },
    {
      location: {
        path: 'migrations/0007_add_email.sql',
        line: 12,
        column: 26,
        source: 'update users set email = emial;',
      },
      result,
    },
  );

describe('an error', () => {
  it('has its place, the facts of the server, what the database holds, and what to do', () => {
    const result = run('up', '6', step(5, 'applied'), step(6, 'applied'), step(7, 'rolled-back'), step(8, 'not-run'));
    expect(lines(missingColumn(result, [{ label: 'detail', text: 'one\ntwo' }]))).toBe(
      `error[apply.statement-failed]: column "emial" does not exist (42703)
  ┌ migrations/0007_add_email.sql:12:26
12│ update users set email = emial;
  │                          ^
  = detail: one
            two
  = rolled back: 0007 · applied before it: 0005, 0006 · not run: 0008 · the database is at 0006
  = amelia-db explain apply.statement-failed`,
    );
  });

  it('ends with how to have it explained, once for each code', () => {
    const conflict = (problem: string) => new AmeliaError('config.conflict', { problem });
    const all = conflict('a').withOthers([
      new AmeliaError('usage.invalid', { problem: 'b', hint: 'c' }),
      conflict('d'),
    ]);
    const options = { columns: undefined, style: plainStyle, versions: new VersionNames(), redact: createRedactor([]) };
    const ends = formatFailures(all, options).filter((line) => line.includes('explain'));
    expect(ends).toEqual(['  = amelia-db explain usage.invalid', '  = amelia-db explain config.conflict']);
    expect(formatFailures(all, options).at(-1)).toBe(ends[1]);
  });

  it('says of a rollback what is still applied', () => {
    const result = run('down', '7', step(8, 'rolled-back'), step(7, 'not-run'), step(6, 'not-run'));
    expect(lines(missingColumn(result))).toContain(
      '  = still applied: 0007 · rolled back before it: 0008 · not run: 0006 · the database is at 0007',
    );
  });

  it('does not say where the database is when nobody knows', () => {
    const error = new AmeliaError(
      'apply.outcome-unknown',
      { version: '7', reason: 'gone' },
      { result: run('up', '6', step(7, 'unknown')) },
    );
    const text = lines(error);
    expect(text).toContain('\n  = outcome unknown: 0007\n');
    expect(text).not.toContain('the database is at');
  });

  it('calls a non-transactional migration that stopped unfinished', () => {
    expect(lines(missingColumn(run('up', '6', step(7, 'unknown'))))).toContain(
      '  = unfinished: 0007 · the database is at 0006',
    );
  });

  it('names only the ends of many', () => {
    const steps = Array.from({ length: 100 }, (_, i) => step(i + 1, 'not-run'));
    expect(lines(missingColumn(run('up', null, ...steps)))).toContain(
      '  = not run: 0001 … 0100 (100) · no migration is applied',
    );
  });

  it('says that nothing was run where nothing was planned', () => {
    const error = new AmeliaError(
      'plan.missing',
      { refusals: [{ version: '3', name: 'x', reason: 'gone' }] },
      { result: run('up', '3') },
    );
    expect(lines(error)).toContain('  = nothing was run · the database is at 0003\n');
  });

  it('wraps its text on a terminal, below its beginning', () => {
    const error = new AmeliaError('config.conflict', {
      problem: 'a long problem that does not fit on one line of this terminal',
      hint: 'a hint that is also rather long for it',
    });
    expect(lines(error, 40)).toBe(
      `error[config.conflict]: a long problem
  that does not fit on one line of this
  terminal
  hint: a hint that is also rather long
        for it
  = amelia-db explain config.conflict`,
    );
  });

  it('keeps every line of a long list, indented', () => {
    const refusals = [1, 2].map((v) => ({ version: String(v), name: 'n', reason: 'bad' }));
    expect(lines(new AmeliaError('plan.modified', { refusals }))).toMatch(
      /^error\[plan\.modified\]: 2 modified migrations:\n {2}1 n: bad\n {2}2 n: bad\n/,
    );
  });

  it('lets no control character through', () => {
    const location = { path: 'a\u001b[2Jb.sql', line: 1, column: 1, source: '\u001b[31mred\u202e' };
    const error = new AmeliaError('scan.unterminated', { what: '\u0007bell', closing: '"' }, { location });
    expect(lines(error)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(lines(error)).toContain('a␛[2Jb.sql:1:1');
  });

  it('hides secrets before the line is cut', () => {
    const source = `${' '.repeat(60)}create role r password 'correct horse battery' nonsense;`;
    const column = source.indexOf('nonsense') + 1;
    const error = new AmeliaError(
      'scan.unterminated',
      { what: 'x', closing: '' },
      { location: { path: 'p', line: 1, column, source } },
    );
    for (let columns = 20; columns < 130; columns++) {
      const text = lines(error, columns);
      expect(text).not.toMatch(/correct|horse|battery/);
      const [, , line = '', caret = ''] = text
        .split('\n')
        .slice(text.split('\n').findIndex((l) => l.includes('┌')) - 1);
      expect(line.slice(caret.indexOf('^')), `${columns}`).toMatch(/^nons|^…/);
    }
  });
});

describe('the source line', () => {
  it.each<[name: string, source: string, column: number, room: number, text: string, caret: number]>([
    ['plain', 'select 1', 8, 40, 'select 1', 7],
    ['the first column', 'x', 1, 40, 'x', 0],
    ['past the end', 'select', 7, 40, 'select', 6],
    ['far past the end', 'select', 70, 40, 'select', 6],
    ['an empty line', '', 1, 40, '', 0],
    ['tabs before', '\tselect 1', 9, 40, '    select 1', 11],
    ['a tab to its stop', 'ab\tc', 4, 40, 'ab  c', 4],
    ['wide characters before', '日本 x', 4, 40, '日本 x', 5],
    ['on a wide character', 'a日本', 3, 40, 'a日本', 3],
    ['combining marks before', 'e\u0301e\u0301x', 5, 40, 'e\u0301e\u0301x', 2],
    ['on a combining mark', 'ae\u0301', 3, 40, 'ae\u0301', 1],
    ['emoji before', '👩‍👩‍👧 x', 7, 40, '👩‍👩‍👧 x', 3],
    ['a flag before', '🇪🇺x', 3, 40, '🇪🇺x', 2],
    ['beyond the basic plane', '𝄞x', 2, 40, '𝄞x', 1],
    ['a carriage return is visible', 'a\rb', 3, 40, 'a␍b', 2],
    ['cut at the right', 'select 0123456789', 3, 12, 'select 0123…', 2],
    ['cut at the left', '0123456789 select', 15, 10, '…89 select', 7],
    ['cut on both sides', 'aaaaaaaaaaaaaaaaaaaaXbbbbbbbbbbbbbbbbbbbb', 21, 11, '…aaaaaXbbb…', 6],
    ['cut between wide characters', '日日日日日日日日日日X', 11, 8, '…日日日X', 7],
  ])('%s', (_, source, column, room, text, caret) => {
    expect(sourceWindow({ source, column }, room, asIs)).toEqual({ text, caret });
  });

  it('fits, with its caret, whatever the room', () => {
    const source = `\t日本 ${'word '.repeat(40)}e\u0301 👩‍👩‍👧 ${'end '.repeat(30)}`;
    for (let room = 16; room < 130; room += 3) {
      for (let column = 1; column <= [...source].length + 1; column += 7) {
        const { text, caret } = sourceWindow({ source, column }, room, asIs);
        expect(widthOf(text)).toBeLessThanOrEqual(room);
        expect(caret).toBeLessThan(room + 1);
      }
    }
  });

  it('is quick on a line of megabytes', () => {
    const source = 'x'.repeat(5_000_000);
    expect(widthOf(sourceWindow({ source, column: 2_500_000 }, 80, asIs).text)).toBe(80);
  });
});
