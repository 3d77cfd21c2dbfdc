// What a command tells, and to whom: progress, warnings and errors to stderr, the answer to stdout.
// Chooses how by what the two are and what was asked for. Knows the command's events, never its engine.
import type { CheckResult } from '../check/model.ts';
import { AmeliaError } from '../errors.ts';
import type {
  DoctorResult,
  DryRunResult,
  HistoryChangeResult,
  MigratorEvent,
  RunResult,
  StatusResult,
  WaitResult,
} from '../events.ts';
import type { VerifyResult } from '../schema/model.ts';
import { printAnswer } from './answer.ts';
import { answerWithoutRows, eventWithoutRows, withoutRows } from './data.ts';
import { documentOf, JsonLog } from './json.ts';
import { PlainProgress } from './plain.ts';
import { colourStyle, plainStyle } from './style.ts';
import { VersionNames } from './versions.ts';
import { loadWidths } from './width.ts';
import type { Writer } from './writer.ts';

/** What a command ends with. */
export type Answer =
  | { readonly kind: 'run'; readonly result: RunResult; readonly verified?: VerifyResult }
  | { readonly kind: 'dry-run'; readonly result: DryRunResult }
  | { readonly kind: 'status'; readonly result: StatusResult }
  | { readonly kind: 'history'; readonly result: HistoryChangeResult }
  | { readonly kind: 'verify'; readonly result: VerifyResult; readonly format: 'text' | 'tap' | 'junit' }
  | { readonly kind: 'doctor'; readonly result: DoctorResult }
  | { readonly kind: 'wait'; readonly result: WaitResult }
  | { readonly kind: 'check'; readonly result: CheckResult; readonly form: CheckForm; readonly tool: Tool }
  | { readonly kind: 'contract'; readonly result: ContractText }
  | { readonly kind: 'explained'; readonly result: readonly ExplainedError[]; readonly asList: boolean }
  | { readonly kind: 'created'; readonly result: CreatedResult };

export type CheckForm = 'text' | 'github' | 'junit' | 'sarif' | 'json';

/** This program, for reports that name it. */
export interface Tool {
  readonly version: string;
  readonly url: string;
}

/** The contract as YAML, and where it was written. */
export interface ContractText {
  readonly text: string;
  readonly file?: string;
}

/** An error as its page explains it. */
export interface ExplainedError {
  readonly code: string;
  readonly exitStatus: number;
  /** Of the exit status. */
  readonly meaning: string;
  readonly message: string;
  readonly hint?: string;
  /** Why it comes, and what to do. */
  readonly text: string;
}

/** What `new` made. */
export interface CreatedResult {
  readonly version: string;
  readonly name: string;
  readonly files: readonly string[];
}

export type MessageLevel = 'note' | 'warning';

/** Where the facts of a run go while it runs. */
export interface Progress {
  event(event: MigratorEvent): void;
  message(level: MessageLevel, text: string): void;
  /** Ends what is only for the moment (a spinner): the answer follows. */
  settle(): void;
  /** The last call. */
  end(failure: AmeliaError | undefined): void;
}

export interface Reporter {
  event(event: MigratorEvent): void;
  /** Something to know that is not an error. */
  message(level: MessageLevel, text: string): void;
  /**
   * The end: an answer, a failure, or both (a run that failed half-way, a gate that says no). Resolves with the exit
   * status, which is another one where the answer did not arrive.
   */
  finish(end: { readonly answer?: Answer | undefined; readonly failure?: AmeliaError | undefined }): Promise<number>;
}

export interface Opening {
  readonly text: string;
  /** Shown at once; else only when it takes noticeable time. */
  readonly slow: boolean;
}

export interface ReporterOptions {
  readonly command: string;
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly json: boolean;
  readonly log: 'text' | 'json';
  /** Whether each of the two gets colours. */
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  /** False where a moving line would only fill a log: a pipe, a dumb terminal, a CI job. */
  readonly animate: boolean;
  readonly detail: 'quiet' | 'normal' | 'verbose';
  /** Also print the values of rows that PostgreSQL quotes in its errors. */
  readonly showValues?: boolean;
  /** What the command does before its first event, such as `connecting to localhost:5432`. */
  readonly opening?: Opening | undefined;
  /** The migrations folder, for hints. */
  readonly folder: string;
  /** The names of its files, which show how versions are written there. */
  readonly files?: readonly string[];
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** The reporter that fits the options; loads chalk only for colours and ora only for a terminal. */
export async function openReporter(options: ReporterOptions): Promise<Reporter> {
  const versions = new VersionNames();
  for (const file of options.files ?? []) versions.learn(file);
  const { stdout, stderr, command, json, detail, folder, showValues = false, now = () => performance.now() } = options;
  const style = async (coloured: boolean) => (coloured ? await colourStyle() : plainStyle);
  const telling = { writer: stderr, versions, style: await style(options.colour.stderr), detail, now, command };
  if (options.animate) await loadWidths();
  const progress: Progress =
    options.log === 'json'
      ? new JsonLog(stderr, command)
      : options.animate
        ? new (await import('./terminal.ts')).TerminalProgress({ ...telling, opening: options.opening })
        : new PlainProgress(telling);
  const answering = { writer: stdout, versions, style: await style(options.colour.stdout), detail, folder };

  let database: RunResult['database'] | undefined;
  let startedAt: number | undefined;
  return {
    event(told) {
      const event = showValues ? told : eventWithoutRows(told);
      if (event.type === 'connected') database = event.database;
      if (event.type === 'migration-started') {
        startedAt ??= now();
        versions.learn(event.path);
      }
      progress.event(event);
    },
    message: (level, text) => progress.message(level, text),
    async finish(end) {
      const answer = showValues || !end.answer ? end.answer : answerWithoutRows(end.answer);
      const failed = showValues || !end.failure ? end.failure : withoutRows(end.failure);
      const elapsedMs = startedAt === undefined ? 0 : now() - startedAt;
      progress.settle();
      const laidOut = !json && ['status', 'verify', 'check'].includes(answer?.kind ?? '');
      if (failed !== undefined || (laidOut && !isAscii(answer))) await loadWidths();
      if (json) stdout.json(documentOf({ command, answer, failure: failed, database }), 2);
      else if (answer !== undefined) printAnswer(answer, { ...answering, elapsedMs, failed: failed !== undefined });
      const lost = await stdout.settled();
      const failure = failed ?? (lost && unwritable(lost, answer));
      if (failure !== failed) await loadWidths();
      progress.end(failure);
      return failure?.exitStatus ?? (lost !== undefined && onlyPrints(answer) ? readerLeft : 0);
    },
  };
}

/** 128 + 13: what a shell says of a program that SIGPIPE ended, as it ends those who do not listen for it. */
export const readerLeft = 141;

/** Why an answer did not arrive; undefined where its reader went away, which is the reader's own business. */
export function unwritable(lost: NodeJS.ErrnoException, answer?: Answer): AmeliaError | undefined {
  if (lost.code === 'EPIPE') return undefined;
  const result = answer?.kind === 'run' ? answer.result : undefined;
  const done = onlyPrints(answer) ? undefined : 'what was asked for is done: amelia-db status says how the database is';
  const facts = { reason: lost.message, ...(done !== undefined && { done }) };
  return new AmeliaError('report.unwritable', facts, { cause: lost, result });
}

/** Whether to print was all that the command did. */
function onlyPrints(answer: Answer | undefined): boolean {
  if (answer?.kind === 'contract') return answer.result.file === undefined;
  return !['run', 'history', 'created', 'wait'].includes(answer?.kind ?? '');
}

/** Nothing in it but the signs of our own can be wider than a column. */
const isAscii = (answer: Answer | undefined): boolean => !/[^\0-\x7f]/.test(JSON.stringify(answer) ?? '');
