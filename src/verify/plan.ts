// What is tried for one constraint, and what could not be. Collects; runs nothing.
import { Unbuildable } from './rows.ts';
import type { Trial } from './trial.ts';

export class ProofPlan {
  /** The names under which the server reports it: its own, and those of its copies on partitions. */
  readonly about: readonly string[];
  readonly trials: Trial[] = [];
  /** Why something could not be tried. */
  readonly reasons: string[] = [];
  readonly warnings: string[] = [];
  /** What needs no trial. */
  readonly notes: string[] = [];

  constructor(about: readonly string[]) {
    this.about = about;
  }

  /** Adds the trial that `build` makes; without one, the reason. */
  try(what: string, build: () => Omit<Trial, 'about'> | undefined): boolean {
    try {
      const trial = build();
      if (trial) this.trials.push({ ...trial, about: this.about });
      return trial !== undefined;
    } catch (error) {
      if (!(error instanceof Unbuildable)) throw error;
      this.reasons.push(`${what}: ${error.message}`);
      return false;
    }
  }

  /** As `try`, for what a schema need not allow: without a trial nothing is missing. */
  tryOptional(build: () => Omit<Trial, 'about'> | undefined): boolean {
    const { length } = this.reasons;
    const tried = this.try('', build);
    this.reasons.length = length;
    return tried;
  }
}
