// A connection that is left takes its later sessions with it.
import { expect, it } from 'vitest';
import { connect } from '../../../src/database/connection.ts';
import { parseTarget } from '../../../src/database/target.ts';
import { freshDatabase } from '../../support/database.ts';

it('leaves no session behind that was asked for before the end and came after it', async () => {
  const db = await freshDatabase();
  const table = { schema: null, table: 'schema_migrations' };
  const unasked = { role: undefined, signal: undefined, waitMs: 0, onEmbeddedWaiting: () => {} };
  const connection = await connect({ database: { target: parseTarget({ url: db.url, env: {} }) }, table, ...unasked });

  const late = connection.another('SELECT');
  connection.leave();

  await expect(late).rejects.toMatchObject({ code: 'session.lost' });
  const others = () =>
    db.query<{ count: number }>(
      'SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
  await expect.poll(others).toEqual([{ count: 0 }]);
});
