'use strict';
// What the build puts in the place of run.ts: loads it with the code that V8 compiled when the package was built,
// where that fits this Node.js: V8 itself refuses what does not. Never writes anything.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { constants, Script } = require('node:vm');

/**
 * The command line, and where its compiled code lies.
 * @param {string} dist
 */
exports.load = (dist) => {
  const file = join(dist, 'chunks', 'cli.cjs');
  const cache = `${file}.${process.version}-${process.platform}-${process.arch}`;
  let cachedData;
  try {
    cachedData = readFileSync(cache);
  } catch {
    // Built by another Node.js.
  }
  const script = new Script(`(function (exports, require, module, __filename) {${readFileSync(file, 'latin1')}\n})`, {
    filename: file,
    cachedData,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const loaded = /** @type {{ exports: any }} */ ({ exports: {} });
  script.runInThisContext()(loaded.exports, require, loaded, file);
  return { cache, script, run: loaded.exports.run };
};

/** @param {unknown[]} args those of run.ts */
exports.run = (...args) => exports.load(__dirname).run(...args);
