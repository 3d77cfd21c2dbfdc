// The forms of `check` with text that would break out of each of them.
import { expect, it } from 'vitest';
import type { CheckResult } from '../../../src/check/model.ts';
import { AmeliaError } from '../../../src/errors.ts';
import { githubLines, markdownLines } from '../../../src/report/check-github.ts';
import { junitReport } from '../../../src/report/check-junit.ts';
import { sarifLog } from '../../../src/report/check-sarif.ts';

const path = 'db/001_50%,a:b <&"|*.sql';
const error = new AmeliaError(
  'check.replay-failed',
  { reason: '100 % "<b>"\r\n::error::x\u0001|', sqlstate: '42P01', notes: [{ label: 'detail', text: 'a\nb' }] },
  { location: { path, line: 3, column: 5, source: '' } },
);
const result: CheckResult = {
  root: '/home/a b/ü',
  base: { ref: 'main', commit: 'c', mergeBase: 'm' },
  migrations: [
    { version: '1', name: 'x', path, file: path, isNew: true, replayed: false, rollback: 'missing' },
    {
      version: '2',
      name: 'y',
      path: 'db/002.sql',
      file: 'db/002.sql',
      isNew: false,
      replayed: false,
      rollback: 'missing',
    },
  ],
  contract: null,
  constraints: null,
  findings: [{ level: 'error', error, file: path, endLine: 4 }],
  serverVersion: '18.3',
  ms: 1234,
};

it('a workflow command stays one line and one command', () => {
  const [command, summary, ...rest] = githubLines(result);
  expect(command).toBe(
    '::error file=db/001_50%25%2Ca%3Ab <&"|*.sql,line=3,endLine=4,title=check.replay-failed::the migration fails on a database that has those before it: 100 %25 "<b>"%0A::error::x␁|%0Adetail: a%0Ab',
  );
  expect(summary).toBe('amelia-db check: 1 problem · 0 migrations replayed · compared with main · 1.2 s');
  expect(rest).toEqual([]);
});

it('Markdown shows the text to the letter, in one cell', () => {
  const lines = markdownLines(result);
  expect(lines[0]).toBe('### ❌ amelia-db check');
  expect(lines[6]).toBe(
    '| ❌ | db/001\\_50%,a:b &lt;&amp;"\\|\\*.sql:3 | the migration fails on a database that has those before it: 100 % "&lt;b&gt;" ::error::x␁\\| |',
  );
});

it('XML holds what it can', () => {
  expect(junitReport(result)).toEqual([
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="amelia-db check" tests="2" failures="1" errors="0" skipped="1" time="1.234">',
    '  <testsuite name="amelia-db check" tests="2" failures="1" errors="0" skipped="1" time="1.234">',
    '    <testcase classname="amelia-db.check" name="db/001_50%,a:b &lt;&amp;&quot;|*.sql" file="db/001_50%,a:b &lt;&amp;&quot;|*.sql" line="3">',
    '      <failure type="check.replay-failed" message="the migration fails on a database that has those before it: 100 % &quot;&lt;b&gt;&quot;\n::error::x␁|">db/001_50%,a:b &lt;&amp;&quot;|*.sql:3:5 check.replay-failed\nthe migration fails on a database that has those before it: 100 % &quot;&lt;b&gt;&quot;\n::error::x␁|\ndetail: a\nb</failure>',
    '    </testcase>',
    '    <testcase classname="amelia-db.check" name="db/002.sql" file="db/002.sql">',
    '      <skipped message="not replayed: one before it does not run"/>',
    '    </testcase>',
    '  </testsuite>',
    '</testsuites>',
  ]);
});

it('SARIF has URIs, relative to the top', () => {
  expect(sarifLog(result, { version: '1.2.3', url: 'https://example.org' })).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'amelia-db', version: '1.2.3', rules: [{ id: 'check.replay-failed' }] } },
        originalUriBaseIds: { '%SRCROOT%': { uri: 'file:///home/a%20b/%C3%BC/' } },
        results: [
          {
            ruleId: 'check.replay-failed',
            ruleIndex: 0,
            level: 'error',
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'db/001_50%25%2Ca%3Ab%20%3C%26%22%7C*.sql', uriBaseId: '%SRCROOT%' },
                  region: { startLine: 3, startColumn: 5, endLine: 4 },
                },
              },
            ],
          },
        ],
      },
    ],
  });
});
