// The kill test's frame: strikes at every message of a run (or a sample), prints how many points there were
// and how they ended, and holds both what came of them and what was said of it.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminUrl } from '../support/server.ts';
import { fiveMigrations } from './five.ts';
import { asked, choosePoints, everything, pooled } from './points.ts';
import { describeStruck, type Scene, strike, type Struck, undisturbed } from './strike.ts';

export interface EveryMessage {
  readonly kinds: readonly string[];
  /** How many points are tried unless all are asked for. */
  readonly sample: number;
  /** How many at once; they share the server. */
  readonly atOnce?: number;
  readonly askable?: boolean;
  /** Opened before the points and closed behind them. */
  readonly open?: () => Promise<{ admin?: string; call?: Scene['call']; close: () => Promise<void> }>;
}

/** Declares the tests: the second run of each point ends as an undisturbed one, and the first one said what is. */
export function strikesAtEveryMessage({ kinds, sample, atOnce = 3, askable = true, open }: EveryMessage): void {
  describe(`${kinds.join(', ')} at ${everything ? 'every message' : asked || `a sample of the messages`}`, () => {
    let strikes: Struck[] = [];
    const folder = fiveMigrations();
    afterAll(() => rmSync(folder, { recursive: true }));

    beforeAll(async () => {
      const opened = await open?.();
      try {
        const admin = opened?.admin ?? adminUrl();
        const { messages, picture } = await undisturbed(admin, folder);
        const points = choosePoints(kinds, messages, sample);
        const scene: Scene = { admin, folder, picture, askable, ...(opened?.call && { call: opened.call }) };
        strikes = await pooled(points, atOnce, (point) => strike(point, scene));
        print(kinds, messages, strikes);
      } finally {
        await opened?.close();
      }
    }, 3_600_000);

    it('is made good by the same command again, each effect exactly once', () => {
      const bad = strikes.filter(({ faults }) => faults.length > 0);
      expect(bad.map((struck) => describeStruck(struck, struck.faults))).toEqual([]);
    });

    it('is reported as it is', () => {
      const bad = strikes.filter((struck) => struck.untruths.length > 0);
      expect(bad.map((struck) => describeStruck(struck, struck.untruths))).toEqual([]);
    });

    it('strikes the messages that it means to', () => {
      const missed = strikes.filter(({ message }) => message === null);
      // Whoever looks at a run from a second session sends a little more or less each time.
      expect(missed.length).toBeLessThanOrEqual(Math.ceil(strikes.length / 20));
    });
  });
}

function print(kinds: readonly string[], messages: number, strikes: readonly Struck[]): void {
  const lines = kinds.map((kind) => {
    const of = strikes.filter(({ point }) => point.kind === kind);
    const good = of.filter(({ faults }) => faults.length === 0).length;
    const said = of.filter((struck) => struck.untruths.length > 0).length;
    const ends = new Map<string, number>();
    for (const { first, message } of of) {
      const end = message === null ? 'not reached' : first.replace(/:.*/, '');
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    const list = [...ends].map(([end, times]) => `${times} × ${end}`).join(', ');
    return `${kind}: ${of.length} points, ${good} made good, ${said} misreported; first run: ${list}`;
  });
  console.log(`A run sends ${messages} messages.\n${lines.join('\n')}`);
}
