// The extensions that a folder's migrations create: what an embedded server, where they are not installed, has to
// bring along. Never judges a file.
import { readPiece, readSmall } from './discover.ts';
import { Folder } from './folder.ts';

/** Those that the embedded server can load: PGlite's contrib, and pgvector. */
export const embeddedExtensions: readonly string[] = [
  'amcheck',
  'bloom',
  'btree_gin',
  'btree_gist',
  'citext',
  'cube',
  'dict_int',
  'dict_xsyn',
  'earthdistance',
  'file_fdw',
  'fuzzystrmatch',
  'hstore',
  'intarray',
  'isn',
  'lo',
  'ltree',
  'moddatetime',
  'pageinspect',
  'pg_buffercache',
  'pg_freespacemap',
  'pg_stat_statements',
  'pg_surgery',
  'pg_trgm',
  'pg_visibility',
  'pg_walinspect',
  'pgcrypto',
  'seg',
  'tablefunc',
  'tcn',
  'tsm_system_rows',
  'tsm_system_time',
  'unaccent',
  'uuid-ossp',
  'vector',
];

/** What CASCADE creates beside them. */
const required: Readonly<Record<string, string>> = { earthdistance: 'cube' };

const gap = String.raw`(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)+`;
const creates = new RegExp(
  `\\bCREATE${gap}EXTENSION${gap}(?:IF${gap}NOT${gap}EXISTS${gap})?(?:"([a-z0-9_-]+)"|([a-z0-9_]+))`,
  'gi',
);

/** Nobody creates one after so much of a file. */
const most = 1024 * 1024;

/** Their names, each once; also of those that only a comment speaks of. None where the folder cannot be read: others say so. */
export function extensionsIn(migrations: string): string[] {
  const found = new Set<string>();
  try {
    for (const { path, rollbackPath } of Folder.open(migrations).files) {
      for (const file of [path, ...(rollbackPath === undefined ? [] : [rollbackPath])]) {
        const bytes = readSmall(file) ?? readPiece(file, 0, most);
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
        for (const [, quoted, plain] of text.matchAll(creates)) {
          const name = quoted ?? plain!.toLowerCase();
          found.add(name);
          if (required[name] !== undefined) found.add(required[name]);
        }
      }
    }
  } catch {
    // see above
  }
  return [...found];
}
