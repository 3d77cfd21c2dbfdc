// The gate for pull requests: chains the stages base, folder, replay, prove; alone knows their order. Needs no
// database but the embedded one, or an empty one. Prints nothing.
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { ConnectionTarget } from '../database/target.ts';
import { readText } from '../migration/discover.ts';
import { isSqlFileName } from '../migration/filename.ts';
import { Folder } from '../migration/folder.ts';
import { locate } from '../migration/location.ts';
import type { Location, MigrationFile, Script, Step } from '../migration/types.ts';
import { readRegular } from '../regular-file.ts';
import { offsetInContract, readContract, type Contract } from '../schema/contract.ts';
import type { Finding } from '../schema/model.ts';
import { contractPath } from '../verification.ts';
import { verifySchema, type Verified } from '../verify/verify.ts';
import { compareWithBase, type BaseComparison } from './base.ts';
import { findRepository, readBase } from './git.ts';
import type { CheckResult } from './model.ts';
import { findingAt, mention, replay, type Found, type Replay } from './replay.ts';
import { Scratch } from './scratch.ts';

export interface CheckSettings {
  /** The migrations folder, as the user names it. */
  readonly migrations: string;
  /** The base branch, or any commit. Without it there is nothing that must stay as it is, and every migration is new. */
  readonly base?: string | undefined;
  /** An empty database to replay on, left empty; PostgreSQL inside this process when left out. */
  readonly scratch?: ConnectionTarget | undefined;
  /** A folder without any migration is right. */
  readonly allowEmpty?: boolean | undefined;
  readonly signal: AbortSignal;
}

/**
 * Checks a folder, finding all that it can in one go. Throws `git.*`, `embedded.*`, `session.*`, `verify.scratch-not-empty`, what `list` throws of a folder
 * that is none of ours, `discover.unreadable` and what an interruption gives; whatever is wrong with the files is a
 * finding.
 */
export async function check(settings: CheckSettings): Promise<CheckResult> {
  const { migrations, signal } = settings;
  const contractFile = path.relative('', contractPath(migrations));
  const begun = performance.now();
  const { folder, problems } = Folder.look(migrations, settings);
  const texts = readTexts(migrations);
  const root = findRepository(migrations)?.root ?? process.cwd();
  const base = settings.base === undefined ? null : readBase(migrations, settings.base);
  const against = base && compareWithBase(migrations, texts, base);
  const findings: Found[] = (against?.errors ?? []).map((error) => ({ level: 'error', error }));

  const errors = errorsIn(folder, problems, texts, against);
  findings.push(...errors.map((error) => ({ level: 'error', error }) as const));
  const contract = await openContract(contractFile);
  if (contract && 'error' in contract) findings.push({ level: 'error', error: contract.error });

  const isNew = (file: MigrationFile): boolean => against?.added.has(path.basename(file.path)) ?? true;
  const isTried = (file: MigrationFile): boolean =>
    isNew(file) || (against?.newRollbacks.has(path.basename(file.rollbackPath ?? '')) ?? true);
  let replayed: Replay | undefined;
  let verified: Verified | undefined;
  let serverVersion: string | null = null;
  if (problems.length + errors.length === 0) {
    const scratch = await Scratch.open(migrations, signal, settings.scratch);
    try {
      replayed = await replay(scratch, folder, isTried);
      findings.push(...replayed.findings);
      const isComplete = replayed.reached === folder.files.at(-1)?.version;
      await scratch.connected(async (place) => {
        serverVersion = place.session.database.serverVersion;
        if (!isComplete) return;
        const promised = contract && 'contract' in contract ? contract.contract : undefined;
        verified = await verifySchema(place, place, { contract: promised });
        const scripts = folder.files.map((file) => folder.script({ direction: 'up', file }));
        for (const problem of verified.problems) findings.push(await findingOf(problem, contractFile, scripts));
      });
    } finally {
      await scratch.close();
    }
    findings.push(...irreversible(folder, isNew));
  }
  const { reached, rollbacks } = replayed ?? {};
  const constraints = verified?.summary;
  const fromTop = (file: string): string => pathFrom(root, file);
  return {
    root,
    base: base && { ref: base.ref, commit: base.commit, mergeBase: base.mergeBase },
    migrations: folder.files.map((file) => ({
      version: String(file.version),
      name: file.name,
      path: file.path,
      file: fromTop(file.path),
      isNew: isNew(file),
      replayed: reached !== undefined && file.version <= reached,
      rollback: rollbacks?.get(file.version) ?? (file.rollbackPath === undefined ? 'missing' : 'not-tried'),
    })),
    contract: contract === undefined ? null : fromTop(contractFile),
    constraints: constraints
      ? { all: constraints.constraints, proven: constraints.proven, unproven: constraints.unproven }
      : null,
    findings: findings.sort(byWeight).map(({ level, error, endLine }) => {
      return { level, error, file: error.location && fromTop(error.location.path), endLine };
    }),
    serverVersion,
    ms: Math.round(performance.now() - begun),
  };
}

/** The file from there, with slashes. Links on the way to its folder are followed, as git does. */
function pathFrom(top: string, file: string): string {
  const folder = realpathSync(path.dirname(file));
  return path
    .relative(realpathSync(top), path.join(folder, path.basename(file)))
    .split(path.sep)
    .join('/');
}

/** The `.sql` files, by name. Throws `discover.unreadable`. */
function readTexts(migrations: string): Map<string, Uint8Array> {
  const names = readdirSync(migrations, { withFileTypes: true })
    .filter((entry) => isSqlFileName(entry.name) && (entry.isFile() || entry.isSymbolicLink()))
    .map(({ name }) => name);
  return new Map(names.sort().map((name) => [name, readText(path.join(migrations, name))]));
}

/** What cannot be read as migrations and rollbacks in a folder, whose names have these problems. */
function errorsIn(
  folder: Folder,
  problems: readonly AmeliaError[],
  texts: ReadonlyMap<string, Uint8Array>,
  against: BaseComparison | null,
): AmeliaError[] {
  const told = against?.errors.some(({ code }) => code === 'check.duplicate-version') ?? false;
  const ways = folder.files.flatMap((file): Step[] => [
    { direction: 'up', file },
    ...(file.rollbackPath === undefined ? [] : [{ direction: 'down' as const, file }]),
  ]);
  return [...problems, ...folder.problemsIn(ways)]
    .filter(({ code }) => !told || code !== 'discover.duplicate-version')
    .map((error) => atFile(error, texts));
}

/** The error with a place: the first line of the file that it names, where it has none of its own. */
function atFile(error: AmeliaError, texts: ReadonlyMap<string, Uint8Array>): AmeliaError {
  if (error.location) return error;
  const { path: named, second } = error.facts as { path?: string; second?: string };
  const file = named ?? second;
  if (file === undefined) return error;
  const location = locate(file, texts.get(path.basename(file)) ?? new Uint8Array(), 0);
  return new AmeliaError(error.code, error.facts, { location, cause: error });
}

async function openContract(file: string): Promise<{ contract: Contract } | { error: AmeliaError } | undefined> {
  if (!existsSync(file)) return undefined;
  const text = readContractFile(file);
  try {
    return { contract: await readContract(file, text) };
  } catch (error) {
    if (!isAmeliaError(error)) throw error;
    const [offset = 0] = (error.cause as { readonly pos?: readonly number[] } | undefined)?.pos ?? [];
    const { value, problem } = error.facts as { value: string; problem: string };
    const facts = { path: file, problem: `${value} ${problem}` };
    return { error: new AmeliaError('check.contract-invalid', facts, { location: placeIn(file, text, offset) }) };
  }
}

function readContractFile(file: string): string {
  try {
    return readRegular(file).toString();
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new AmeliaError('config.unreadable', { setting: 'the contract', path: file, reason }, { cause });
  }
}

function placeIn(file: string, text: string, offset: number): Location {
  return locate(file, Buffer.from(text), Buffer.byteLength(text.slice(0, offset)));
}

/** What verify found: at the contract's line that says so, else at the statement that mentions it last. */
async function findingOf(problem: Finding, contract: string, scripts: readonly Script[]): Promise<Found> {
  const { table, name, kind, message, place } = problem;
  const what = `${table === null || table === name ? '' : `${table} `}${name} (${kind.replace('-', ' ')}) ${message}`;
  if (place) {
    const text = readContractFile(contract);
    const location = placeIn(contract, text, await offsetInContract(text, place));
    return { level: 'error', error: new AmeliaError('check.contract-broken', { what }, { location }) };
  }
  const made = (location?: Location): AmeliaError => new AmeliaError('check.schema', { what }, { location });
  const last = scripts.at(-1);
  const found =
    mention(scripts, [name], 'last') ??
    mention(scripts, [table?.replace(/^.*\./s, '') ?? name], 'last') ??
    (last && { script: last });
  return found ? findingAt(found, made) : { level: 'error', error: made() };
}

/** New migrations without a way back, where the folder has ways back. */
function irreversible(folder: Folder, isNew: (file: MigrationFile) => boolean): Found[] {
  if (folder.files.every(({ rollbackPath }) => rollbackPath === undefined)) return [];
  return folder.files
    .filter((file) => isNew(file) && file.rollbackPath === undefined)
    .map((file) => ({
      ...findingAt({ script: folder.script({ direction: 'up', file }) }, (location) => {
        return new AmeliaError('check.irreversible', { path: file.path }, { location });
      }),
      level: 'warning',
    }));
}

function byWeight(a: Found, b: Found): number {
  if (a.level !== b.level) return a.level === 'error' ? -1 : 1;
  const [x, y] = [a.error.location, b.error.location];
  if (x?.path !== y?.path) return (x?.path ?? '') < (y?.path ?? '') ? -1 : 1;
  return (x?.line ?? 0) - (y?.line ?? 0);
}
