// What is in the tarball, and how little of it the common paths load.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { amelia, cleanEnvironment } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { addFiles, folderOf } from '../support/folder.ts';

const folder = () => join(inject('installed'), 'node_modules', 'amelia-db');

describe('the package', () => {
  it('holds what it needs and nothing of the workshop', () => {
    // A global installation keeps the dependencies in the package's own folder.
    const files = readdirSync(folder()).filter((file) => file !== 'node_modules');
    expect(files.sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin',
      'contract.schema.json',
      'dist',
      'docs',
      'package.json',
    ]);
    expect(readFileSync(join(folder(), 'dist/THIRD-PARTY-LICENCES.txt'), 'utf8')).toMatch(/^commander \d/m);
  });

  it('lists in its bill of materials what is installed with it and what is bundled in it, and nothing else', () => {
    const read = (file: string) => readFileSync(join(folder(), file), 'utf8');
    interface Component {
      name: string;
      version: string;
      scope: string;
      properties: { name: string }[];
    }
    const sbom = JSON.parse(read('dist/sbom.cdx.json')) as {
      bomFormat: string;
      metadata: { component: Component };
      components: Component[];
    };
    const { version } = JSON.parse(read('package.json')) as Component;
    expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'amelia-db', version } } });
    const bundled = read('dist/THIRD-PARTY-LICENCES.txt').match(/^[@a-z][\w@/.-]* \d+\.\d+\.\d+$/gm) ?? [];
    // A global installation keeps the dependencies, and theirs, in the package's own folder.
    const modules = readdirSync(join(folder(), 'node_modules'), { recursive: true, encoding: 'utf8' });
    const installed = modules
      .filter((file) => /^(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(file))
      .map((file) => JSON.parse(read(join('node_modules', file))) as Component)
      .map((each) => `${each.name} ${each.version}`);
    const listed = sbom.components.map((component) => `${component.name} ${component.version}`);
    expect(bundled).toEqual(
      expect.arrayContaining([expect.stringMatching(/^postgres /), expect.stringMatching(/^ora /)]),
    );
    expect(listed.sort()).toEqual([...installed, ...bundled].sort());
    expect(sbom.components.map(({ scope }) => scope)).not.toContain('optional');
    expect(JSON.stringify(sbom.components)).not.toContain('development');
  });

  it('says its version as package.json has it', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await amelia(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('is typed for those who import it', () => {
    const app = folderOf({
      'app.ts': `import { createMigrator, isAmeliaError, type RunResult, type VerifyResult } from 'amelia-db';
        const run = async (): Promise<RunResult> => await createMigrator({ embedded: 'x' }).migrate({ to: 3n });
        export const verified: Promise<VerifyResult> = createMigrator({ databaseUrl: 'x', scratchUrl: 'y' }).verify({ part: 'checks' });
        run().catch((error: unknown) => { if (isAmeliaError(error)) { const status: number = error.exitStatus; void status; } });`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          module: 'NodeNext',
          strict: true,
          noEmit: true,
          skipLibCheck: false,
          types: [],
          lib: ['ES2022', 'DOM'],
        },
        files: ['app.ts'],
      }),
      'package.json': '{ "type": "module" }',
    });
    linkPackage(app);
    const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', app], { encoding: 'utf8' });
    expect(tsc.stdout).toBe('');
  });
});

describe('what is loaded', () => {
  /** The files that a run loads, as Node's own loader tells. */
  async function loaded(args: string[]): Promise<{ files: string[]; status: number | null }> {
    const log = join(folderOf(), 'loaded');
    const tell = (what: string) => `require('node:fs').appendFileSync(${JSON.stringify(log)}, ${what} + '\\n');`;
    const hooks = folderOf({
      'hooks.cjs': `const { Module } = require('node:module');
        const { load } = Module.prototype;
        Module.prototype.load = function (file) { ${tell('file')} return load.call(this, file); };
        const threads = require('node:worker_threads');
        threads.Worker = class extends threads.Worker { constructor(file, options) { ${tell('file')} super(file, options); } };`,
    });
    const { status } = await amelia(args, { nodeOptions: ['--require', join(hooks, 'hooks.cjs')] });
    return { files: readFileSync(log, 'utf8').trim().split('\n'), status };
  }

  it('nothing to do: the command line in one file, and no PGlite', async () => {
    const database = await freshDatabase();
    const on = ['-m', folderOf({ '1_t.sql': 'CREATE TABLE t ();' }), '-d', database.url];
    await amelia(['migrate', ...on]);
    const { files, status } = await loaded(['migrate', ...on]);
    expect(status).toBe(0);
    expect(files.map((file) => basename(file))).toEqual(['amelia-db.js', 'main.cjs', 'cli.cjs']);
  });

  it('git is run where an applied file was changed, and only there', async () => {
    const database = await freshDatabase();
    const folder = folderOf({ '1_t.sql': 'CREATE TABLE t ();', 'bin/git': '#!/bin/sh\n: > "$(dirname "$0")/ran"\n' });
    chmodSync(join(folder, 'bin/git'), 0o755);
    const env = { PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter) };
    const run = async (command: string) => (await amelia([command, '-m', folder, '-d', database.url], { env })).status;
    const ran = () => existsSync(join(folder, 'bin/ran'));
    const unchanged = [await run('migrate'), await run('migrate'), await run('status')];
    expect({ unchanged, ran: ran() }).toEqual({ unchanged: [0, 0, 0], ran: false });
    addFiles(folder, { '1_t.sql': '-- a comment\nCREATE TABLE t ();' });
    expect({ status: await run('migrate'), ran: ran() }).toEqual({ status: 0, ran: false });
    addFiles(folder, { '1_t.sql': 'CREATE TABLE t (n int);' });
    expect({ status: await run('migrate'), ran: ran() }).toEqual({ status: 4, ran: true });
  });

  it('writes nothing into the installation', async () => {
    const picture = () =>
      readdirSync(folder(), { recursive: true, encoding: 'utf8' })
        .sort()
        .map((file) => `${file} ${statSync(join(folder(), file)).mtimeMs}`);
    const before = picture();
    await amelia(['status', '--allow-empty', '-m', folderOf(), '-d', (await freshDatabase()).url]);
    expect(picture()).toEqual(before);
  });

  it('--version: the entry and a few lines', async () => {
    const { files } = await loaded(['--version']);
    expect(files.reduce((bytes, file) => bytes + statSync(file).size, 0)).toBeLessThan(8000);
  });

  it('--embedded loads PGlite, so the test above can fail', async () => {
    const { files } = await loaded(['status', '--allow-empty', '-m', folderOf(), '--embedded', join(folderOf(), 'db')]);
    expect(files.some((file) => /embedded/.test(file))).toBe(true);
  });
});

describe('the library', () => {
  it("runs the README's example as it stands there", async () => {
    const database = await freshDatabase();
    const example = /```ts\n([^]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
    const app = folderOf({ 'app.mjs': example, 'migrations/1_a.sql': 'SELECT 1;', 'migrations/2_b.sql': 'SELECT 2;' });
    linkPackage(app);
    const stdout = execFileSync(process.execPath, ['app.mjs'], {
      cwd: app,
      env: cleanEnvironment({ DATABASE_URL: database.url }),
      encoding: 'utf8',
    });
    expect(stdout).toBe('1 applied\n2 applied\nfrom null to 2: 2 applied\n');
  });

  it('prints nothing, installs no handlers, leaves nothing running, and rejects with AmeliaError', async () => {
    const database = await freshDatabase();
    const app = folderOf({
      'app.mjs': `import { createMigrator, AmeliaError } from 'amelia-db';
        const before = process.eventNames().length;
        const migrator = createMigrator({ databaseUrl: process.env.DATABASE_URL, migrations: 'migrations' });
        const error = await migrator.migrate().catch((reason) => reason);
        if (!(error instanceof AmeliaError) || error.exitStatus !== 1) throw new Error('unexpected: ' + error);
        if (error.result.steps.map(({ state }) => state).join() !== 'applied,rolled-back') throw new Error('no result');
        if (process.eventNames().length !== before || process.exitCode !== undefined) throw new Error('effects');`,
      'migrations/1_a.sql': `DO $$ BEGIN RAISE WARNING 'heard by nobody'; END $$;`,
      'migrations/2_b.sql': 'SELECT nix;',
    });
    linkPackage(app);
    const run = spawnSync(process.execPath, ['app.mjs'], {
      cwd: app,
      env: cleanEnvironment({ DATABASE_URL: database.url }),
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ status: run.status, stdout: run.stdout, stderr: run.stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('verifies: what is proven and what is wrong, as data', async () => {
    const database = await freshDatabase();
    const app = folderOf({
      'app.mjs': `import { createMigrator } from 'amelia-db';
        const migrator = createMigrator({ databaseUrl: process.env.DATABASE_URL });
        await migrator.migrate();
        const { summary, constraints, problems } = await migrator.verify();
        console.log(summary.proven, constraints.map(({ name }) => name).join(), problems.map(({ code, name }) => code + ' ' + name).join());`,
      'migrations/1_t.sql': 'CREATE TABLE t (id integer PRIMARY KEY, n integer CHECK (n > 0));',
    });
    linkPackage(app);
    const run = () =>
      execFileSync(process.execPath, ['app.mjs'], {
        cwd: app,
        env: cleanEnvironment({ DATABASE_URL: database.url }),
        encoding: 'utf8',
      });
    expect(run()).toBe('2 t_n_check,t_pkey \n');
    await database.query('ALTER TABLE t DROP CONSTRAINT t_n_check');
    expect(run()).toBe('1 t_n_check,t_pkey verify.missing t_n_check\n');
  });

  it('stops when its AbortSignal says so', async () => {
    const database = await freshDatabase();
    const app = folderOf({
      'app.mjs': `import { createMigrator } from 'amelia-db';
        const stop = new AbortController();
        const onEvent = ({ type }) => type === 'statement-started' && setTimeout(() => stop.abort(), 100);
        const migrator = createMigrator({ databaseUrl: process.env.DATABASE_URL, signal: stop.signal, onEvent });
        const error = await migrator.migrate().catch((reason) => reason);
        console.log(error.code, error.result.steps[0].state);`,
    });
    addFiles(app, { 'migrations/1_long.sql': 'SELECT pg_sleep(600);' });
    linkPackage(app);
    const stdout = execFileSync(process.execPath, ['app.mjs'], {
      cwd: app,
      env: cleanEnvironment({ DATABASE_URL: database.url }),
      encoding: 'utf8',
    });
    expect(stdout).toBe('apply.interrupted rolled-back\n');
  });
});

/** Makes the package importable from `app`, as an installation there would. */
function linkPackage(app: string): void {
  mkdirSync(join(app, 'node_modules'), { recursive: true });
  symlinkSync(folder(), join(app, 'node_modules', 'amelia-db'));
}
