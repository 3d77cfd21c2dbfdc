// The columns of the history and of its journal, and which of them a table has. Pure.

/** The history's columns beside version and applied_at; all nullable, so that other programs can go on inserting. */
export const firstColumns = { name: 'text', checksum: 'text', duration_ms: 'bigint', applied_by: 'text' } as const;
/** What a history of an older version lacks: added by a role that may, and done without by any other. */
const laterColumns = { statements_checksum: 'text', tool_version: 'text' } as const;

export const ownColumns: Readonly<Record<string, 'text' | 'bigint'>> = { ...firstColumns, ...laterColumns };
/** As `laterColumns`, of the journal: when it was last written, and why the run stopped. */
export const journalColumns: Readonly<Record<string, 'text' | 'timestamptz'>> = {
  updated_at: 'timestamptz',
  error: 'text',
};

/** What the catalog says of the history's columns; `writable` is the right to INSERT. */
export type FoundColumn = [name: string, type: string, demanded: boolean, writable: boolean];

/** Which columns are to be added, and which a record can write then. */
export interface Columns {
  /** Columns of ours that the table does not have yet and that this role adds, or must. */
  readonly missingColumns: readonly string[];
  /** The later columns that a record writes. */
  readonly writableColumns: ReadonlySet<string>;
}

/** Of a history table; `found` is null where there is none. */
export function columnsOf(found: readonly FoundColumn[] | null, isOwner: boolean): Columns {
  if (found === null) return { missingColumns: [], writableColumns: new Set(Object.keys(laterColumns)) };
  const lacks = (name: string): boolean => found.every(([column]) => column !== name);
  const mayWrite = new Set(
    found.filter(([name, type, , writable]) => writable && type === ownColumns[name]).map(([column]) => column),
  );
  return {
    missingColumns: Object.keys(isOwner ? ownColumns : firstColumns).filter(lacks),
    writableColumns: new Set(
      Object.keys(laterColumns).filter((name) => mayWrite.has(name) || (isOwner && lacks(name))),
    ),
  };
}

/** What our own statements can write into a history, once it is made ready. */
export interface Writable {
  readonly columns: ReadonlySet<string>;
  /** The journal has the columns that say when a run stopped and why. */
  readonly journalTellsWhy: boolean;
}

/** As it is found, with nothing added that a record can do without. */
export function withoutLater<T extends Columns & { readonly missingJournalColumns: readonly string[] | null }>(
  reading: T,
): T {
  const { missingColumns, writableColumns, missingJournalColumns: lacks } = reading;
  return {
    ...reading,
    missingColumns: missingColumns.filter((name) => name in firstColumns),
    writableColumns: new Set([...writableColumns].filter((name) => !missingColumns.includes(name))),
    missingJournalColumns: lacks?.length === 0 ? lacks : null,
  };
}
