// The password file, ~/.pgpass or PGPASSFILE, by libpq's rules (manual, section 34.16).
// Never says what stands in it.
import { statSync } from 'node:fs';
import { readRegular } from '../regular-file.ts';

/** host, port, database, user. */
type Connection = readonly [host: string, port: string, database: string, user: string];

/**
 * A function that finds the password of a connection: that of the first line whose fields fit.
 * Undefined when there is no such file, or when libpq would pass it over, which `warn` is then told.
 */
export function readPasswordFile(
  path: string | undefined,
  warn: (message: string) => void,
): ((connection: Connection) => string | undefined) | undefined {
  const text = path === undefined ? undefined : readPrivate(path, warn);
  if (text === undefined) return undefined;
  const entries = text
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(readEntry);
  return (connection) => {
    const fits = entries.find(
      ({ fields }) =>
        fields.length === 4 && connection.every((value, i) => fields[i] === undefined || fields[i] === value),
    );
    return fits?.password || undefined;
  };
}

function readPrivate(path: string, warn: (message: string) => void): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) {
      warn(`the password file ${path} is passed over: it is not a plain file`);
      return undefined;
    }
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
      warn(`the password file ${path} is passed over: others may read it (chmod 600 ${path})`);
      return undefined;
    }
    return readRegular(path).toString();
  } catch {
    // libpq, too, goes on without a password file that is not there or cannot be read.
    return undefined;
  }
}

interface Entry {
  /** Undefined stands for `*`. */
  readonly fields: readonly (string | undefined)[];
  readonly password: string;
}

/** Four fields that end with a colon, then the password; a backslash takes the next character as it is. */
function readEntry(line: string): Entry {
  const fields: (string | undefined)[] = [];
  let field = '';
  let begin = 0;
  let index = 0;
  for (; index < line.length && fields.length < 4; index++) {
    if (line[index] === ':') {
      fields.push(line.slice(begin, index) === '*' ? undefined : field);
      field = '';
      begin = index + 1;
    } else {
      if (line[index] === '\\' && index + 1 < line.length) index++;
      field += line[index];
    }
  }
  return { fields, password: line.slice(index).replace(/\\(.)/gsu, '$1') };
}
