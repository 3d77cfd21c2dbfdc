// Holds the files of a branch against those of its base: what the base has must stay as it is, what is new
// must come after it. Pure.
import { basename, join } from 'node:path';
import { AmeliaError } from '../errors.ts';
import { checksum } from '../migration/checksum.ts';
import { nextVersion, parseFileName, type FileName } from '../migration/filename.ts';
import { locate } from '../migration/location.ts';
import type { Location } from '../migration/types.ts';
import type { Base } from './git.ts';

export type Texts = ReadonlyMap<string, Uint8Array>;

export interface BaseComparison {
  readonly errors: readonly AmeliaError[];
  /** Names of migrations that the base does not have. */
  readonly added: ReadonlySet<string>;
  /** Names of rollbacks that the base does not have, or has with another text. */
  readonly newRollbacks: ReadonlySet<string>;
}

interface Named extends FileName {
  readonly file: string;
}

/** Compares the `.sql` files of a folder, by name, with the base's. `folder` is as the user names it. */
export function compareWithBase(folder: string, files: Texts, base: Base): BaseComparison {
  const { tip, fork, ref } = base;
  const errors: AmeliaError[] = [];
  const pathOf = (name: string): string => join(folder, name);
  const migrations = (texts: Texts): Named[] => named(texts).filter(({ rollback }) => !rollback);
  const isKnown = (name: string): boolean => tip.has(name) || fork.has(name);
  // The base's own change since this branch began is not the branch's.
  const isUnchanged = (name: string): boolean =>
    [tip, fork].some((texts) => texts.has(name) && sameText(texts.get(name), files.get(name)));

  const own = migrations(files);
  for (const { file } of own.filter((each) => isKnown(each.file) && !isUnchanged(each.file))) {
    const before = fork.get(file) ?? tip.get(file) ?? new Uint8Array();
    const location = firstDifference(pathOf(file), files.get(file) ?? new Uint8Array(), before);
    errors.push(new AmeliaError('check.modified', { path: pathOf(file), ref }, { location }));
  }

  const added = own.filter(({ file }) => !isKnown(file));
  const gone = migrations(fork).filter(({ file }) => !files.has(file) && tip.has(file));
  const moved = new Set<string>();
  for (const { file, version } of gone) {
    const text = fork.get(file) ?? new Uint8Array();
    const left = added.filter((each) => !moved.has(each.file));
    const now = left.find((each) => sameText(files.get(each.file), text)) ?? left.find((e) => e.version === version);
    const path = pathOf(now?.file ?? file);
    if (now === undefined) {
      errors.push(new AmeliaError('check.deleted', { path, ref }, { location: locate(path, text, 0) }));
      continue;
    }
    moved.add(now.file);
    const location = locate(path, files.get(now.file) ?? text, 0);
    const code = now.version === version ? 'check.renamed' : 'check.renumbered';
    errors.push(new AmeliaError(code, { path, before: pathOf(file), ref }, { location }));
  }

  const theirs = migrations(tip).filter(({ file }) => !gone.some((each) => each.file === file));
  const newest = theirs.reduce<Named | undefined>((a, b) => (a && a.version > b.version ? a : b), undefined);
  const everything = [...theirs, ...own].map((each) => ({ ...each, path: each.file }));
  for (const { file, version, name } of added.filter((each) => !moved.has(each.file))) {
    const path = pathOf(file);
    const location = locate(path, files.get(file) ?? new Uint8Array(), 0);
    const better = `${nextVersion(everything)}_${name}.sql`;
    const twin = theirs.find((each) => each.version === version);
    if (twin !== undefined) {
      const facts = { path, other: twin.file, ref, better };
      errors.push(new AmeliaError('check.duplicate-version', facts, { location }));
    } else if (newest !== undefined && version < newest.version) {
      const facts = { path, newest: newest.file, ref, better };
      errors.push(new AmeliaError('check.out-of-order', facts, { location }));
    }
  }

  const rollbacks = named(files).filter(({ rollback }) => rollback);
  const lost = named(fork).filter(({ rollback, file }) => rollback && !files.has(file) && tip.has(file));
  for (const { file, version } of lost) {
    const stays = own.some((each) => each.version === version && isKnown(each.file));
    if (!stays || rollbacks.some((each) => each.version === version)) continue;
    const location = locate(pathOf(file), fork.get(file) ?? new Uint8Array(), 0);
    errors.push(new AmeliaError('check.deleted', { path: pathOf(file), ref }, { location }));
  }
  return {
    errors,
    added: new Set(added.filter(({ file }) => !moved.has(file)).map(({ file }) => file)),
    newRollbacks: new Set(rollbacks.filter(({ file }) => !isUnchanged(file)).map(({ file }) => file)),
  };
}

/** Those of the names that are a migration's or a rollback's; the others are somebody else's error. */
function named(texts: Texts): Named[] {
  return [...texts.keys()].flatMap((file) => {
    try {
      const found = parseFileName(file);
      return found === undefined ? [] : [{ ...found, file: basename(file) }];
    } catch {
      return [];
    }
  });
}

function sameText(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && checksum(a) === checksum(b);
}

/** The first line of `now` that is not as `before` has it. */
function firstDifference(path: string, now: Uint8Array, before: Uint8Array): Location {
  const lines = (text: Uint8Array): string[] =>
    Buffer.from(text)
      .toString('utf8')
      .split(/\r\n|\r|\n/);
  const [mine, theirs] = [lines(now), lines(before)];
  const differing = mine.findIndex((line, i) => line !== theirs[i]);
  // Only lines at the end are gone: the last one that is there.
  const index = differing === -1 ? Math.max(0, mine.length - 1) : differing;
  return { path, line: index + 1, column: 1, source: mine[index] ?? '' };
}
