// Who runs this process, as libpq asks: HOME and then the system's list of users, in which a container's user need
// not be. Never throws.
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './target.ts';

/** The user's name; undefined for one whom the system does not know. */
export const osUserName = (): string | undefined => lookUp()?.username;

/** A path in the user's home; undefined for one who has none. */
export function inHome(env: Environment, ...names: readonly string[]): string | undefined {
  const home = env['HOME'] || lookUp()?.homedir;
  return home ? join(home, ...names) : undefined;
}

function lookUp(): { readonly username: string; readonly homedir: string } | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}
