// Bundles src/ into dist/: the command line as one file behind a small entry, and the library beside it.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
/** Modules of Node.js that the path with nothing to do does not use: loaded when something of theirs is. */
const lazyModules = {
  name: 'lazy-modules',
  setup({ onResolve, onLoad }) {
    // The global one is there already.
    onResolve({ filter: /^perf_hooks$/ }, ({ path }) => ({ path, namespace: 'global' }));
    onLoad({ filter: /.*/, namespace: 'global' }, () => ({ contents: 'module.exports = globalThis;' }));
    onResolve({ filter: /^(node:)?(tls|os|child_process|worker_threads|v8|crypto)$/ }, ({ path, namespace }) =>
      namespace === 'lazy' ? { path, external: true } : { path, namespace: 'lazy' },
    );
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
      const names = Object.keys(createRequire(import.meta.url)(path)).filter((name) => /^\w+$/.test(name));
      const getters = names.map((name) => `get ${name}() { return require('${path}').${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};
const runByItself = {
  name: 'run-by-itself',
  setup: ({ onResolve }) => onResolve({ filter: /\/run\.ts$/ }, () => ({ path: './chunks/cli.cjs', external: true })),
};
const commandLine = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
// The entry by itself, so that `--version` loads one small file. CommonJS, as all of the command line: it starts
// sooner.
await build({
  ...commandLine,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/main.cjs',
  supported: { 'dynamic-import': false },
  plugins: [runByItself],
});
const cli = await build({
  ...commandLine,
  entryPoints: ['src/cli/run.ts'],
  outfile: 'dist/chunks/cli.cjs',
  external: ['@electric-sql/*', 'libpg-query'],
  plugins: [lazyModules],
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'importMetaUrl' },
  minifyWhitespace: true,
  minifySyntax: true,
});
const library = await build({
  entryPoints: [
    { in: 'src/index.ts', out: 'index' },
    { in: 'src/database/embedded-worker.js', out: 'chunks/embedded-worker' },
  ],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // PGlite finds its .wasm files beside its own modules, so it stays a package.
  external: ['@electric-sql/pglite', '@electric-sql/pglite/*', 'libpg-query'],
  // commander is CommonJS and calls require() for Node's own modules.
  banner: { js: "import { createRequire as _cr } from 'node:module'; const require = _cr(import.meta.url);" },
  legalComments: 'none', // the licences of all bundled packages are written below
  metafile: true,
  logLevel: 'warning',
});

// pgvector's module, which is bundled, looks for this beside itself.
copyFileSync(
  path.join(path.dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite-pgvector')), 'vector.tar.gz'),
  'dist/chunks/vector.tar.gz',
);

// What is bundled is redistributed: its licences go with it.
const inputs = [cli, library].flatMap(({ metafile }) => Object.keys(metafile.inputs));
const folders = inputs.map((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]);
const bundled = [...new Set(folders)]
  .filter(Boolean)
  .sort()
  .map((folder) => ({ folder, ...JSON.parse(readFileSync(`${folder}/package.json`)) }));
const licences = bundled.map(({ folder, name, version, license }) => {
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|unlicense|copying)/i.test(entry));
  const text = file ? readFileSync(`${folder}/${file}`, 'utf8') : `Licence: ${license}`;
  return `${name} ${version}\n\n${text.trim()}\n`;
});
writeFileSync('dist/THIRD-PARTY-LICENCES.txt', licences.join(`\n${'-'.repeat(80)}\n\n`));

// The bill of materials: of all that npm knows, what is installed with the package and what is bundled in it.
const sbom = JSON.parse(
  execFileSync('npm', [
    'sbom',
    '--sbom-format=cyclonedx',
    '--sbom-type=application',
    '--package-lock-only',
    '--loglevel=error',
  ]),
);
const { name } = JSON.parse(readFileSync('package.json'));
const inBundle = new Set(bundled.map((each) => `${each.name}@${each.version}`));
const development = 'cdx:npm:package:development';
const isDevelopment = ({ properties = [] }) => properties.some((property) => property.name === development);
const components = sbom.components
  .filter((component) => !isDevelopment(component) || inBundle.has(component['bom-ref']))
  .map((component) => {
    if (!inBundle.has(component['bom-ref'])) return component;
    const properties = component.properties.filter((property) => property.name !== development);
    return {
      ...component,
      scope: 'required',
      properties: [...properties, { name: 'cdx:npm:package:bundled', value: 'true' }],
    };
  });
const refs = new Set([sbom.metadata.component['bom-ref'], ...components.map((component) => component['bom-ref'])]);
const dependencies = sbom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
const { timestamp: _, ...metadata } = sbom.metadata; // the same package is the same bytes
metadata.component.name = name; // npm says the folder's
writeFileSync(
  'dist/sbom.cdx.json',
  `${JSON.stringify({ ...sbom, serialNumber: undefined, metadata, components, dependencies }, null, 2)}\n`,
);

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { stdio: 'inherit' });

// initdb inside WebAssembly takes seconds: a new embedded database begins from this cluster instead.
const require = createRequire(import.meta.url);
const { version } = JSON.parse(
  readFileSync(path.join(path.dirname(require.resolve('@electric-sql/pglite')), '../package.json')),
);
const cluster = `node_modules/.cache/amelia-db/cluster-${version}.tar.gz`;
if (!existsSync(cluster)) {
  mkdirSync(path.dirname(cluster), { recursive: true });
  const { PGlite } = await import('@electric-sql/pglite');
  const engine = await PGlite.create();
  const dump = await engine.dumpDataDir('gzip');
  writeFileSync(`${cluster}.${process.pid}`, Buffer.from(await dump.arrayBuffer()));
  renameSync(`${cluster}.${process.pid}`, cluster);
  await engine.close();
}
copyFileSync(cluster, 'dist/embedded-cluster.tar.gz');
