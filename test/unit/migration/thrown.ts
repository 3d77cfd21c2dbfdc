import { expect } from 'vitest';
import { AmeliaError, type ErrorCode } from '../../../src/errors.ts';

/** The AmeliaError that `action` throws; fails when it throws none, or one with another code. */
export function thrown<C extends ErrorCode>(code: C, action: () => unknown): AmeliaError<C> {
  try {
    action();
  } catch (error) {
    if (!(error instanceof AmeliaError)) throw error;
    expect(error.code, error.message).toBe(code);
    return error as AmeliaError<C>;
  }
  return expect.fail(`nothing was thrown; ${code} should have been`);
}

/** `line:column` of the error that `action` throws. */
export function placeOf(code: ErrorCode, action: () => unknown): string {
  const { location } = thrown(code, action);
  return `${location?.line}:${location?.column}`;
}
