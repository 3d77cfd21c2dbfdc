// Whether a database is only not there yet: then another try may find it.
import { isAmeliaError, type AmeliaError } from '../errors.ts';

/** What PgBouncer says, under one code for everything, while the server behind it cannot be reached. */
const poolerWaits = /^(server login has been failing|pgbouncer cannot connect to server|query_wait_timeout)/;

/** cannot_connect_now: it is starting up or shutting down; too_many_connections: others will leave. */
const serverWaits = ['57P03', '53300'];

/** Not there yet: nobody listens, no answer, or the server, or its pooler for it, says that it cannot now. */
export function isUnreachable(error: unknown): error is AmeliaError {
  return (
    isAmeliaError(error, 'session.unreachable') ||
    isAmeliaError(error, 'session.timeout') ||
    isAmeliaError(error, 'session.no-host') ||
    (isAmeliaError(error, 'session.refused') &&
      (serverWaits.includes(error.facts.sqlstate ?? '') || poolerWaits.test(error.facts.reason)))
  );
}
