import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { isAmeliaError } from '../../../src/errors.ts';
import { scan, type Scan } from '../../../src/migration/scan.ts';
import { almostSql, soup } from './nasty-sql.ts';
import { statementsByPostgres } from './oracle.ts';

/** Drawn anew each time: few in the lane that everybody runs, 20,000 and more by hand. */
const runs = Number(process.env.AMELIA_TEST_RUNS ?? 1000);

// A slow machine is not a failure.
vi.setConfig({ testTimeout: 60_000 });

/** The scan, or undefined where the text is refused as it should be: with a place inside of it. */
function scanOrRefusal(text: Buffer): Scan | undefined {
  try {
    return scan('x.sql', text);
  } catch (error) {
    if (!isAmeliaError(error)) throw error;
    expect(error.code).toMatch(/^scan\./);
    expect(error.location).toBeDefined();
    return undefined;
  }
}

describe('any text', () => {
  test('is rebuilt, byte for byte, from the statements and what lies between them', () => {
    let split = 0;
    fc.assert(
      fc.property(soup, (sql) => {
        const text = Buffer.from(sql);
        const found = scanOrRefusal(text);
        if (found === undefined) return;
        split++;
        const pieces: Buffer[] = [];
        let end = 0;
        for (const statement of found.statements) {
          expect(statement.start).toBeGreaterThanOrEqual(end);
          expect(statement.end).toBeGreaterThan(statement.start);
          pieces.push(text.subarray(end, statement.start), text.subarray(statement.start, statement.end));
          end = statement.end;
          if (statement.copyData === undefined) continue;
          expect(statement.copyData.start).toBeGreaterThan(end);
          expect(statement.copyData.end).toBeGreaterThanOrEqual(statement.copyData.start);
          pieces.push(text.subarray(end, statement.copyData.end));
          end = statement.copyData.end;
        }
        pieces.push(text.subarray(end));
        expect(Buffer.concat(pieces).equals(text)).toBe(true);
      }),
      { numRuns: runs },
    );
    expect(split).toBeGreaterThan(runs / 4);
  });

  test('has nothing but white space and comments between its statements, and no semicolon is lost', () => {
    fc.assert(
      fc.property(soup, (sql) => {
        const text = Buffer.from(sql);
        const found = scanOrRefusal(text);
        if (found === undefined) return;
        const statements = [...found.statements];
        if (statements.some(({ copyData }) => copyData)) return;
        let end = 0;
        for (const statement of [...statements, { start: text.length, end: text.length }]) {
          expect(scan('gap', text.subarray(end, statement.start)).statements).toHaveLength(0);
          if (statement !== statements[0] && statement.start < text.length && end > 0) {
            expect(text.subarray(end, statement.start).includes(';')).toBe(true);
          }
          end = statement.end;
        }
      }),
      { numRuns: runs },
    );
  });
});

test("whatever PostgreSQL accepts is split as PostgreSQL's own parser splits it", () => {
  let accepted = 0;
  fc.assert(
    fc.property(almostSql, (sql) => {
      const text = Buffer.from(sql);
      const expected = statementsByPostgres(text);
      if (expected === undefined) return;
      accepted++;
      expect(Array.from(scan('x.sql', text).statements, ({ start, end }) => ({ start, end }))).toEqual(expected);
    }),
    { numRuns: runs },
  );
  expect(accepted).toBeGreaterThan(runs / 8);
});
