// How versions are written for people: with the leading zeros that the files' names have.
// JSON and the history table have them without.

/** Learns from the paths that pass by; until then a version is its number. */
export class VersionNames {
  readonly #written = new Map<string, string>();
  #width = 0;

  /** Takes the digits that the file's name begins with. */
  learn(version: string, path: string | undefined): void {
    const digits = /(?:^|[\\/])0*(\d+)_[^\\/]*$/.exec(path ?? '');
    const written = /(?:^|[\\/])(\d+)_[^\\/]*$/.exec(path ?? '')?.[1];
    if (digits === null || written === undefined || digits[1] !== version) return;
    this.#written.set(version, written);
    // Only zeros show that a folder pads its numbers.
    if (written.startsWith('0')) this.#width = Math.max(this.#width, written.length);
  }

  write(version: string): string {
    return this.#written.get(version) ?? version.padStart(this.#width, '0');
  }

  /** `0001, 0002, 0003`; of many only the ends: `0001 … 0104 (104)`. */
  list(versions: readonly string[]): string {
    if (versions.length <= 6) return versions.map((v) => this.write(v)).join(', ');
    return `${this.write(versions[0] ?? '')} … ${this.write(versions.at(-1) ?? '')} (${versions.length})`;
  }
}
