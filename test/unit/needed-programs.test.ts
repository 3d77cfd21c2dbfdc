// Tests that need other programs than Node.js: known by what they run, named when left out, never left out in CI.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeLeftOut, leftOut, programs } from '../support/needed-programs.ts';

it('where a program is missing, what needs it is left out by name, with the way to get it', () => {
  const text = describeLeftOut([{ program: programs[1]!, files: ['test/a.test.ts'] }]);
  expect(text).toContain('openssl: test/a.test.ts');
  expect(text).toContain('apt-get install openssl');
  const bare = leftOut({ PATH: '/nonexistent' });
  const of = (name: string) => bare.find(({ program }) => program.name === name)?.files;
  expect(of('psql')).toContain('test/integration/database/tls.test.ts');
  expect(of('git')).toContain('test/e2e/check.test.ts');
  expect(of('openssl')).toContain('test/e2e/nodes/node-24.test.ts');
});

it('nothing is left out where all have to run, as in .ci/run', () => {
  expect(leftOut({ PATH: '/nonexistent', AMELIA_TEST_PROGRAMS: 'all' })).toEqual([]);
  const gate = readFileSync('.ci/run', 'utf8');
  expect(gate).toMatch(/^export AMELIA_TEST_PROGRAMS=all$/m);
  for (const { name, debian } of programs) {
    expect(gate).toContain(debian);
    expect(gate).toContain(name);
  }
});

it('every file of the tests that runs one of them is known', () => {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((file) => join('test', file));
  const ours = files.filter((file) => file.endsWith('.ts') && !/^test\/(bench|docker|mutation)\//.test(file));
  for (const { name, ranBy } of programs) {
    const runs = new RegExp(`(?:spawn|spawnSync|execFile|execFileSync|inShell)\\(\\s*'${name}'`);
    const found = ours.filter((file) => runs.test(readFileSync(file, 'utf8')));
    expect(ranBy).toEqual(expect.arrayContaining(found));
  }
});
