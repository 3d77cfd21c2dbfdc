// action.yml: its one step run as Actions runs it, in a repository that has amelia-db installed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { cleanEnvironment, installedBin } from '../support/cli.ts';
import { pullRequest } from '../support/repository.ts';

interface Action {
  inputs: Record<string, { description: string; default: string }>;
  runs: { using: string; steps: { shell: string; env: Record<string, string>; run: string; [key: string]: unknown }[] };
}

const action = parse(readFileSync('action.yml', 'utf8')) as Action;

/** Runs the step with these inputs, on a pull request to main; expressions are filled in as Actions would. */
function run(repository: string, inputs: Record<string, string>) {
  const [step] = action.runs.steps;
  const value = (expression: string): string => {
    const [, name = ''] = /^\$\{\{ inputs\.([\w-]+)/.exec(expression) ?? [];
    const given = inputs[name] ?? action.inputs[name]?.default;
    if (given === undefined) throw new Error(`There is no input for ${expression}`);
    return given === '' && expression.includes("format('origin/{0}', github.base_ref)") ? 'origin/main' : given;
  };
  const env = Object.fromEntries(Object.entries(step!.env).map(([name, expression]) => [name, value(expression)]));
  const summary = join(repository, 'summary.md');
  // As the runner calls `shell: bash`.
  const { status, stdout } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step!.run], {
    cwd: join(repository, value(String(step!['working-directory']))),
    env: cleanEnvironment({ ...env, GITHUB_ACTIONS: 'true', CI: 'true', GITHUB_STEP_SUMMARY: summary }),
    encoding: 'utf8',
  });
  return { status, stdout, summary: readFileSync(summary, 'utf8') };
}

it('is a composite action whose inputs all have a description, a default and a use', () => {
  expect(action.runs.using).toBe('composite');
  expect(action.runs.steps.map(({ shell }) => shell)).toEqual(['bash']);
  const [step] = action.runs.steps;
  for (const [name, input] of Object.entries(action.inputs)) {
    expect(input.description).toMatch(/\.$/);
    expect(typeof input.default).toBe('string');
    expect(JSON.stringify(step)).toContain(`\${{ inputs.${name}`);
  }
  // What somebody puts into an input is never a part of the script.
  expect(step!.run).not.toContain('${{');
});

it('is used in README.md as in deploy/pull-request.yaml', () => {
  const { jobs } = parse(readFileSync('deploy/pull-request.yaml', 'utf8')) as { jobs: { check: { steps: unknown } } };
  const [, shown = ''] = /^```yaml\n(- uses: actions[^]*?)^```/m.exec(readFileSync('README.md', 'utf8')) ?? [];
  expect(parse(shown)).toEqual(jobs.check.steps);
});

it('annotates a pull request, sums up, writes the reports, and fails the job', () => {
  const repository = pullRequest({
    base: { 'a b/db/001_a.sql': 'CREATE TABLE a ();\n', 'a b/.gitignore': 'node_modules\n' },
    change: { 'a b/db/001_a.sql': 'CREATE TABLE b ();\n' },
  });
  const folder = join(repository, 'a b');
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(installedBin(), join(folder, 'node_modules', '.bin', 'amelia-db'));
  const inputs = { migrations: 'db', 'working-directory': 'a b', sarif: 'check.sarif', junit: 'check.xml' };
  const { status, stdout, summary } = run(repository, inputs);
  expect(stdout).toMatch(/^::error file=a b\/db\/001_a\.sql,line=1,col=1,title=check\.modified::/m);
  expect(summary).toContain('❌ amelia-db check');
  expect(readFileSync(join(folder, 'check.sarif'), 'utf8')).toContain('"uri": "a%20b/db/001_a.sql"');
  expect(readFileSync(join(folder, 'check.xml'), 'utf8')).toContain('failures="1"');
  expect(status).toBe(7);
});
