// The pages that `explain` prints are those of docs/errors.md.
import { describe, expect, it } from 'vitest';
import { pageOf, readPages } from '../../../src/cli/explain.ts';
import { errorCodes } from '../../../src/errors.ts';
import { catalogue } from '../../../src/catalogue.ts';
import { listLines, pageLines } from '../../../src/report/explain.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { loadWidths, widthOf } from '../../../src/report/width.ts';
import { capture } from '../report/screen.ts';

await loadWidths();
const to = (columns: number | undefined) => ({ style: plainStyle, writer: capture(columns).writer });

it('has a page for every code, with its exit status and a text without Markdown links', () => {
  const pages = readPages();
  expect(pages.map(({ code }) => code).sort()).toEqual([...errorCodes].sort());
  for (const { code, exitStatus, message, meaning, text } of pages) {
    expect(exitStatus, code).toBe(catalogue[code as (typeof errorCodes)[number]].exitStatus);
    expect(message, code).not.toMatch(/^$|^error\[/);
    expect(meaning, code).not.toBe('');
    expect(text, code).not.toMatch(/\]\(|```|<a /);
  }
});

describe('a page', () => {
  it('shows the error, its exit status, what it means and what to do', () => {
    expect(pageLines(pageOf('status.unhealthy'), to(80)).join('\n')).toMatch(
      /^error\[status\.unhealthy\]: .*\n[^]*\nExit status 7: [^]*\n\n`status --check` found something pending/,
    );
  });

  it.each(['plan.modified', 'error[plan.modified]', 'error[plan.modified]:', '[plan.modified]'])(
    'is found by %s',
    (code) => {
      expect(pageOf(code).code).toBe('plan.modified');
    },
  );

  it.each([
    ['plan.modifed', 'plan.modified'],
    ['statement-faild', 'apply.statement-failed'],
    ['plan.out-of-oder', 'plan.out-of-order'],
  ])('%s is not there: %s is the nearest', (code, nearest) => {
    expect(() => pageOf(code)).toThrow(
      expect.objectContaining({
        code: 'usage.invalid',
        exitStatus: 2,
        hint: expect.stringContaining(`the nearest: ${nearest},`) as string,
      }),
    );
  });
});

it.each([40, 80, 120])('fits %d columns', (columns) => {
  const pages = readPages();
  const lines = [...listLines(pages, to(columns)), ...pages.flatMap((page) => pageLines(page, to(columns)))];
  // What has no blank cannot be broken: a command, a path, an address.
  for (const line of lines) if (/ .* /.test(line.trim())) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
});
