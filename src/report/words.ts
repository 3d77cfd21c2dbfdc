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

/** PostgreSQL inside this process has neither a host nor a port. */
const isEmbedded = ({ host, port }: DatabaseInfo): boolean => host === 'embedded' && port === 0;

/** `amelia`. */
export const shortName = (database: DatabaseInfo): string =>
  isEmbedded(database) ? 'the embedded database' : onOneLine(database.name);

/** `amelia on localhost:5432`, or on the folder of a socket. */
export function databaseName(database: DatabaseInfo): string {
  const { name, host, port } = database;
  if (isEmbedded(database)) return shortName(database);
  const place = host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return `${onOneLine(name)} on ${onOneLine(place)}`;
}

/** Another session, as one says whose it is: `pid 4711 (amelia-db, user ann, since 07:31:02Z)`. */
export function sessionName(session: OtherSession): string {
  const about = [
    session.applicationName,
    session.user === null ? null : `user ${session.user}`,
    session.since === null ? null : `since ${session.since.toISOString().slice(11, 19)}Z`,
  ].filter((part) => part !== null && part !== '');
  return `pid ${session.pid}${about.length === 0 ? '' : ` (${onOneLine(about.join(', '))})`}`;
}
