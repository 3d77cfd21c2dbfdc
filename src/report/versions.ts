// How versions are written for people: with the leading zeros that the files' names have.
// JSON and the history table have them without.

/** Learns from the files' names; a version that no file has is its number, as wide as the others. */
export class VersionNames {
  readonly #written = new Map<string, string>();
  #width = 0;

  /** Takes the digits that the name of the file begins with. */
  learn(path: string | undefined): void {
    const written = /(?:^|[\\/])(\d+)_[^\\/]*$/.exec(path ?? '')?.[1];
    if (written === undefined) return;
    this.#written.set(written.replace(/^0+(?=\d)/, ''), written);
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
