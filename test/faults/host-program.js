// An application that uses the library: a child of the test, asked over IPC for one command after another. Tells
// how each one settled, and everything that nobody handled.

/**
 * @typedef {{ verb: 'migrate', args: unknown[], settings: import('../../src/index.ts').CreateMigratorOptions,
 *   abortAtEvent?: number | undefined, abortFirst?: boolean | undefined }} Command
 */

const { createMigrator, isAmeliaError } = await import(String(process.env['AMELIA_DB_LIBRARY']));

/** @param {unknown} message */
const tell = (message) => process.send?.(message);

for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (/** @type {unknown} */ error) => {
    tell({ unhandled: `${event}: ${error instanceof Error ? error.stack : String(error)}` });
  });
}

/** @type {AbortController | undefined} */
let running;

/** @param {Command} command */
async function run({ verb, args, settings, abortAtEvent, abortFirst }) {
  const controller = new AbortController();
  running = controller;
  if (abortFirst) controller.abort();
  let events = 0;
  const onEvent = () => {
    if (++events === abortAtEvent) controller.abort();
  };
  try {
    await createMigrator({ ...settings, onEvent, signal: controller.signal })[verb](...args);
    tell({ events, settled: 'resolved' });
  } catch (error) {
    const { code, stack } = /** @type {{ code?: string, stack?: string }} */ (error);
    tell({ events, settled: isAmeliaError(error) ? code : `not an AmeliaError: ${stack}` });
  }
}

process.on('message', (/** @type {Command | 'abort'} */ message) => {
  if (message !== 'abort') return void run(message);
  running?.abort();
  tell({ aborted: true });
});
tell({ ready: true });
