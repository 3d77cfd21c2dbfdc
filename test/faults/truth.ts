// Whether what a run said of its steps is what the database holds. Pure.
import { type Holds, statementByStatement } from './five.ts';

/** The document of `migrate --json`, as far as it is looked at. */
export interface Report {
  readonly ok: boolean;
  readonly to?: string | null;
  readonly steps?: readonly { readonly version: string; readonly state: string }[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a report says that is not so, or fails to say; `holds` is read when the server has come to rest. */
export function untruths(
  report: Report | undefined,
  status: number | null,
  holds: Holds,
  { askable }: { readonly askable: boolean },
): string[] {
  if (status === null) return ['it did not end by itself'];
  if (!report) return [`exit ${status} without a document`];
  const said: string[] = [];
  const { recorded, traces } = holds;
  if (report.error?.code === 'internal.bug') said.push(`internal.bug: ${report.error.message}`);
  if (report.ok !== (status === 0)) said.push(`exit ${status}, and ok: ${report.ok}`);
  if (!report.steps) {
    if (recorded.length > 0) said.push(`no steps, and the history has ${String(recorded)}`);
    return said;
  }
  for (const { version, state } of report.steps) {
    const isRecorded = recorded.includes(version);
    const left = version === statementByStatement ? traces : [];
    const says = `${version} is ${state}`;
    if (state === 'applied') {
      if (!isRecorded) said.push(`${says}, and not recorded`);
    } else if (state === 'unknown' || state === 'unfinished') {
      // Of a file that is not one transaction a part may be there; anything else the server can tell.
      // Its journal says how far it came, or that a statement was about to begin of which no answer came.
      const partly = version === statementByStatement && !isRecorded;
      if (askable && !partly) said.push(`${says}, and the server says ${isRecorded ? 'recorded' : 'nothing of it'}`);
    } else if (isRecorded) said.push(`${says}, and recorded`);
    else if (left.length > 0) said.push(`${says}, and it left ${String(left)}`);
  }
  const missing = recorded.filter((version) => !report.steps?.some((step) => step.version === version));
  // A run that went on in a second session need not tell what it found there twice; one that failed must.
  if (missing.length > 0) said.push(`nothing of ${String(missing)}, and recorded`);
  const highest = recorded.at(-1) ?? null;
  const uncertain = report.steps.some(({ state }) => state === 'unknown');
  if (!uncertain && report.to !== highest) said.push(`the database is at ${report.to}, and the history at ${highest}`);
  const undone = report.steps.filter(({ state }) => state !== 'applied');
  if (status === 0 && undone.length > 0)
    said.push(`exit 0, and ${undone.map(({ version }) => version).join()} not applied`);
  return said;
}
