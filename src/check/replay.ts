// Replays the migrations from empty, and each of those that are tried back and forth again: its rollback must
// leave the schema as it was, and applying it again must give the same once more.
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { Folder } from '../migration/folder.ts';
import { Locator } from '../migration/location.ts';
import type { Location, MigrationFile, Script, Statement } from '../migration/types.ts';
import { differencesOf, type Difference } from './difference.ts';
import type { CheckedMigration, CheckFinding } from './model.ts';
import type { Scratch } from './scratch.ts';

/** A finding before its file is told from the repository's top. */
export type Found = Pick<CheckFinding, 'level' | 'error'> & { readonly endLine?: number };

export interface Replay {
  readonly findings: readonly Found[];
  /** The highest version that was applied; undefined for none. */
  readonly reached: bigint | undefined;
  readonly rollbacks: ReadonlyMap<bigint, CheckedMigration['rollback']>;
}

/** Replays `folder`; `isTried` says which migrations go there and back. Throws what is not about the files. */
export async function replay(
  scratch: Scratch,
  folder: Folder,
  isTried: (file: MigrationFile) => boolean,
): Promise<Replay> {
  const findings: Found[] = [];
  const rollbacks = new Map<bigint, CheckedMigration['rollback']>();
  let reached: bigint | undefined;
  const up = async (to: bigint | undefined): Promise<boolean> => {
    if (to === undefined || to === reached) return true;
    const error = await failureOf(() => scratch.migrator().migrate({ to }));
    if (error === undefined) reached = to;
    else findings.push({ level: 'error', error: reworded('check.replay-failed', error) });
    return error === undefined;
  };
  for (const [i, file] of folder.files.entries()) {
    if (!isTried(file) || file.rollbackPath === undefined) continue;
    if (!(await up(folder.files[i - 1]?.version))) return { findings, reached, rollbacks };
    const before = await scratch.state();
    if (!(await up(file.version))) return { findings, reached, rollbacks };
    const after = await scratch.state();
    const found = await thereAndBack(scratch, folder, { ...file, rollbackPath: file.rollbackPath }, { before, after });
    rollbacks.set(file.version, found.length === 0 ? 'restores' : 'fails');
    findings.push(...found);
    if (found.length === 0) continue;
    // Whatever it left must not stand in the way of the next ones.
    await scratch.restart();
    reached = undefined;
  }
  await up(folder.files.at(-1)?.version);
  return { findings, reached, rollbacks };
}

type States = Readonly<Record<'before' | 'after', Awaited<ReturnType<Scratch['state']>>>>;

async function thereAndBack(
  scratch: Scratch,
  folder: Folder,
  file: MigrationFile & { readonly rollbackPath: string },
  { before, after }: States,
): Promise<Found[]> {
  const script = folder.script({ direction: 'up', file });
  const rollback = folder.script({ direction: 'down', file });
  const failed = await failureOf(() => scratch.migrator().rollback());
  if (failed) return [{ level: 'error', error: reworded('check.rollback-failed', failed) }];
  const back = await scratch.state();
  const left = await scratch.connected((place) => differencesOf(place, before, back));
  if (left.length > 0) {
    return left.map((difference) => {
      const facts = { rollback: rollback.path, what: difference.text };
      const { words, isLeft } = difference;
      // What is left behind was made by the first that mentions it; what is gone was dropped by the last.
      const made = mention([script], words, isLeft ? 'first' : 'last') ?? mention([rollback], words, 'last');
      return findingAt(made ?? { script: rollback }, (location) => {
        return new AmeliaError('check.not-restored', facts, { location });
      });
    });
  }
  const again = await failureOf(() => scratch.migrator().migrate({ to: file.version }));
  if (again) return [{ level: 'error', error: reworded('check.again-failed', again) }];
  const twice = await scratch.state();
  const other: Difference[] = await scratch.connected((place) => differencesOf(place, after, twice));
  return other.map((difference) =>
    findingAt(mention([script], difference.words, 'first') ?? { script }, (location) => {
      return new AmeliaError('check.again-differs', { path: file.path, what: difference.text }, { location });
    }),
  );
}

/** What a migration's own text is to blame for; anything else is thrown. */
async function failureOf(task: () => Promise<unknown>): Promise<AmeliaError | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    // 1: it failed; 3: it cannot be read; 4: it does something to the history.
    if (isAmeliaError(error) && [1, 3, 4].includes(error.exitStatus)) return error;
    throw error;
  }
}

/** The failure as the gate tells it, with what PostgreSQL says about it. */
function reworded(
  code: 'check.replay-failed' | 'check.rollback-failed' | 'check.again-failed',
  error: AmeliaError,
): AmeliaError {
  const { notes = [], sqlstate = null } = error.facts as {
    notes?: readonly { readonly label: string; readonly text: string }[];
    sqlstate?: string | null;
  };
  return new AmeliaError(code, { reason: error.message, sqlstate, notes }, { location: error.location, cause: error });
}

/** A statement of a script, or the script as a whole. */
export interface Mention {
  readonly script: Script;
  readonly statement?: Statement;
}

/** The first or the last statement of these scripts that has all of these words. */
export function mention(
  scripts: readonly Script[],
  words: readonly string[],
  which: 'first' | 'last',
): Mention | undefined {
  const patterns = words.map((word) => new RegExp(`(?<![\\w$])${escaped(word)}(?![\\w$])`, 'iu'));
  for (const script of which === 'first' ? scripts : [...scripts].reverse()) {
    const { text, statements } = script;
    const { buffer, byteOffset, byteLength } = text;
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    let statement: Statement | undefined;
    for (const each of statements) {
      const sql = bytes.toString('utf8', each.start, each.end);
      if (!patterns.every((pattern) => pattern.test(sql))) continue;
      statement = each;
      if (which === 'first') break;
    }
    if (statement) return { script, statement };
  }
  return undefined;
}

const escaped = (word: string): string => word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** An error at that statement, from its first line to its last; at the file's first line for a whole script. */
export function findingAt({ script, statement }: Mention, error: (location: Location) => AmeliaError): Found {
  const locator = new Locator(script.path, script.text);
  const location = locator.at(statement?.start ?? 0);
  const endLine =
    statement === undefined ? location.line : locator.at(Math.max(statement.start, statement.end - 1)).line;
  return { level: 'error', error: error(location), ...(endLine > location.line && { endLine }) };
}
