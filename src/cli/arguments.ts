// Values of arguments and options that several commands have. Throws `usage.invalid` for what they cannot be.
import { AmeliaError } from '../errors.ts';
import { highestVersion } from '../migration/filename.ts';

// What is known of values before anybody writes one: for those who check them, and for completion.
export const logForms = ['text', 'json'] as const;
export const verifyParts = ['checks', 'foreign-keys', 'indexes'] as const;
export const verifyForms = ['text', 'tap', 'junit'] as const;
export const checkForms = ['text', 'github', 'junit', 'sarif', 'json'] as const;

/** One of these words. */
export function oneOf<T extends string>(allowed: readonly T[], value: string, what: string): T {
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new AmeliaError('usage.invalid', { problem: `${what} ${allowed.join(', ')}; not ${value}` });
}

/** A version: digits only, from 0 to the largest of PostgreSQL's bigint. */
export function readVersion(what: string, value: string): bigint {
  // More digits than the largest version has cannot be one, whatever they say.
  const version = /^\d+$/.test(value) && value.replace(/^0+/, '').length <= 19 ? BigInt(value) : -1n;
  if (version >= 0n && version <= highestVersion) return version;
  throw new AmeliaError('usage.invalid', {
    problem: `${what}: ${JSON.stringify(value)} is not a version`,
    hint: `a version is a number from 0 to ${highestVersion}, such as 7 or 007`,
  });
}

/** A count of at least one. */
export function readCount(what: string, value: string, least = 1): number {
  const count = /^\d{1,9}$/.test(value) ? Number(value) : -1;
  if (count >= least) return count;
  throw new AmeliaError('usage.invalid', {
    problem: `${what}: ${JSON.stringify(value)} is not such a number`,
    hint: `a whole number from ${least}`,
  });
}
