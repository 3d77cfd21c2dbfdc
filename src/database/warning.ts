// Which of the things that the server says of our own messages are for a person to hear. By SQLSTATE: the words
// are in the server's language.
import type { Notice } from '../events.ts';

/** no_active_sql_transaction: a ROLLBACK to be sure. */
const harmless = '25P01';

export const isWarning = ({ severity, sqlstate }: Notice): boolean => severity === 'WARNING' && sqlstate !== harmless;
