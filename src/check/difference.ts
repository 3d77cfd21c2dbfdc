// Compares a database before and after a rollback, by meaning.
import { compareSchemas } from '../schema/compare.ts';
import type { Finding } from '../schema/model.ts';
import { judgeWith } from '../verify/meaning.ts';
import type { Place } from '../verify/verify.ts';
import type { State } from './scratch.ts';

export interface Difference {
  /** How a statement that made it would mention it: without its schema. */
  readonly words: readonly string[];
  readonly isLeft: boolean;
  /** Such as `index users_email of public.users is left behind`. */
  readonly text: string;
}

/** What of `before` is not as it was, `after` being what the database of `place` holds now. */
export async function differencesOf({ session }: Place, before: State, after: State): Promise<Difference[]> {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const { problems, warnings } = await compareSchemas(
    session,
    before.schema,
    after.schema,
    judgeWith(session, before.schema),
  );
  // Written otherwise and the same in meaning is the same.
  const findings = [...problems, ...warnings].filter(({ code }) => code !== 'verify.rewritten');
  const there = new Set(after.inventory.map(({ text }) => text));
  const was = new Set(before.inventory.map(({ text }) => text));
  return [
    ...findings.map(describe),
    ...before.inventory
      .filter(({ text }) => !there.has(text))
      .map(({ words, text }) => ({ words, isLeft: false, text: `${text} is gone` })),
    ...after.inventory
      .filter(({ text }) => !was.has(text))
      .map(({ words, text }) => ({ words, isLeft: true, text: `${text} is left behind` })),
  ];
}

function describe({ code, kind, table, name, message }: Finding): Difference {
  const bare = name.replace(/\(.*$/s, '').replace(/^.*\./s, '');
  const what = `${kind.replace('-', ' ')} ${name}${table === null || table === name ? '' : ` of ${table}`}`;
  const isLeft = code === 'verify.unexpected';
  const verdict = isLeft ? ' is left behind' : code === 'verify.missing' ? ' is gone' : `: ${message}`;
  return { words: [bare], isLeft, text: `${what}${verdict}` };
}
