// pg_terminate_backend of the session that sends the message, before the server hears it or while it acts on it.
import postgres from 'postgres';
import { adminUrl } from '../support/server.ts';
import { strikesAtEveryMessage } from './every-message.ts';

strikesAtEveryMessage({
  kinds: ['terminate-before', 'terminate-after'],
  sample: 6,
  open: async () => {
    // Open all the time: to connect takes longer than most statements.
    const sql = postgres(adminUrl(), { max: 1, fetch_types: false });
    await sql`SELECT 1`;
    return {
      call: async (_kind, { clientPort }) => {
        await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ${clientPort}`;
        return 'go-on';
      },
      close: () => sql.end(),
    };
  },
});
