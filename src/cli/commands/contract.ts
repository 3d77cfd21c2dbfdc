// `contract`: prints what the schema that the migrations produce promises, or writes it beside them.
import { writeFileSync } from 'node:fs';
import { AmeliaError } from '../../errors.ts';
import type { Invocation } from '../commands.ts';
import type { Task } from '../run.ts';

export const needs = 'folder';

export function prepare({ options }: Invocation): Task {
  const { write, force } = options;
  return async ({ folder, allowEmpty, signal }) => {
    const { contractOf, contractPath } = await import('../../verification.ts');
    const path = contractPath(folder);
    const text = await contractOf({ migrations: folder, allowEmpty, signal });
    if (!write) return { answer: { kind: 'contract', result: { text } } };
    try {
      writeFileSync(path, text, { flag: force ? 'w' : 'wx' });
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const problem =
        code === 'EEXIST' ? `${path} is there already, and is kept by hand` : `cannot write ${path}: ${message}`;
      throw new AmeliaError('usage.invalid', { problem, hint: '--write --force writes it anew' }, { cause });
    }
    return { answer: { kind: 'contract', result: { text, file: path } } };
  };
}
