// The search path of our own statements. Objects in any other schema may be a stranger's.

/**
 * Ahead of our own statements, in the same transaction or in the same message (several statements in one message
 * of the simple protocol are one transaction): nothing outside pg_catalog can be chosen as an operator, a function,
 * a cast or a type. pg_temp is named, and last, because it comes first where it is not (manual, section 20.11.1).
 */
export const ownSearchPath = 'SET LOCAL search_path TO pg_catalog, pg_temp';

/**
 * The search path that the session began with, to the end of the transaction or savepoint: for rows that are tried
 * on tables, whose triggers and functions may count on it. What runs under it must qualify every name of its own.
 */
export const theirSearchPath = 'SET LOCAL search_path TO DEFAULT';
