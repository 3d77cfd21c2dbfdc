// README.md and docs/: every command line and every SQL text is executed as it is printed, page by page and in order,
// and what is shown is what comes.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { commandNames, type CommandName } from '../../src/cli/commands.ts';
import { amelia, cleanEnvironment } from '../support/cli.ts';
import { freshDatabase } from '../support/database.ts';
import { addFiles, folderOf } from '../support/folder.ts';
import { type Block, blocksOf, fileOf, patternOf } from '../support/pages.ts';

const written = readdirSync('docs').filter((file) => file.endsWith('.md'));
const pages = ['README.md', ...written.sort().map((file) => `docs/${file}`)];
const generated = pages.filter((page) => readFileSync(page, 'utf8').startsWith('<!-- Written by'));

interface Scene {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly send: (sql: string) => Promise<unknown>;
}

/** An empty folder, and an empty database that DATABASE_URL names. */
async function emptyScene(): Promise<Scene> {
  const database = await freshDatabase();
  return { cwd: folderOf(), env: { DATABASE_URL: database.url }, send: (sql) => database.query(sql) };
}

/** Runs a shell block in bash, where each command but the last must succeed; returns what it printed. */
function bash(text: string, { cwd, env }: Omit<Scene, 'send'>): { status: number | null; output: string } {
  const PATH = [inject('bin'), process.env.PATH].join(delimiter);
  const { status, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${text}`], {
    cwd,
    env: cleanEnvironment({ ...env, PATH }),
    encoding: 'utf8',
  });
  return { status, output: stdout };
}

/** Takes the steps of a page. */
async function follow(blocks: readonly Block[], scene: Scene): Promise<void> {
  let before = '';
  for (const block of blocks) {
    const file = fileOf(block);
    if (block.elsewhere !== undefined) before = '';
    else if (file !== undefined) addFiles(scene.cwd, { [file]: block.text });
    else if (block.kind === 'sql' || block.kind === 'hidden sql') await scene.send(block.text);
    else if (block.kind === 'sh') {
      const { status, output } = bash(block.text, scene);
      expect({ at: block.at, status, output }).toMatchObject({ at: block.at, status: block.exits });
      before = output;
    } else {
      expect({ at: block.at, kind: block.kind, follows: block.follows }).toMatchObject({ kind: 'text', follows: true });
      expect(before, block.at).toMatch(patternOf(block.text));
    }
  }
}

describe('every page', () => {
  it.each(pages.filter((page) => !generated.includes(page)))(
    '%s does what it says',
    async (page) => {
      await follow(blocksOf(page), await emptyScene());
    },
    300_000,
  );

  it('that the program writes shows texts only', () => {
    expect(generated.flatMap(blocksOf).filter(({ kind }) => kind !== 'text')).toEqual([]);
    expect(generated).toContain('docs/commands.md');
  });
});

describe('the examples of --help', () => {
  const seven = Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7].flatMap((n) => [
      [`migrations/00${n}_t${n}.sql`, `CREATE TABLE t${n} (id bigint PRIMARY KEY);`],
      [`migrations/00${n}_t${n}.down.sql`, `DROP TABLE t${n};`],
    ]),
  );
  const migrated: readonly CommandName[] = ['rollback', 'status', 'verify', 'wait'];
  /** What is so before an example; by default the folder has seven migrations, and none is applied. */
  const given = async (example: string, { cwd, env, send }: Scene): Promise<void> => {
    addFiles(cwd, seven);
    if (example.includes('--role owner')) {
      await send('CREATE ROLE owner; GRANT USAGE, CREATE ON SCHEMA public TO owner');
      onTestFinished(async () => void (await send('DROP OWNED BY owner; DROP ROLE owner')));
    }
    if (example.includes('--base origin/main')) {
      const commit = 'git -c user.name=a -c user.email=a@example.org commit --quiet --message all';
      const made = bash(`git init --quiet; git add .; ${commit}; git update-ref refs/remotes/origin/main HEAD`, {
        cwd,
        env,
      });
      expect(made).toMatchObject({ status: 0 });
    }
    const [, command = ''] = example.split(' ');
    if ((migrated as readonly string[]).includes(command)) await amelia(['migrate'], { cwd, env });
    if (example.includes('--accept-modified')) {
      await amelia(['migrate'], { cwd, env });
      addFiles(cwd, { 'migrations/003_t3.sql': 'SELECT 3;', 'migrations/004_t4.sql': 'SELECT 4;' });
    }
    if (example.includes('--resolve')) {
      addFiles(cwd, { 'migrations/005_t5.sql': '-- amelia-db: no-transaction\nSELECT 5;\nSELECT nix;' });
      await amelia(['migrate'], { cwd, env });
    }
  };
  const examples = blocksOf('docs/commands.md').flatMap(({ text }) =>
    [...text.matchAll(/^ {2}(amelia-db .*?)(?: {2}|$)/gm)].map(([, example = '']) => example),
  );

  it('are there for each command', () => {
    for (const name of commandNames)
      expect(examples.some((example) => example.startsWith(`amelia-db ${name}`))).toBe(true);
  });

  it.each(examples)('%s', async (example) => {
    const empty = await emptyScene();
    const scene = { ...empty, env: { ...empty.env, HOME: empty.cwd } };
    await given(example, scene);
    expect(bash(example, scene)).toMatchObject({ status: 0 });
  });
});

describe('docs/migrating-safely.md', () => {
  it('says which lock a statement takes, and what it does to the rows', async () => {
    const page = 'docs/migrating-safely.md';
    const row = /^\| `(.*?)` \| ([A-Z ]+?)(?:, also on `customers`)? \| (untouched|read|rewritten) \|/gm;
    const claims = [...readFileSync(page, 'utf8').matchAll(row)].map(([, statement = '', lock, rows]) => ({
      statement,
      lock,
      rows,
    }));
    expect(claims.length).toBeGreaterThan(10);
    const { send } = await emptyScene();
    for (const block of blocksOf(page)) if (/\/00[12]_\w+\.sql$/.test(fileOf(block) ?? '')) await send(block.text);
    await send(`INSERT INTO customers (full_name) VALUES ('one');
      INSERT INTO orders (customer_id, total, note) SELECT id, 1, 'a' FROM customers`);
    const measured = [];
    for (const { statement } of claims) {
      // Rolled back: the session ends with its transaction open.
      const [row] = (await send(`BEGIN;
        CREATE TEMPORARY TABLE before AS SELECT pg_relation_filenode('orders') AS file;
        ${statement};
        SELECT mode, CASE WHEN pg_relation_filenode('orders') <> (SELECT file FROM before) THEN 'rewritten'
            WHEN pg_stat_get_xact_numscans('orders'::regclass) > 0 THEN 'read' ELSE 'untouched' END AS rows
          FROM pg_locks WHERE relation = 'orders'::regclass AND pid = pg_backend_pid()
          ORDER BY array_position(ARRAY['AccessExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock'], mode) LIMIT 1`)) as {
        mode: string;
        rows: string;
      }[];
      const lock = row?.mode.match(/[A-Z][a-z]+/g)?.filter((word) => word !== 'Lock');
      measured.push({ statement, lock: lock?.join(' ').toUpperCase(), rows: row?.rows });
    }
    expect(measured).toEqual(claims);
  });
});

describe('from a fresh clone', () => {
  it('the first command of README.md migrates', () => {
    const first = blocksOf('README.md')[0]?.text ?? '';
    expect(first).toMatch(/^npm ci && npx amelia-db migrate --embedded$/m);
    // The gate begins with `npm ci`: here the packages that it installs are borrowed.
    expect(readFileSync('.ci/run', 'utf8')).toMatch(/^part 'npm ci' npm ci /m);
    const clone = folderOf();
    const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' });
    for (const file of tracked.split('\0').filter(Boolean)) {
      mkdirSync(dirname(join(clone, file)), { recursive: true });
      cpSync(file, join(clone, file));
    }
    symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
    // `npm ci` ends with the script `dependencies`. npx links the clone's own package in a cache that nobody else is
    // at work in.
    const scene = { cwd: clone, env: { npm_config_cache: folderOf() } };
    expect(bash('npm run --silent dependencies && npx amelia-db migrate --embedded', scene).output).toMatch(
      /applied 1 migration .* at 001/,
    );
  }, 300_000);
});

describe('README.md', () => {
  it('begins as well without a server', async () => {
    const blocks = blocksOf('README.md');
    const send = () => Promise.reject(new Error('there is no server'));
    const first = blocks.slice(0, blocks.findIndex(({ kind }) => kind === 'text') + 1);
    await follow(first, { cwd: folderOf(), env: { AMELIA_DB_EMBEDDED: '1' }, send });
  });

  it('names every command and every exit status', () => {
    const readme = readFileSync('README.md', 'utf8');
    for (const command of commandNames) expect(readme).toContain(`\`amelia-db ${command}`);
    const catalogue = readFileSync('src/catalogue.ts', 'utf8');
    for (const [, status] of catalogue.matchAll(/entry(?:<\w+>)?\(\s*(\d+),/g))
      expect(readme).toMatch(new RegExp(`^\\| [^|]*\\b${status}\\b`, 'm'));
  });
});
