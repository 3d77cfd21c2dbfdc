// Sessions for tests of the schema and its proofs, closed when the test ends.
import { onTestFinished } from 'vitest';
import { Session } from '../../../src/database/session.ts';
import { parseTarget } from '../../../src/database/target.ts';

/** An open session with the database of this URL. */
export async function sessionWith(url: string): Promise<Session> {
  const { session } = await Session.open(parseTarget({ url, env: {} }), 'SELECT 1');
  onTestFinished(() => session.close());
  return session;
}
