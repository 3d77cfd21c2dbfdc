// A key=value connection string, cut into libpq's parameters (manual, section 34.1.1.1). Pure.
// Never repeats what it was given: any piece of it may be the password.
import type { Parameters } from './target.ts';
import { quoteName, unusable } from './target-url.ts';

/** True for what looks like `host=localhost dbname=amelia` rather than a URL. */
export const isConninfo = (text: string): boolean => /^\s*\w+\s*=/.test(text);

/** The parameters that it names; of two the last one counts. Throws `config.database-url`. */
export function readConninfo(text: string): Parameters {
  const parameters: Record<string, string> = {};
  // name = 'quoted, with \' and \\' or name = plain, where a backslash takes the next character as it is
  const pair = /\s*(?:(\w+)\s*=\s*(?:'((?:[^'\\]|\\[^])*)'|((?:[^\s'\\]|\\[^])(?:[^\s\\]|\\[^])*|))(?=\s|$)|$)/y;
  while (pair.lastIndex < text.length) {
    const [matched = '', name, quoted, plain = ''] = pair.exec(text) ?? [];
    if (matched === '') {
      throw unusable(
        'it is neither a URL nor name=value name=value …',
        "a value with spaces stands in 'quotes', in which ' is written \\' and \\ is written \\\\",
      );
    }
    if (name === undefined) break;
    const value = (quoted ?? plain).replace(/\\([^])/g, '$1');
    if (value.includes('\0')) throw unusable(`there is a NUL in ${quoteName(name)}`);
    if (value === '') delete parameters[name];
    else parameters[name] = value;
  }
  return parameters;
}
