// PGlite on a thread of its own: a statement that runs for minutes must not keep the process from
// showing progress or from hearing a signal. Gets protocol messages, answers with protocol bytes.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

const { dataDir, cluster, extensions: names } = workerData;
/** @type {Record<string, import('@electric-sql/pglite').Extension>} */
const extensions = {};
for (const name of names) {
  const key = name.replaceAll('-', '_');
  try {
    const module =
      key === 'vector'
        ? await import('@electric-sql/pglite-pgvector')
        : await import(`@electric-sql/pglite/contrib/${key}`);
    extensions[key] = module[key];
  } catch {
    // It has none of that name: CREATE EXTENSION says so, at its place.
  }
}
const data = dataDir ? { dataDir } : cluster ? { loadDataDir: new Blob([cluster]) } : {};
const engine = await PGlite.create({ ...data, extensions });
parentPort?.on('message', async (/** @type {Uint8Array | null} */ message) => {
  if (message !== null) return parentPort?.postMessage(await engine.execProtocolRaw(message));
  await engine.close();
  parentPort?.close();
});
parentPort?.postMessage('ready');
