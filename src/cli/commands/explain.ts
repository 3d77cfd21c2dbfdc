// `explain`: the page of an error's code, or all codes.
import type { Invocation } from '../commands.ts';
import { pageOf, readPages } from '../explain.ts';
import type { Task } from '../run.ts';

export const needs = 'folder';

export function prepare({ args: [code] }: Invocation): Task {
  const result = code === undefined ? readPages() : [pageOf(code)];
  return () => Promise.resolve({ answer: { kind: 'explained', result, asList: code === undefined } });
}
