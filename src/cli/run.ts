// One command from its arguments to its exit status: parse, read the settings, load what the command needs,
// run it, report how it ended. Every error ends here.
import { readdirSync } from 'node:fs';
import { takeProcess } from '../database/own-process.ts';
import { isInterruption } from '../database/failure.ts';
import type { ConnectionTarget } from '../database/target.ts';
import { AmeliaError, isAmeliaError } from '../errors.ts';
import type { Migrator } from '../options.ts';
import { createRedactor } from '../report/redact.ts';
import { openReporter, readerLeft, unwritable, type Answer, type Reporter } from '../report/reporter.ts';
import { openWriter } from '../report/writer.ts';
import { commandNames, loadCommand, type Invocation } from './commands.ts';
import { readAllowEmpty, readFlag, readFolder, readScratch, readSettings, secretsOf, type Settings } from './config.ts';
import type { Host } from './host.ts';
import { outputWithout, readOutput } from './output.ts';
import { parseArguments } from './program.ts';
import { withSignals } from './signals.ts';
import { openStream } from './streams.ts';

export interface About {
  readonly version: string;
  /** Where bugs are reported. */
  readonly issues: string;
}

/** How a command ended: with an answer, and a failure where a gate says no. */
export interface End {
  readonly answer?: Answer;
  readonly failure?: AmeliaError;
}

/** What was written may take so long to leave. */
const afterwardsMs = 50;

takeProcess();

/** Runs the command that `args` name and returns its exit status. */
export async function run(host: Host, args: readonly string[], about: About): Promise<number> {
  let reporter: Reporter | undefined;
  let end: { answer?: Answer | undefined; failure?: AmeliaError | undefined };
  try {
    const parsed = parseArguments(args, { version: about.version, columns: host.stdout.columns });
    if (parsed.kind === 'text') {
      return await printText(host, parsed);
    }
    const { invocation } = parsed;
    const output = readOutput(invocation.options, host.env, host);
    const { needs, prepare, opening } = await loadCommand(invocation.command);
    const task = prepare(invocation);
    const settings = needs === 'database' ? readSettings(invocation.options, host.env) : undefined;
    const scratch = settings === undefined ? readScratch(invocation.options, host.env) : undefined;
    const folder = settings?.migrator.migrations ?? readFolder(invocation.options, host.env);
    reporter = await openReporter({
      ...output,
      ...writers(host, settings ?? { secrets: scratch ? secretsOf(scratch) : [], shown: [] }),
      command: invocation.command,
      opening: settings?.opening ?? opening,
      folder,
      files: filesIn(folder),
    });
    for (const { level, text } of settings?.messages ?? []) reporter.message(level, text);
    const allowEmpty = settings?.migrator.allowEmpty ?? readAllowEmpty(invocation.options, host.env);
    const showValues = output.showValues === true;
    end = await runTask(host, task, { folder, allowEmpty, scratch, settings, reporter, showValues });
  } catch (error) {
    end = { failure: asAmeliaError(error, about) };
  }
  reporter ??= await openReporter({
    ...outputWithout(asksForJson(args, host.env), host.env, host),
    ...writers(host, undefined),
    command: commandOf(args),
    folder: '',
  });
  const status = await reporter.finish(end);
  // What was waited for may go on, such as a name that is looked up; it is not waited for any more.
  if (isInterruption(end.failure)) setTimeout(() => host.exit(status), afterwardsMs).unref();
  return status;
}

/** Prints a text about the program; the exit status, which is another one where the text did not arrive. */
export async function printText(
  host: Host,
  { text, to, exitStatus }: { readonly text: string; readonly to: 'out' | 'err'; readonly exitStatus: number },
): Promise<number> {
  const writer = openWriter(openStream(to === 'out' ? host.stdout : host.stderr), (each) => each);
  writer.text(text);
  const lost = await writer.settled();
  if (lost === undefined || to === 'err') return exitStatus;
  const failure = unwritable(lost);
  if (failure === undefined) return readerLeft;
  const reporter = await openReporter({
    ...outputWithout(false, host.env, host),
    ...writers(host, undefined),
    command: '',
    folder: '',
  });
  return await reporter.finish({ failure });
}

/** What a command's task works with. */
export interface Context {
  readonly folder: string;
  readonly allowEmpty: boolean;
  /** The database to replay on, for a command that has none of its own. */
  readonly scratch: ConnectionTarget | undefined;
  readonly migrator: () => Promise<Migrator>;
  readonly env: Host['env'];
  readonly signal: AbortSignal;
  /** Print the values of rows that PostgreSQL quotes. */
  readonly showValues: boolean;
}

export type Task = (context: Context) => Promise<End>;

async function runTask(
  host: Host,
  task: Task,
  of: Pick<Context, 'folder' | 'allowEmpty' | 'scratch' | 'showValues'> & {
    settings: Settings | undefined;
    reporter: Reporter;
  },
): Promise<End> {
  const { folder, allowEmpty, scratch, settings, reporter, showValues } = of;
  return await withSignals(host, async (signal) => {
    const migrator = async (): Promise<Migrator> => {
      const { openMigrator } = await import('../migrator.ts');
      if (settings === undefined)
        throw new AmeliaError('internal.bug', { version: '', detail: 'a command without a database asked for one' });
      return openMigrator({ ...settings.migrator, signal, onEvent: (event) => reporter.event(event) });
    };
    return await task({ folder, allowEmpty, scratch, migrator, env: host.env, signal, showValues });
  });
}

/** For showing versions as they are written; a folder that cannot be read is somebody else's error. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function writers(
  host: Host,
  settings: Pick<Settings, 'secrets' | 'shown'> | undefined,
): Pick<Parameters<typeof openReporter>[0], 'stdout' | 'stderr'> {
  const inEnvironment = host.env['PGPASSWORD'];
  const secrets = [...(settings?.secrets ?? []), ...(inEnvironment === undefined ? [] : [inEnvironment])];
  const redactor = createRedactor(secrets, settings?.shown);
  return {
    stdout: openWriter(openStream(host.stdout), redactor),
    stderr: openWriter(openStream(host.stderr), redactor),
  };
}

function asAmeliaError(error: unknown, { version, issues }: About): AmeliaError {
  if (isAmeliaError(error)) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new AmeliaError('internal.bug', { version, detail: `${detail}\nreport it at ${issues}` }, { cause: error });
}

/** The usage error of a program that asked for JSON is JSON too. */
function asksForJson(args: readonly string[], env: Host['env']): boolean {
  return args.includes('--json') || readFlag(env['AMELIA_DB_JSON'] ?? '') === true;
}

/** The command that was meant, for the document of an error that came before it was known. */
const commandOf = (args: readonly string[]): string =>
  args.find((arg) => commandNames.includes(arg as Invocation['command'])) ?? '';
