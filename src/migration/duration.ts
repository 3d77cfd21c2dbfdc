// Durations as the command line and the directives write them: 500ms, 5s, 2m, 1h, 1.5s; 0 needs no unit.

const milliseconds = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** The longest duration that both PostgreSQL's timeouts and JavaScript's timers can hold: 24 days and 20 hours. */
export const longestDurationMs = 2 ** 31 - 1;

/** Milliseconds; undefined for anything that is not a duration of whole milliseconds within `longestDurationMs`. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) return undefined;
  const exact = Number(match[1]) * milliseconds[match[2] as keyof typeof milliseconds];
  const whole = Math.round(exact);
  return Math.abs(exact - whole) < 1e-6 && whole <= longestDurationMs ? whole : undefined;
}
