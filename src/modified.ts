// What is known of a file that differs from what was applied. Loaded only where one does.
import { earlierTexts } from './check/git.ts';
import { AmeliaError } from './errors.ts';
import { checksum } from './migration/checksum.ts';
import { differenceOf } from './migration/difference.ts';
import type { Folder } from './migration/folder.ts';
import { parseScript } from './migration/parse.ts';
import { statementsChecksum } from './migration/statements-checksum.ts';
import type { Difference, MigrationStatus, Script } from './migration/types.ts';

/** For all files together: git is asked while a session waits. */
const gitMs = 1500;
/** Of so many files git is asked. */
const mostAsked = 10;

/** The same statuses, with the difference of each modified one as far as it is known. */
export function withDifferences(statuses: readonly MigrationStatus[], folder: Folder): MigrationStatus[] {
  const until = performance.now() + gitMs;
  let asked = 0;
  return statuses.map((status) => {
    const { state, file, applied } = status;
    if (state !== 'modified' || !file || !applied) return status;
    const { statementsChecksum: now } = folder.checksumsOf(file);
    if (now !== null && now === applied.statementsChecksum) return { ...status, difference: { onlyComments: true } };
    const left = until - performance.now();
    const looks = left > 0 && asked++ < mostAsked;
    const before = looks
      ? earlierTexts(file.path, left).find((text) => checksum(text) === applied.checksum)
      : undefined;
    const difference = before && compare(before, file.path, () => folder.script({ direction: 'up', file }), now);
    if (difference) return { ...status, difference };
    return now === null || applied.statementsChecksum === null
      ? status
      : { ...status, difference: { onlyComments: false } };
  });
}

/** Undefined where one of the two cannot be read as a script. */
function compare(text: Uint8Array, path: string, script: () => Script, now: string | null): Difference | undefined {
  try {
    const before = parseScript(path, text);
    if (now !== null && statementsChecksum(before) === now) return { onlyComments: true };
    const said = differenceOf(before, script());
    return { onlyComments: false, ...(said !== undefined && { text: said }) };
  } catch (error) {
    if (error instanceof AmeliaError) return undefined;
    throw error;
  }
}
