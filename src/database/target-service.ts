// A connection service of pg_service.conf, by libpq's rules (manual, section 34.17).
// Never repeats a value that stands in the file: it may be a password.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readRegular } from '../regular-file.ts';
import { inHome } from './os-user.ts';
import type { Environment, Parameters } from './target.ts';
import { unusable } from './target-url.ts';

/** Where packages of libpq keep the file of the whole system; PGSYSCONFDIR names another place. */
const systemFolders = ['/etc/postgresql-common', '/etc/sysconfig/pgsql', '/etc'];

/**
 * The parameters of a service: from `named` or PGSERVICEFILE, or else ~/.pg_service.conf, and then from the
 * system's file. Throws `config.database-url` when none has it, or what it says cannot be read.
 */
export function readService(service: string, named: string | undefined, env: Environment): Parameters {
  const own = named ?? (env['PGSERVICEFILE'] || undefined);
  const user = own ?? inHome(env, '.pg_service.conf');
  if (own !== undefined && !existsSync(own)) throw unusable(`the service file ${own} is not there`);
  const folders = env['PGSYSCONFDIR'] ? [env['PGSYSCONFDIR']] : systemFolders;
  const candidates = [
    ...(user === undefined ? [] : [user]),
    ...folders.map((folder) => join(folder, 'pg_service.conf')),
  ];
  const files = candidates.filter((file) => existsSync(file));
  for (const file of files) {
    const found = serviceIn(file, service);
    if (found !== undefined) return found;
  }
  throw unusable(
    `there is no service ${JSON.stringify(service)} in ${files.length === 0 ? 'a pg_service.conf' : files.join(' or ')}`,
    `it begins with a line [${service}]; PGSERVICEFILE names the file, ~/.pg_service.conf is the usual one`,
  );
}

function serviceIn(path: string, service: string): Parameters | undefined {
  let found: Record<string, string> | undefined;
  for (const [index, text] of readLines(path).entries()) {
    const line = text.trim();
    const wrong = (problem: string) => unusable(`${path}:${index + 1}: ${problem}`);
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (found !== undefined) break;
      if (line.startsWith(`[${service}]`)) found = {};
      continue;
    }
    if (found === undefined) continue;
    if (/^ldaps?:/i.test(line)) throw wrong('services of an LDAP server are not supported');
    const equals = line.indexOf('=');
    if (equals < 1) throw wrong('this is not name=value');
    const name = line.slice(0, equals);
    if (name === 'service' || name === 'servicefile') throw wrong('a service cannot name another one');
    if (!/^\w+$/.test(name)) throw wrong('there must be no space before the =');
    found[name] ??= line.slice(equals + 1);
  }
  return found;
}

function readLines(path: string): string[] {
  try {
    return readRegular(path).toString().split(/\r?\n/);
  } catch (cause) {
    throw unusable(`the service file ${path} cannot be read: ${(cause as Error).message}`);
  }
}
