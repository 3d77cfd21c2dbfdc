// SQL that rewrites the history: what `baseline` and `repair` do, and nothing else does.
import { AmeliaError } from '../errors.ts';
import { writeFailure } from './failure.ts';
import { journalOf, type HistoryReading } from './history.ts';
import { displayTable, type TableName } from './identifiers.ts';
import { deleteRecord, readObstacles, updateRecord } from './record.ts';
import { isServerError, notKept } from './server-error.ts';
import type { Session } from './session.ts';

/** The file as it is now is what was applied. */
export function acceptChecksum(
  table: TableName,
  version: bigint,
  { checksum, statementsChecksum }: { readonly checksum: string; readonly statementsChecksum: string | null },
  columns: ReadonlySet<string>,
): string {
  const later = columns.has('statements_checksum') ? { statements_checksum: statementsChecksum } : {};
  return updateRecord(table, version, { checksum, ...later });
}

/** The migration did not take place, or not to an end: it is pending (or applied) again, without a trace of the try. */
export function forgetUnfinished(table: TableName, version: bigint): string {
  return deleteRecord(journalOf(table), version);
}

/** Sends edits, in a transaction of their own. Throws `history.not-kept`, what `writeFailure` makes of it, or what ended the session. */
export async function rewrite(session: Session, edits: string, { table, user }: HistoryReading): Promise<void> {
  await session.query(edits).catch(async (cause: unknown) => {
    if (session.lost) throw cause;
    const history = displayTable(table);
    if (!isServerError(cause) || cause.code !== notKept) throw writeFailure(cause, user, history);
    await session.query('ROLLBACK');
    const obstacles = await readObstacles(session, [table, journalOf(table)]);
    throw new AmeliaError('history.not-kept', { table: history, obstacles }, { cause });
  });
}
