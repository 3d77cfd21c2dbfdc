// `check`: the gate for pull requests. Exit 7 when it says no; needs no database but an empty one, which it has itself.
import { appendFileSync, writeFileSync } from 'node:fs';
import about from '../../../package.json' with { type: 'json' };
import type { CheckResult } from '../../check/model.ts';
import { AmeliaError } from '../../errors.ts';
import { markdownLines } from '../../report/check-github.ts';
import { junitReport } from '../../report/check-junit.ts';
import { sarifLog } from '../../report/check-sarif.ts';
import { withoutRowsIn } from '../../report/data.ts';
import { documentOf } from '../../report/json.ts';
import { jsonText } from '../../report/json-text.ts';
import { createRedactor, redactValues } from '../../report/redact.ts';
import type { Answer, CheckForm, Opening, Tool } from '../../report/reporter.ts';
import { count } from '../../report/words.ts';
import { checkForms } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import type { End, Task } from '../run.ts';

export const needs = 'folder';
export const opening: Opening = { text: 'replaying the migrations', slow: true };

const fileForms = ['junit', 'sarif', 'json'] as const;
/** Files do not go through the writers that take secrets out. */
const clean = createRedactor([]);
const tool: Tool = { version: about.version, url: about.homepage };

interface Output {
  readonly form: (typeof fileForms)[number];
  readonly path: string;
}

export function prepare({ options }: Invocation): Task {
  const { form, files } = readForms(options.format ?? []);
  return async ({ folder, allowEmpty, scratch, env, signal, showValues }) => {
    const { check } = await import('../../check/check.ts');
    const result = await check({ migrations: folder, allowEmpty, base: options.base, scratch, signal });
    const answer = { kind: 'check', result, form, tool } as const;
    const problem = problemIn(result);
    const end = problem === undefined ? { answer } : { answer, failure: new AmeliaError('check.failed', { problem }) };
    const written = showValues ? result : withoutRowsIn(result);
    for (const file of files) write(file.path, fileText(file.form, { ...answer, result: written }, end));
    const summary = env['GITHUB_STEP_SUMMARY'];
    if (form === 'github' && summary) write(summary, clean(`${markdownLines(written).join('\n')}\n`), appendFileSync);
    return end;
  };
}

/** Why the gate says no, in one sentence; undefined when it does not. */
function problemIn(result: CheckResult): string | undefined {
  const errors = result.findings.filter(({ level }) => level === 'error').length;
  return errors === 0 ? undefined : `not to be merged as it is: ${count(errors, 'problem')}`;
}

/** The form of stdout, and the files that are asked for. Throws `usage.invalid`. */
function readForms(given: readonly string[]): { form: CheckForm; files: Output[] } {
  const plain: CheckForm[] = [];
  const files: Output[] = [];
  for (const value of given) {
    const [, name = '', path] = /^([^=]*)(?:=(.*))?$/s.exec(value) ?? [];
    const form = checkForms.find((each) => each === name);
    if (form === undefined) throw refusal(`--format takes ${checkForms.join(', ')}; not ${JSON.stringify(name)}`);
    if (path === undefined) {
      plain.push(form);
      continue;
    }
    const inFile = fileForms.find((each) => each === form);
    if (inFile === undefined) throw refusal(`--format ${form} is for stdout, not for a file`);
    if (path === '') throw refusal(`--format ${value} names no file`);
    files.push({ form: inFile, path });
  }
  if (plain.length > 1) {
    throw refusal(`--format ${plain.join(' and ')} all ask for stdout`, 'write into a file: --format junit=FILE');
  }
  return { form: plain[0] ?? 'text', files };
}

const refusal = (problem: string, hint?: string): AmeliaError =>
  new AmeliaError('usage.invalid', { problem, ...(hint !== undefined && { hint }) });

function fileText(form: Output['form'], answer: Answer & { kind: 'check' }, end: End): string {
  if (form === 'junit') return clean(`${junitReport(answer.result).join('\n')}\n`);
  const document = form === 'sarif' ? sarifLog(answer.result, tool) : documentOf({ command: 'check', ...end, answer });
  return `${jsonText(redactValues(document, clean), 2)}\n`;
}

function write(path: string, text: string, by: (path: string, text: string) => void = writeFileSync): void {
  try {
    by(path, text);
  } catch (cause) {
    throw new AmeliaError('usage.invalid', { problem: `cannot write ${path}: ${(cause as Error).message}` }, { cause });
  }
}
