// One point: a run that a fault strikes at a message, what it said of the database, and the same command
// again. Says what was wrong; never decides whether that fails a test.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { amelia, type AmeliaResult, type RunningAmelia, spawnAmelia } from '../support/cli.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { type Proxy, type ProxyFault, type ProxyMoment, startProxy } from '../support/proxy.ts';
import { type Holds, readHolds, readLeftovers, readPicture } from './five.ts';
import { nameOf, type Point } from './points.ts';
import { type Report, untruths } from './truth.ts';

/** What a point needs, the same for all of them. */
export interface Scene {
  /** The superuser's URL of the server. */
  readonly admin: string;
  readonly folder: string;
  /** The picture of an undisturbed run. */
  readonly picture: unknown;
  /** What happens at the message, for the kinds that are not the proxy's own. */
  readonly call?: (kind: string, moment: ProxyMoment) => Promise<'go-on' | 'cut'>;
  /** Whether a run that survives can ask the server what became of it. */
  readonly askable: boolean;
}

export interface Struck {
  readonly point: Point;
  /** The message that was struck; null when the run ended without sending so many. */
  readonly message: string | null;
  /** How the first run ended, in few words. */
  readonly first: string;
  /** Why the second run is not as good as an undisturbed one. */
  readonly faults: string[];
  /** What the first run said that is not so. */
  readonly untruths: string[];
}

/** A connection that is frozen is broken after so long, as a server's keepalive would; with `partition` it never is. */
const thawsAfterMs = 1000;

const leaveMessages = () => {};

/** Runs `migrate` once, undisturbed, through a proxy: how many messages that takes, and its picture. */
export async function undisturbed(admin: string, folder: string): Promise<{ messages: number; picture: unknown }> {
  const database = await freshDatabase({ admin, onTestFinished: leaveMessages });
  const proxy = await startProxy(database.url, { onTestFinished: false });
  try {
    const run = await amelia(migrate(folder, proxy.url));
    if (run.status !== 0) throw new Error(`An undisturbed run failed:\n${run.stdout}${run.stderr}`);
    return { messages: proxy.counts().clientMessages, picture: await readPicture(database.url) };
  } finally {
    await proxy.close();
    await database.drop();
  }
}

/** Strikes a run at a point, on a database of its own. */
export async function strike(point: Point, scene: Scene): Promise<Struck> {
  const database = await freshDatabase({ admin: scene.admin, onTestFinished: leaveMessages });
  const proxy = await startProxy(database.url, { onTestFinished: false });
  try {
    return await strikeOn(database, proxy, point, scene);
  } catch (error) {
    const faults = [`it could not be looked at: ${(error as Error).message}`];
    return { point, message: null, first: 'not known', faults, untruths: [] };
  } finally {
    await proxy.close();
    await database.drop();
  }
}

async function strikeOn(database: TestDatabase, proxy: Proxy, point: Point, scene: Scene): Promise<Struck> {
  const { kind } = point;
  let message: string | null = null;
  const run = spawnAmelia(migrate(scene.folder, proxy.url), { timeoutMs: 45_000 });
  run.child.stdin.end();
  const fault = faultOf(kind, run, scene);
  let called: Promise<unknown> = Promise.resolve();
  proxy.fail({
    what: fault.what,
    call: (moment) => {
      const call = fault.call?.(moment) ?? Promise.resolve('go-on');
      called = call;
      return call;
    },
    at: (sent) => {
      if (proxy.counts().clientMessages !== point.message) return false;
      message = `${sent.type} ${sent.text.replaceAll(/\s+/g, ' ').slice(0, 90)}`;
      return true;
    },
  });
  const frozen = /^(freeze|partition)/.test(kind);
  if (frozen) await freezeAll(proxy, run);
  const first = await run.result;
  // A server that restarts takes longer than its client to give up.
  await called;
  const dead = kind.startsWith('kill') || frozen;
  const faults: string[] = [];
  const lies: string[] = [];
  if (!dead || message === null) {
    await isCalm(database.url);
    const holds = await readHolds(database.url);
    lies.push(...untruths(reportOf(first), first.status, holds, scene));
    faults.push(...disagreements(holds));
  }
  const again = amelia(migrate(scene.folder, database.url), { timeoutMs: 100_000 });
  if (kind.startsWith('freeze')) {
    await Promise.race([sleep(thawsAfterMs), again]);
    proxy.cut();
  }
  faults.push(...(await shortcomings(await again, database.url, scene.picture)));
  return { point, message, first: describeEnd(first), faults, untruths: lies };
}

const migrate = (folder: string, url: string) => ['migrate', '-m', folder, '-d', url, '--json'];

function faultOf(kind: string, run: RunningAmelia, scene: Scene): Pick<ProxyFault, 'what' | 'call'> {
  const when = kind.endsWith('before') ? 'before' : 'after';
  if (kind.startsWith('partition')) return { what: `freeze-${when}` };
  if (/^(cut|freeze)/.test(kind)) return { what: kind as ProxyFault['what'] };
  if (!kind.startsWith('kill')) {
    return { what: `call-${when}`, call: (moment) => scene.call?.(kind, moment) ?? Promise.resolve('go-on') };
  }
  return {
    what: `call-${when}`,
    call: async () => {
      run.child.kill('SIGKILL');
      await run.result;
      return 'cut';
    },
  };
}

/** Freezes whatever else the run has open, and kills it. */
async function freezeAll(proxy: Proxy, run: RunningAmelia): Promise<void> {
  let ended = false;
  void run.result.then(() => (ended = true));
  while (!ended && !proxy.struck()) await sleep(2);
  proxy.freeze();
  // Time to see that nothing comes, not enough to give up.
  await Promise.race([sleep(100), run.result]);
  run.child.kill('SIGKILL');
}

async function shortcomings(again: AmeliaResult, url: string, picture: unknown): Promise<string[]> {
  const found: string[] = [];
  if (again.status !== 0) {
    const holds = JSON.stringify(await readHolds(url));
    found.push(`the second run: ${describeEnd(again)}; the database holds ${holds}`);
  }
  const now = await readPicture(url).catch((error: Error) => error.message);
  if (again.status === 0 && !isDeepStrictEqual(now, picture))
    found.push(`not as after an undisturbed run: ${difference(now, picture)}`);
  const left = await isCalm(url, 5000);
  if (left.sessions > 0 || left.locks > 0) found.push(`left over: ${JSON.stringify(left)}`);
  return found;
}

/** Waits until the server has noticed that its clients are gone, and done with what they had asked for. */
async function isCalm(url: string, withinMs = 10_000): Promise<{ sessions: number; locks: number }> {
  for (const deadline = Date.now() + withinMs; ; await sleep(20)) {
    const left = await readLeftovers(url);
    if ((left.sessions === 0 && left.locks === 0) || Date.now() > deadline) return left;
  }
}

/** What is wrong whatever a run says: a transaction that is recorded and did not take effect once, or the reverse. */
function disagreements({ recorded, entries }: Holds): string[] {
  const transactions = recorded.filter((version) => version !== '3');
  if (isDeepStrictEqual(transactions, entries)) return [];
  return [`the history has ${String(recorded)}, and the data is of ${String(entries)}`];
}

function reportOf(result: AmeliaResult): Report | undefined {
  try {
    return result.json<Report>();
  } catch {
    return undefined;
  }
}

function describeEnd(result: AmeliaResult): string {
  // What it had said by then tells where it was.
  const last = `${result.stdout}${result.stderr}`.trimEnd().split('\n').at(-1);
  if (result.signal) return `ended by ${result.signal}: ${last}`;
  const error = reportOf(result)?.error;
  const why = error ? ` ${error.code}: ${error.message.split('\n')[0]}` : '';
  return `exit ${result.status}${why}`;
}

function difference(now: unknown, picture: unknown): string {
  if (typeof now === 'string') return now;
  const lines = (value: unknown) => {
    const { rows, left } = value as { rows: string[]; left: unknown[] };
    return [...rows, ...left.map((row) => JSON.stringify(row))];
  };
  const [has, should] = [lines(now), lines(picture)];
  const only = (of: string[], not: string[]) => of.filter((line) => !not.includes(line));
  return [...only(has, should).map((line) => `+ ${line}`), ...only(should, has).map((line) => `- ${line}`)].join(' | ');
}

/** One line, beginning with how to ask for this point alone. */
export function describeStruck({ point, message, first }: Struck, what: readonly string[]): string {
  return `${nameOf(point)} [${message ?? 'not reached'}] first run: ${first}; ${what.join('; ')}`;
}
