// The server restarts at a message: `fast` throws everybody out, `immediate` is a crash with recovery.
import { type Cluster, startCluster } from '../support/cluster.ts';
import { serverMajor } from '../support/server.ts';
import { strikesAtEveryMessage } from './every-message.ts';

strikesAtEveryMessage({
  kinds: ['fast-before', 'fast-after', 'immediate-before', 'immediate-after'],
  sample: 8,
  // They share the server that restarts.
  atOnce: 1,
  // While it is down nobody can ask it.
  askable: false,
  open: async () => {
    const server: Cluster = await startCluster({ major: serverMajor(), durable: true });
    return {
      admin: server.url,
      call: async (kind) => {
        await server.restart(kind.startsWith('fast') ? 'fast' : 'immediate');
        return 'cut';
      },
      close: () => server.close(),
    };
  },
});
