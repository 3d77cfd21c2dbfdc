// What the comments at the head of a file ask for. Never guesses: a directive that is not understood,
// or that stands where it would not count, is an error.
import { AmeliaError, type ErrorCode, type ErrorFacts } from '../errors.ts';
import { parseDuration } from './duration.ts';
import { findForeign } from './foreign.ts';
import { locate } from './location.ts';
import type { Scan } from './scan.ts';
import type { Directives } from './types.ts';

const known = ['no-transaction', 'lock-timeout DURATION', 'statement-timeout DURATION'] as const;

/**
 * Reads the `-- amelia-db: …` comments that the scan found. Throws `directives.unknown`, `.invalid`,
 * `.misplaced` and `.foreign`.
 */
export function readDirectives(path: string, text: Uint8Array, scan: Scan): Directives {
  const foreign = findForeign(path, text, scan.directives, scan.statements);
  if (foreign !== undefined) {
    const { location, ...facts } = foreign;
    throw new AmeliaError('directives.foreign', facts, { location });
  }
  const given = new Map<string, string>();
  const firstStatement = scan.statements.at(0)?.start ?? text.length;
  for (const comment of scan.directives) {
    const line = Buffer.from(text.subarray(comment.start, comment.end)).toString();
    const directive = readDirective(line);
    if (directive === undefined) continue;
    const { name, value, colon } = directive;
    const refuse = <C extends ErrorCode & `directives.${string}`>(code: C, facts: ErrorFacts<C>) =>
      new AmeliaError(code, facts, { location: locate(path, text, comment.start) });

    const problemOf = problems.get(name);
    if (problemOf === undefined) throw refuse('directives.unknown', { directive: name, known });
    if (comment.start > firstStatement) throw refuse('directives.misplaced', { directive: name });
    const problem = colon ? problemOf(value) : 'a colon must follow amelia-db';
    if (problem !== undefined) throw refuse('directives.invalid', { directive: name, problem });
    if (given.has(name)) throw refuse('directives.invalid', { directive: name, problem: 'it is given twice' });
    given.set(name, value);
  }
  const lockTimeoutMs = parseDuration(given.get('lock-timeout') ?? '');
  const statementTimeoutMs = parseDuration(given.get('statement-timeout') ?? '');
  return {
    transaction: !given.has('no-transaction'),
    ...(lockTimeoutMs !== undefined && { lockTimeoutMs }),
    ...(statementTimeoutMs !== undefined && { statementTimeoutMs }),
  };
}

/** For each directive, what is wrong with its value; undefined when nothing is. */
const problems: ReadonlyMap<string, (value: string) => string | undefined> = new Map([
  ['no-transaction', (value: string) => (value === '' ? undefined : `it takes no value (given: ${value})`)],
  ['lock-timeout', durationProblem],
  ['statement-timeout', durationProblem],
]);

function durationProblem(value: string): string | undefined {
  if (parseDuration(value) !== undefined) return undefined;
  return `it needs a duration such as 500ms, 30s, 2m or 1h${value === '' ? '' : ` (given: ${value})`}`;
}

/** A comment that only mentions amelia-db is no directive; one that lacks nothing but the colon is. */
function readDirective(comment: string): { name: string; value: string; colon: boolean } | undefined {
  const match = /^--[ \t]*amelia-db[ \t]*(:?)[ \t]*(\S*)[ \t]*(.*?)\s*$/is.exec(comment);
  const [, colon = '', name = '', value = ''] = match ?? [];
  if (match === null || (colon === '' && !problems.has(name))) return undefined;
  return { name, value, colon: colon !== '' };
}
