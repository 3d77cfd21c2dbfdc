// A plan's steps with everything that running them takes: the script, the checksum, what the history must
// hold by then, and how far an earlier run came. Pure but for reading the files.
import type { HistoryReading } from './database/history.ts';
import type { Work } from './database/work.ts';
import { AmeliaError, throwTogether } from './errors.ts';
import type { MigratorEvent } from './events.ts';
import { checksum } from './migration/checksum.ts';
import type { Folder } from './migration/folder.ts';
import { statementsChecksum } from './migration/statements-checksum.ts';
import type { Plan, Script, Step, UnfinishedMigration } from './migration/types.ts';

/**
 * Every file is read before anything runs: a mistake in the last one must not leave half a deploy. Throws all that
 * is wrong in them; what is wrong in the rollbacks of those that go up is only told.
 */
export function readSteps(steps: readonly Step[], folder: Folder, tell: (event: MigratorEvent) => void): void {
  throwTogether(folder.problemsIn(steps));
  for (const { direction, file } of steps) {
    const { rollbackPath: path } = file;
    if (direction === 'down' || path === undefined) continue;
    for (const { code, message: reason, location } of folder.problemsIn([{ direction: 'down', file }])) {
      const about = { version: String(file.version), path, code, reason };
      tell({ type: 'unusable-rollback', ...about, ...(location && { location }) });
    }
  }
}

/** The work of a plan, in its order. Throws as `parseScript` does, and `plan.unfinished` for a file that was changed where it has run. */
export function worksOf(plan: Plan, reading: HistoryReading, folder: Folder): Work[] {
  const above = reading.applied.at(-1)?.version ?? -1n;
  let rows = 0;
  return plan.steps.map((step): Work => {
    const { direction, file } = step;
    const { version, name } = file;
    const script = folder.script(step);
    const unfinished = reading.unfinished.find((entry) => entry.version === version);
    if (unfinished) refuseChanged(unfinished, script);
    const expected = { above, rows };
    if (version > above) rows++;
    const sum = direction === 'up' ? script.checksum : folder.checksum(file);
    const work = { direction, version, name, script, checksum: sum, statementsChecksum: statementsChecksum(script) };
    return { ...work, expected, ...(unfinished && { unfinished }) };
  });
}

/** A file may be mended where it failed, but not before: that part has run. */
function refuseChanged({ version, name, completed, prefix }: UnfinishedMigration, script: Script): void {
  const end = script.statements.at(completed - 1)?.end ?? 0;
  const same =
    completed === 0 || (completed <= script.statements.length && checksum(script.text.subarray(0, end)) === prefix);
  if (same && !script.transaction) return;
  const reason = `its first ${completed} statements have run, and ${script.path} is not what it was up to there`;
  throw new AmeliaError('plan.unfinished', { refusals: [{ version: String(version), name, reason }] });
}
