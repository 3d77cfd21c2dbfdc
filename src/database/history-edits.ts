// SQL that rewrites the history: what `baseline` and `repair` do, and nothing else does.
import type { TableName } from './identifiers.ts';
import { quoteLiteral, quoteTable } from './identifiers.ts';
import { journalOf } from './history.ts';

/** The file as it is now is what was applied. */
export function acceptChecksum(
  table: TableName,
  version: bigint,
  { checksum, statementsChecksum }: { readonly checksum: string; readonly statementsChecksum: string | null },
  columns: ReadonlySet<string>,
): string {
  const later = columns.has('statements_checksum') ? `, statements_checksum = ${quoteLiteral(statementsChecksum)}` : '';
  return `UPDATE ${quoteTable(table)} SET checksum = ${quoteLiteral(checksum)}${later} WHERE version OPERATOR(pg_catalog.=) ${version}`;
}

/** The migration did not take place, or not to an end: it is pending (or applied) again, without a trace of the try. */
export function forgetUnfinished(table: TableName, version: bigint): string {
  return `DELETE FROM ${quoteTable(journalOf(table))} WHERE version OPERATOR(pg_catalog.=) ${version}`;
}
