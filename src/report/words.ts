// How facts are said in words: durations, counts, a database's name. Pure.
import type { DatabaseInfo, OtherSession } from '../events.ts';
import { onOneLine } from './width.ts';

/** `38 ms`, `1.2 s`, `2 min 5 s`, `1 h 3 min`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `1 migration`, `3 migrations`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** `1 is pending`, `2 are pending`. */
export const isOrAre = (n: number, what: string): string => `${n} ${n === 1 ? 'is' : 'are'} ${what}`;

/** Words in a row: `a`, `a and b`, `a, b and c`. */
export function inARow(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** `localhost:5432`, or the folder of a socket or of the embedded server's data. */
export function whereabouts(database: DatabaseInfo): string {
  const { host, port } = database;
  if (host.includes('/') || port === 0) return onOneLine(host);
  return `${host.includes(':') ? `[${host}]` : onOneLine(host)}:${port}`;
}

/** `amelia on localhost:5432`. */
export const databaseName = (database: DatabaseInfo): string =>
  `${onOneLine(database.name)} on ${whereabouts(database)}`;

/** Another session, as one says whose it is: `pid 4711 (amelia-db, user ann, since 07:31:02Z)`. */
export function sessionName(session: OtherSession): string {
  const about = [
    session.applicationName,
    session.user === null ? null : `user ${session.user}`,
    session.since === null ? null : `since ${session.since.toISOString().slice(11, 19)}Z`,
  ].filter((part) => part !== null && part !== '');
  return `pid ${session.pid}${about.length === 0 ? '' : ` (${onOneLine(about.join(', '))})`}`;
}
