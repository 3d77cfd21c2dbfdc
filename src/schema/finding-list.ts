// Collects what was found, problems and warnings apart.
import type { Finding } from './model.ts';

export class Findings {
  readonly problems: Finding[] = [];
  readonly warnings: Finding[] = [];

  problem(finding: Finding): void {
    this.problems.push(finding);
  }

  warning(finding: Finding): void {
    this.warnings.push(finding);
  }
}
