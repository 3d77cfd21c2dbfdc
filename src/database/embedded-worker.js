// PGlite on a thread of its own: a statement that runs for minutes must not keep the process from
// showing progress or from hearing a signal. Gets protocol messages, answers with protocol bytes.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

const { dataDir, cluster } = workerData;
const engine = await PGlite.create(dataDir ? { dataDir } : cluster ? { loadDataDir: new Blob([cluster]) } : {});
parentPort?.on('message', async (/** @type {Uint8Array | null} */ message) => {
  if (message !== null) return parentPort?.postMessage(await engine.execProtocolRaw(message));
  await engine.close();
  parentPort?.close();
});
parentPort?.postMessage('ready');
