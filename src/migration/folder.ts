// The migrations folder as a whole: its files, their checksums and their scripts, each read once
// and only when somebody needs it.
import { AmeliaError, isAmeliaError, throwTogether } from '../errors.ts';
import { checksum } from './checksum.ts';
import { list, readSmall, readText, type DiscoverOptions } from './discover.ts';
import { withoutText } from './large-script.ts';
import { parseScript } from './parse.ts';
import { statementsChecksum } from './statements-checksum.ts';
import type { History, MigrationFile, Script, Step } from './types.ts';

export class Folder {
  readonly path: string;
  readonly files: readonly MigrationFile[];
  readonly #checksums = new Map<string, string>();
  readonly #scripts = new Map<string, Script>();
  #ahead = 0;

  private constructor(path: string, files: readonly MigrationFile[]) {
    this.path = path;
    this.files = files;
  }

  /** Lists the folder, with all that is wrong with its names. Throws as `list` does. */
  static look(path: string, options: DiscoverOptions = {}): { folder: Folder; problems: readonly AmeliaError[] } {
    const { files, problems } = list(path, options);
    const { only } = options;
    const wanted = only ? files.filter(({ version }) => only.has(version)) : files;
    return { folder: new Folder(path, wanted), problems };
  }

  /**
   * Lists the folder. Throws as `list` does; and all that is wrong with its names, with what is wrong in the files
   * that could be named, together.
   */
  static open(path: string, options: DiscoverOptions = {}): Folder {
    const { folder, problems } = Folder.look(path, options);
    const { files } = folder;
    if (problems.length > 0) {
      const steps = files.map((file): Step => ({ direction: 'up', file }));
      throwTogether([...problems, ...folder.problemsIn(steps)]);
    }
    return folder;
  }

  /** The checksum of a migration's file as it is now. Throws `discover.unreadable`. */
  checksum({ path }: MigrationFile): string {
    const known = this.#checksums.get(path) ?? checksum(readSmall(path) ?? readText(path));
    this.#checksums.set(path, known);
    return known;
  }

  /** What a record of the file holds; a file that cannot be run has no statements. Throws `discover.unreadable`. */
  checksumsOf(file: MigrationFile): { readonly checksum: string; readonly statementsChecksum: string | null } {
    let script: Script | undefined;
    try {
      script = this.script({ direction: 'up', file });
    } catch (error) {
      if (!(error instanceof AmeliaError)) throw error;
    }
    return { checksum: this.checksum(file), statementsChecksum: script ? statementsChecksum(script) : null };
  }

  /**
   * Works out the checksums of small files for about `ms` milliseconds, for who has nothing better to do; false
   * when there are no more. What cannot be read is left to whoever needs it.
   */
  workAhead(ms: number): boolean {
    const begun = performance.now();
    while (this.#ahead < this.files.length && performance.now() - begun < ms) {
      const { path } = this.files[this.#ahead++]!;
      try {
        const text = readSmall(path);
        if (text) this.#checksums.set(path, checksum(text));
      } catch {
        // see above
      }
    }
    return this.#ahead < this.files.length;
  }

  /** The checksums of the files that the history has one for: only those can be compared. */
  checksums({ applied }: History): ReadonlyMap<bigint, string> {
    const recorded = new Set(applied.filter((row) => row.checksum !== null).map(({ version }) => version));
    return new Map(
      this.files.filter(({ version }) => recorded.has(version)).map((file) => [file.version, this.checksum(file)]),
    );
  }

  /** The script that a step runs: the migration's file, or its rollback's. Throws as `parseScript` does. */
  script({ direction, file }: Step): Script {
    const path = direction === 'up' ? file.path : (file.rollbackPath ?? file.path);
    const known = this.#scripts.get(path) ?? withoutText(parseScript(path, readText(path)));
    this.#scripts.set(path, known);
    return known;
  }

  /** Why these steps cannot run, as far as their files say it: what `script` throws of each. */
  problemsIn(steps: readonly Step[]): AmeliaError[] {
    return steps.flatMap((step) => {
      try {
        this.script(step);
        return [];
      } catch (error) {
        if (!isAmeliaError(error)) throw error;
        return [error];
      }
    });
  }
}
