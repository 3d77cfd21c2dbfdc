// `verify`: does this database refuse what it must refuse? Exit 7 when it does not.
import { AmeliaError } from '../../errors.ts';
import type { VerifyResult } from '../../schema/model.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

const parts = ['checks', 'foreign-keys', 'indexes'] as const;
const formats = ['text', 'tap', 'junit'] as const;

export function prepare({ args, options }: Invocation): Task {
  const part = oneOf(parts, args[0], 'verify takes');
  const format = oneOf(formats, options.format?.at(-1), '--format takes') ?? 'text';
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

function oneOf<T extends string>(allowed: readonly T[], value: string | undefined, what: string): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new AmeliaError('usage.invalid', { problem: `${what} ${allowed.join(', ')}; not ${value}` });
}
