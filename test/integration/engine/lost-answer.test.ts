// The answer to a COMMIT is lost, and so is the connection on which it is looked up.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FrontendMessage } from '../../support/frontend-messages.ts';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { folderOf } from '../../support/folder.ts';
import { startProxy, type ProxyFault } from '../../support/proxy.ts';

const says = (words: RegExp) => (message: FrontendMessage) => words.test(message.text);
const record = says(/INSERT INTO "public"\."schema_migrations"/);

/** A proxy that strikes with each of the faults in turn. */
async function proxyThatStrikes(url: string, [first, ...others]: readonly ProxyFault[]) {
  const proxy = await startProxy(url);
  onTestFinished(() => proxy.close());
  const arm = (fault: ProxyFault | undefined): void => {
    if (fault === undefined) return;
    const at = fault.at as (message: FrontendMessage) => boolean;
    proxy.fail({
      ...fault,
      at: (message) => {
        if (!at(message)) return false;
        queueMicrotask(() => arm(others.shift()));
        return true;
      },
    });
  };
  arm(first);
  return proxy;
}

describe('the answer to a COMMIT is lost', () => {
  it.each<[string, RegExp]>([
    ['taken and dropped at once', /^user/],
    ['dropped when it asks for the lock', /pg_try_advisory_lock/],
    ['dropped when it reads the history', /transaction_read_only/],
  ])('it is looked up although connections are %s', async (_, words) => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_t.sql': 'CREATE TABLE t ();' });
    const dropped: ProxyFault = { at: says(words), what: 'cut-before' };
    const proxy = await proxyThatStrikes(database.url, [{ at: record, what: 'cut-after' }, dropped, dropped, dropped]);

    expect(await engineFor(proxy.url, folder).migrate()).toMatchObject({ to: '1', steps: [{ state: 'applied' }] });
    expect(proxy.counts().connections).toBe(5);
  });

  it('that nobody knows is said when the database stays away', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_t.sql': 'CREATE TABLE t ();' });
    const proxy = await proxyThatStrikes(database.url, [
      { at: record, what: 'cut-after' },
      ...Array.from({ length: 100 }, () => ({ at: says(/pg_try_advisory_lock/), what: 'cut-before' }) as const),
    ]);

    const begun = performance.now();
    const error = await failureOf(engineFor(proxy.url, folder).migrate(), 'apply.outcome-unknown');
    expect(error.result).toMatchObject({ steps: [{ state: 'unknown' }] });
    expect(performance.now() - begun).toBeGreaterThan(9000);
  });
});
