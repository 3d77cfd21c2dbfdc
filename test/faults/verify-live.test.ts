// verify --live cut off, terminated and killed in the middle of its trials, on databases with a row in every table: it
// leaves no row, no lock, no moved sequence and no change of the schema behind.
import { expect, it } from 'vitest';
import { alone, filledSystem, stateOf } from '../integration/verify/filled.ts';
import { spawnAmelia } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import type { FrontendMessage } from '../support/frontend-messages.ts';
import { startProxy, type Proxy, type ProxyMoment } from '../support/proxy.ts';

const examples = ['software-studio', 'agentvine', 'agent-team'].map((name) => `examples/${name}/migrations`);
const systems = ['migrations', ...(process.env['AMELIA_TEST_FAULTS'] === 'all' ? examples : [])];

interface Moment {
  /** The message that is struck, and the one before it. */
  readonly fits: (text: string, before: string) => boolean;
  /** The trial's rows are there. */
  readonly locks: boolean;
}

const inTrial = /^SAVEPOINT trial;[^]*INSERT/;
const moments: Readonly<Record<string, Moment>> = {
  'the first trial': { fits: (text) => text.startsWith('SAVEPOINT trial'), locks: false },
  'an INSERT': { fits: (text, before) => text.startsWith('INSERT') && inTrial.test(before), locks: true },
  'a DELETE': { fits: (text, before) => text.startsWith('DELETE') && inTrial.test(before), locks: true },
  'an UPDATE': { fits: (text, before) => text.startsWith('UPDATE') && inTrial.test(before), locks: true },
  'the last ROLLBACK': { fits: (text) => text === 'ROLLBACK', locks: false },
};

/** Has `act` happen while that message waits and the trial before it has come to what the moment says. */
function at(name: string, proxy: Proxy, watcher: Watcher, act: (where: string) => Promise<'go-on' | 'cut'>): void {
  const { fits, locks } = moments[name]!;
  let before = '';
  const call = async ({ clientPort }: ProxyMoment): Promise<'go-on' | 'cut'> => {
    const where = `FROM pg_stat_activity WHERE client_port = ${clientPort}`;
    for (;;) {
      const [now] = await watcher.query<{ state: string; locks: boolean }>(`SELECT state, EXISTS (SELECT FROM pg_locks
        WHERE pid = (SELECT pid ${where}) AND mode = 'RowExclusiveLock') AS locks ${where}`);
      if (now?.state === 'idle in transaction' && (now.locks || !locks)) return await act(where);
      if (now?.state !== 'idle in transaction (aborted)' || !locks) continue;
      // What this trial begins with was refused: the next one.
      strike();
      return 'go-on';
    }
  };
  const chosen = ({ text }: FrontendMessage): boolean => {
    const found = fits(text, before);
    before = text;
    return found;
  };
  const strike = (): void => proxy.fail({ at: chosen, what: 'call-before', call });
  strike();
}
type Watcher = Awaited<ReturnType<typeof filledSystem>>['watcher'];

it.each(systems.flatMap((system) => ['cut', 'terminated'].map((strike) => [strike, system] as const)))(
  '%s at each moment, on %s',
  async (strike, system) => {
    const { db, watcher, live } = await filledSystem(system);
    const proxy = await startProxy(db.url);
    const before = await stateOf(watcher);
    // Each trial of that kind may have been refused before its moment: such a run tells nothing, and is made again.
    for (let tries = 1, left = Object.keys(moments); left.length > 0; tries++) {
      const moment = left[0]!;
      at(moment, proxy, watcher, async (where) => {
        if (strike === 'terminated') await watcher.query(`SELECT pg_terminate_backend(pid) ${where}`);
        else void alone(watcher).then(() => proxy.cut());
        return strike === 'cut' ? 'cut' : 'go-on';
      });
      const ended = await live(proxy.url).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      if (!proxy.struck() && tries < 20) continue;
      left = left.slice(1);
      // The answer to the last ROLLBACK tells nothing that is not known.
      const lost = moment === 'the last ROLLBACK' ? 'done' : 'session.lost';
      expect({ moment, struck: proxy.struck(), ended }).toEqual({ moment, struck: true, ended: lost });
      await alone(watcher);
      expect(await stateOf(watcher), moment).toEqual(before);
    }
  },
);

it('killed with SIGKILL in the middle of an UPDATE', async () => {
  const { db, watcher } = await filledSystem('migrations');
  const scratch = await freshDatabase();
  const proxy = await startProxy(db.url);
  const before = await stateOf(watcher);
  at('an UPDATE', proxy, watcher, async () => {
    run.child.kill('SIGKILL');
    await run.result;
    return 'cut';
  });
  const run = spawnAmelia(['verify', '--live', '-d', proxy.url, '--scratch-url', scratch.url, '--json']);
  const { stdout } = await run.result;
  expect({ struck: proxy.struck(), stdout }).toEqual({ struck: true, stdout: '' });
  await alone(watcher);
  expect(await stateOf(watcher)).toEqual(before);
});
