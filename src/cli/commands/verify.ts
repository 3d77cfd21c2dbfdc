// `verify`: does this database refuse what it must refuse? Exit 7 when it does not.
import { AmeliaError } from '../../errors.ts';
import type { VerifyResult } from '../../schema/model.ts';
import { oneOf, verifyForms, verifyParts } from '../arguments.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare({ args: [named], options }: Invocation): Task {
  const part = named === undefined ? undefined : oneOf(verifyParts, named, 'verify takes');
  const format = oneOf(verifyForms, options.format?.at(-1) ?? 'text', '--format takes');
  const { contract, live = false, data = false, strict = false, schema } = options;
  const wanted = {
    live,
    data,
    ...(part !== undefined && { part }),
    ...(schema !== undefined && { schemas: schema }),
    ...(contract !== undefined && { contractFile: contract }),
  };
  return async ({ migrator }) => {
    const result = await (await migrator()).verify(wanted);
    const problem = problemIn(result, strict);
    const answer = { kind: 'verify', result, format } as const;
    return problem === undefined ? { answer } : { answer, failure: new AmeliaError('verify.failed', { problem }) };
  };
}

/** What is wrong, in one sentence; undefined when nothing is. */
export function problemIn({ problems, summary }: VerifyResult, strict: boolean): string | undefined {
  const [first] = problems;
  if (first) {
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
    return `the schema is not as it must be: ${first.table === null ? '' : `${first.table} `}${first.name} ${first.message}${more}`;
  }
  if (!strict || summary.unproven === 0) return undefined;
  return `${summary.unproven} of ${summary.constraints} constraints ${summary.unproven === 1 ? 'is' : 'are'} unproven`;
}
