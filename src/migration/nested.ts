// What a folder is whose SQL is in its sub-folders, or that belongs to another tool. Pure.
import { AmeliaError } from '../errors.ts';

/** Where SQL was found, as paths from the folder, with slashes. */
export type PathsBelow = readonly string[];

interface Layout {
  readonly tool: string;
  readonly isMadeBy: (paths: PathsBelow) => boolean;
}

/** The first that fits names the tool. */
const layouts: readonly Layout[] = [
  { tool: 'drizzle', isMadeBy: (paths) => paths.some((path) => /(^|\/)snapshot\.json$/.test(path)) },
  { tool: 'Prisma', isMadeBy: (paths) => paths.some((path) => /(^|\/)migration\.sql$/.test(path)) },
  { tool: 'Hasura', isMadeBy: (paths) => paths.some((path) => /(^|\/)\d{13}_[^/]+\/(up|down)\.sql$/.test(path)) },
  { tool: 'Diesel', isMadeBy: (paths) => paths.some((path) => /(^|\/)(up|down)\.sql$/.test(path)) },
  { tool: 'Sqitch', isMadeBy: (paths) => ['deploy/', 'revert/'].every((own) => paths.some((p) => p.startsWith(own))) },
];

/** drizzle reads this file to know its migrations, whatever they are called. */
export const drizzleJournal = 'meta/_journal.json';

/** Why a folder that has no migration of its own is none of ours; undefined where nothing below it is SQL. */
export function nestedProblem(folder: string, below: PathsBelow): AmeliaError | undefined {
  const sql = below.filter((path) => /\.sql$/i.test(path));
  const [first] = sql;
  if (first === undefined) return undefined;
  const tool = layouts.find(({ isMadeBy }) => isMadeBy(below))?.tool ?? null;
  const only = onlyFolder(sql);
  return new AmeliaError('discover.nested', {
    path: folder,
    tool,
    found: sql.map((path) => `${folder}/${path}`),
    rename: renamed(first),
    instead: only === undefined ? null : `${folder}/${only}`,
  });
}

/** The one folder that holds all the files, where they are named as ours are. */
function onlyFolder(sql: PathsBelow): string | undefined {
  const folders = new Set(sql.map((path) => path.slice(0, path.lastIndexOf('/'))));
  const [only] = folders;
  return folders.size === 1 && sql.every((path) => /(^|\/)\d+_[^/]+$/.test(path)) ? only : undefined;
}

/** What `20240101000000_init/migration.sql` is called here. */
function renamed(path: string): string | null {
  const [, year, month, day, rest, name, file] =
    /(?:^|\/)(?:(\d{4})-(\d\d)-(\d\d)-)?(\d+)_([^/]+)\/(migration|up|down)\.sql$/i.exec(path) ?? [];
  if (rest === undefined || name === undefined) return null;
  return `${[year, month, day].join('')}${rest}_${name}${file === 'down' ? '.down' : ''}.sql`;
}
