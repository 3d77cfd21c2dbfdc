// `wait` in words: what it sees while it waits, and what it found. Makes text; never prints it.
import type { WaitResult } from '../events.ts';
import type { Answering } from './answer.ts';
import { VersionNames } from './versions.ts';
import { onOneLine } from './width.ts';
import { databaseName, duration, sessionName } from './words.ts';

type Seen = Pick<WaitResult, 'seen' | 'target'>;

/** True when the database has a higher version than is waited for. */
export const isAhead = ({ seen, target }: Seen): boolean =>
  seen.state === 'reached' && seen.current !== null && target !== null && BigInt(seen.current) > BigInt(target);

/** Why there is nothing to return for yet. */
export function waitingText({ seen }: Seen, versions = new VersionNames()): string {
  switch (seen.state) {
    case 'reached':
      return 'it is there';
    case 'unreachable':
      return seen.reason;
    case 'behind': {
      const { current, unfinished, running } = seen;
      const missing = seen.missing.filter((version) => !unfinished.includes(version));
      return [
        current === null ? 'no migration is applied' : `the database is at ${versions.write(current)}`,
        ...(missing.length > 0 ? [`not applied: ${versions.list(missing)}`] : []),
        ...(unfinished.length > 0 ? [`unfinished: ${versions.list(unfinished)}`] : []),
        ...(running === null ? [] : [`a run goes on: ${sessionName(running)}`]),
      ].join(' · ');
    }
  }
}

/** What to do when the time is over. */
export function waitingHint({ seen }: Seen): string {
  if (seen.state === 'unreachable' && seen.hint !== undefined) return seen.hint;
  if (seen.state !== 'behind')
    return 'is the server running, and are this its host and port? amelia-db doctor says more';
  if (seen.running !== null) return 'wait longer: --timeout DURATION';
  return seen.unfinished.length > 0
    ? 'no run goes on: amelia-db migrate (or rollback, if that stopped) goes on where it stopped'
    : 'no run goes on: amelia-db migrate applies what is missing';
}

export const waitingLine = (event: Seen, versions: VersionNames): string =>
  `waiting · ${onOneLine(waitingText(event, versions))}`;

/** The answer, when there is one. */
export function waitLines(result: WaitResult, { versions, style }: Pick<Answering, 'versions' | 'style'>): string[] {
  const { seen, target, database, waitedMs } = result;
  if (seen.state !== 'reached' || database === undefined) return [];
  const where = databaseName(database);
  const after = waitedMs < 1000 ? '' : ` · after ${duration(waitedMs)}`;
  if (target === null || seen.current === null) return [`${style.done(`${where} is there`)}${after}`];
  const at = `${where} is at ${versions.write(seen.current)}`;
  return isAhead(result)
    ? [`${style.done(at)}: the database is ahead of ${versions.write(target)}${after}`]
    : [`${style.done(at)}${after}`];
}
