// An error that the server reported, told apart from all others without loading the driver that made it.
import type postgres from 'postgres';

/** With its SQLSTATE in `code`. */
export type ServerError = postgres.PostgresError;

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && error.name === 'PostgresError';
}

/** True for an error after which the server has closed the connection. */
export function isFatal(error: unknown): boolean {
  return isServerError(error) && (error.severity === 'FATAL' || error.severity === 'PANIC');
}

/** With what a statement of ours fails outside of its own transaction: invalid_argument_for_logarithm. */
export const lacksMark = '2201E';
/** With what it fails where a row did not stay as it was written: invalid_argument_for_power_function. */
export const notKept = '2201F';
