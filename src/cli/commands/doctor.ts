// `doctor`: connects and says what will bite. Exit 5 when it cannot connect, 7 when there are problems; warnings pass.
import { AmeliaError } from '../../errors.ts';
import type { Task } from '../run.ts';

export const needs = 'database';

export function prepare(): Task {
  return async ({ migrator }) => {
    const result = await (await migrator()).doctor();
    const answer = { kind: 'doctor', result } as const;
    if (result.failure) return { answer, failure: result.failure };
    const problems = result.checks.filter(({ verdict }) => verdict === 'problem');
    if (problems.length === 0) return { answer };
    return {
      answer,
      failure: new AmeliaError('doctor.problems', {
        problems: problems.map(({ name, message }) => `${name}: ${message}`),
      }),
    };
  };
}
