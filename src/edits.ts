// What baseline and repair write into the history: SQL, and what each changes. Pure but for reading the files.
import { acceptChecksum, forgetUnfinished } from './database/history-edits.ts';
import type { HistoryReading } from './database/history.ts';
import { deleteRecord, insertRecord } from './database/record.ts';
import { throwTogether } from './errors.ts';
import type { HistoryChangeResult } from './events.ts';
import type { Folder } from './migration/folder.ts';
import { planBaseline, planRepair } from './migration/plan.ts';
import type { MigrationStatus, Step } from './migration/types.ts';
import type { RepairOptions } from './options.ts';
import { removedRows } from './results.ts';

/** One row of the history that is changed. */
export interface Edit {
  readonly sql: string;
  readonly change: HistoryChangeResult['changes'][number];
}

/** What an edit is decided on. */
export interface Editing {
  readonly table: HistoryReading['table'];
  /** The later columns that can be written. */
  readonly columns: ReadonlySet<string>;
  readonly statuses: readonly MigrationStatus[];
  readonly folder: Folder;
}

/** Throws as `planBaseline` does; and `parse.empty` and `directives.foreign`, of files that cannot have been applied as they are. */
export function baselineEdits({ table, columns, statuses, folder }: Editing, upTo: bigint): Edit[] {
  const files = planBaseline(statuses, upTo);
  const problems = folder.problemsIn(files.map((file): Step => ({ direction: 'up', file })));
  throwTogether(problems.filter(({ code }) => ['parse.empty', 'directives.foreign'].includes(code)));
  return files.map((file) => {
    const { version, name } = file;
    const record = { version, name, ...folder.checksumsOf(file), durationMs: 0 };
    return {
      sql: insertRecord(table, record, { columns }),
      change: { version: String(version), name, change: 'baselined', after: record.checksum },
    };
  });
}

/** Throws as `planRepair` does. */
export function repairEdits({ table, columns, statuses, folder }: Editing, options: RepairOptions): Edit[] {
  return planRepair(statuses, options).map(({ status, as }) => {
    const { version, name, file } = status;
    const about = { version: String(version), name };
    const sums = file ? folder.checksumsOf(file) : { checksum: null, statementsChecksum: null };
    const after = sums.checksum === null ? {} : { after: sums.checksum };
    if (as === 'accepted') {
      const before = status.applied?.checksum;
      return {
        sql: acceptChecksum(table, version, { ...sums, checksum: sums.checksum ?? '' }, columns),
        change: { ...about, change: 'checksum-accepted', ...(before && { before }), ...after },
      };
    }
    const { applied, unfinished } = status;
    const forget = unfinished ? [forgetUnfinished(table, version)] : [];
    if (as === 'pending') {
      return {
        sql: [...forget, ...(applied ? [deleteRecord(table, version)] : [])].join('; '),
        change: { ...about, change: 'resolved-pending', removed: removedRows(status) },
      };
    }
    const record = { version, name: name ?? '', ...sums, durationMs: null };
    return {
      // A rollback that did not complete has left the record where it was.
      sql: [...forget, ...(applied ? [] : [insertRecord(table, record, { columns })])].join('; '),
      change: { ...about, change: 'resolved-applied', ...after },
    };
  });
}
