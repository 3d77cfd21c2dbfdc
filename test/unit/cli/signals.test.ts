import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import type { Host } from '../../../src/cli/host.ts';
import { withSignals } from '../../../src/cli/signals.ts';

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s asks to stop, and leaves at once the second time', async (name, status) => {
  const exits: number[] = [];
  const host = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  const reason = await withSignals(host as unknown as Host, (signal) => {
    expect(signal.aborted).toBe(false);
    host.emit(name, name);
    expect(exits).toEqual([]);
    host.emit(name, name);
    return Promise.resolve(signal.reason as string);
  });
  expect(reason).toBe(name);
  expect(exits).toEqual([status]);
  expect(host.listenerCount('SIGINT') + host.listenerCount('SIGTERM')).toBe(0);
});

it('takes its listeners away when the task fails', async () => {
  const host = new EventEmitter();
  await expect(withSignals(host as unknown as Host, () => Promise.reject(new RangeError('x')))).rejects.toThrow(
    RangeError,
  );
  expect(host.eventNames()).toEqual([]);
});
