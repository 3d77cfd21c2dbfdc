// `check` on pull requests in real repositories: what is let through, what is refused, and at which line it says so.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Ajv from 'ajv-draft-04';
import { describe, expect, it, vi } from 'vitest';
import { amelia, spawnAmelia, type AmeliaOptions } from '../support/cli.ts';
import { folderOf } from '../support/folder.ts';
import { commit, git, pullRequest, type PullRequest } from '../support/repository.ts';

// SARIF 2.1.0's published schema, as Microsoft packs it.
const require = createRequire(import.meta.url);
const isSarif = new Ajv.default({ strict: false, unicodeRegExp: false, validateFormats: false }).compile<SarifLog>(
  require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as object,
);

const users = [
  'CREATE TABLE users (',
  '  id bigint PRIMARY KEY,',
  "  status text NOT NULL CHECK (status IN ('on', 'off'))",
  ');',
  '',
].join('\n');
const contract = [
  'tables:',
  '  users:',
  '    columns:',
  '      id: { type: bigint, nullable: false }',
  '    checks:',
  '      - { column: status, accepts: ["on", "off"] }',
  '',
].join('\n');

/** What every base branch here begins with. */
const base = {
  'db/migrations/001_users.sql': users,
  'db/migrations/001_users.down.sql': 'DROP TABLE users;\n',
  'db/migrations/002_posts.sql': 'CREATE TABLE posts (id bigint PRIMARY KEY);\n',
  'db/migrations/002_posts.down.sql': 'DROP TABLE posts;\n',
  'db/contract.yaml': contract,
};
const email = {
  'db/migrations/003_email.sql':
    '-- for the newsletter\nALTER TABLE users ADD email text;\n\nCREATE INDEX users_email\n  ON users (email);\n',
  'db/migrations/003_email.down.sql': 'ALTER TABLE users DROP email;\n',
};

/** An annotation, as GitHub reads it from a workflow command. */
interface Annotation {
  level: string;
  message: string;
  [property: string]: string;
}

function annotationsIn(stdout: string): Annotation[] {
  const decoded = (text: string) =>
    text
      .replaceAll('%0A', '\n')
      .replaceAll('%0D', '\r')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  return stdout.split('\n').flatMap((line) => {
    const [, level, properties = '', message = ''] = /^::(\w+) (.*?)::(.*)$/.exec(line) ?? [];
    if (level === undefined) return [];
    const pairs = properties.split(',').map((pair) => pair.split('=').map(decoded) as [string, string]);
    return [{ ...Object.fromEntries(pairs), level, message: decoded(message) }];
  });
}

const where = ({ level, file, line, title }: Annotation) => `${level} ${file}:${line} ${title}`;

async function check(repository: string, args: string[] = ['--base', 'origin/main'], options: AmeliaOptions = {}) {
  return await amelia(['check', '-m', 'db/migrations', ...args], { cwd: repository, ...options });
}

/** The gate as an action runs it, every form at once: all of them must say the same. */
async function gate(repository: string) {
  const summary = join(folderOf(), 'summary.md');
  const reports = [
    '--format',
    'github',
    '--format',
    'junit=reports/check.xml',
    '--format',
    'sarif=reports/check.sarif',
  ];
  mkdirSync(join(repository, 'reports'));
  const ran = await check(repository, ['--base', 'origin/main', ...reports], { env: { GITHUB_STEP_SUMMARY: summary } });
  expect(ran.stderr).not.toMatch(/^\s+at /m);
  const annotations = annotationsIn(ran.stdout);
  const sarif = JSON.parse(readFileSync(join(repository, 'reports/check.sarif'), 'utf8')) as SarifLog;
  expect({ valid: isSarif(sarif), errors: isSarif.errors }).toEqual({ valid: true, errors: null });
  expect(sarif.runs[0].results.map(placeOf)).toEqual(annotations.map(where));
  const junit = readFileSync(join(repository, 'reports/check.xml'), 'utf8');
  const markdown = readFileSync(summary, 'utf8');
  for (const annotation of annotations) {
    expect(markdown).toContain(`${annotation.file?.replaceAll(/[_-]/g, '\\$&')}:${annotation.line} |`);
    if (annotation.level === 'error')
      expect(junit).toMatch(new RegExp(`${annotation.file}:${annotation.line}:\\d+ ${annotation.title}`));
  }
  expect(junit.includes('<failure')).toBe(annotations.some(({ level }) => level === 'error'));
  return { ...ran, annotations, places: annotations.map(where), sarif, junit, markdown };
}

interface SarifLog {
  runs: [
    {
      originalUriBaseIds: Record<string, { uri: string }>;
      tool: { driver: { rules: { id: string }[] } };
      results: SarifResult[];
    },
  ];
}
interface SarifResult {
  ruleId: string;
  level: string;
  locations: {
    physicalLocation: { artifactLocation: { uri: string; uriBaseId: string }; region: { startLine: number } };
  }[];
}
function placeOf({ ruleId, level, locations: [location] }: SarifResult): string {
  const { artifactLocation, region } = location!.physicalLocation;
  return `${level} ${decodeURIComponent(artifactLocation.uri)}:${region.startLine} ${ruleId}`;
}

interface Case extends Partial<PullRequest> {
  what: string;
  places: string[];
  says?: RegExp;
}

const refused: Case[] = [
  {
    what: 'an old file that was edited',
    change: { ...email, 'db/migrations/001_users.sql': users.replace("'off'", "'off', 'gone'") },
    places: ['error db/contract.yaml:6 check.contract-broken', 'error db/migrations/001_users.sql:3 check.modified'],
    says: /001_users\.sql was changed, and origin\/main has it.*\nhint: put it back \(git checkout origin\/main -- db\/migrations\/001_users\.sql\)/,
  },
  {
    what: 'a number that a parallel branch has taken meanwhile',
    meanwhile: { 'db/migrations/003_tags.sql': 'CREATE TABLE tags ();\n' },
    change: email,
    places: ['error db/migrations/003_email.sql:1 check.duplicate-version'],
    says: /has the number of 003_tags\.sql, which is on origin\/main\nhint: rename it to 004_email\.sql/,
  },
  {
    what: 'a late number',
    base: { ...base, 'db/migrations/010_tags.sql': 'CREATE TABLE tags ();\n' },
    change: email,
    places: ['error db/migrations/003_email.sql:1 check.out-of-order'],
  },
  {
    what: 'an old file that was renumbered',
    change: {
      'db/migrations/002_posts.sql': null,
      'db/migrations/002_posts.down.sql': null,
      'db/migrations/005_posts.sql': base['db/migrations/002_posts.sql'],
      'db/migrations/005_posts.down.sql': base['db/migrations/002_posts.down.sql'],
    },
    places: ['error db/migrations/005_posts.sql:1 check.renumbered'],
    says: /hint: number it as it was: git mv db\/migrations\/005_posts\.sql db\/migrations\/002_posts\.sql/,
  },
  {
    what: 'an old file that was deleted',
    change: { 'db/migrations/002_posts.sql': null, 'db/migrations/002_posts.down.sql': null },
    places: ['error db/migrations/002_posts.sql:1 check.deleted'],
  },
  {
    what: 'a migration that fails on replay',
    change: {
      ...email,
      'db/migrations/003_email.sql': 'ALTER TABLE users ADD email text;\nUPDATE users\n  SET emial = 1;\n',
    },
    places: ['error db/migrations/003_email.sql:3 check.replay-failed'],
    says: /column "emial" of relation "users" does not exist \(42703\)/,
  },
  {
    what: 'a rollback that does not restore the schema',
    change: {
      'db/migrations/003_all.sql': [
        'CREATE INDEX posts_id',
        '  ON posts (id);',
        'ALTER TABLE users DROP CONSTRAINT users_status_check;',
        'CREATE SCHEMA audit;',
        'CREATE ROLE reader;',
        'GRANT SELECT ON posts TO reader;',
        "COMMENT ON TABLE posts IS 'all of them';",
        '',
      ].join('\n'),
      'db/migrations/003_all.down.sql': 'SELECT 1;\n',
      'db/contract.yaml': 'tables: {}\n',
    },
    places: [1, 3, 4, 5, 6, 7].map((line) => `error db/migrations/003_all.sql:${line} check.not-restored`),
    says: /003_all\.down\.sql does not restore the schema: index posts_id of public\.posts is left behind\n[^]*check users_status_check of public\.users is gone\n[^]*role reader is left behind/,
  },
  {
    what: 'a rollback that fails',
    change: { ...email, 'db/migrations/003_email.down.sql': '-- back\nALTER TABLE users\n  DROP emial;\n' },
    places: ['error db/migrations/003_email.down.sql:2 check.rollback-failed'],
  },
  {
    what: 'a migration that cannot be applied again',
    change: {
      'db/migrations/003_once.sql': 'SELECT 1;\nSELECT 1 / (lo_create(42)::int - 41);\nCREATE TABLE once ();\n',
      'db/migrations/003_once.down.sql': 'DROP TABLE once;\n',
    },
    places: ['error db/migrations/003_once.sql:2 check.again-failed'],
  },
  {
    what: 'a broken contract',
    change: {
      'db/migrations/003_wider.sql':
        'ALTER TABLE users ALTER id DROP IDENTITY IF EXISTS, DROP CONSTRAINT users_status_check;\n',
    },
    places: [
      'error db/contract.yaml:6 check.contract-broken',
      'warning db/migrations/003_wider.sql:1 check.irreversible',
    ],
    says: /status should accept only on, off, and has no CHECK, says the contract/,
  },
  {
    what: 'a contract that is none',
    change: { 'db/contract.yaml': 'tables:\n  users: { columns: [\n' },
    places: ['error db/contract.yaml:3 check.contract-invalid'],
  },
  {
    what: 'files that cannot be read, all of them',
    change: {
      'db/migrations/003_open.sql': "SELECT 1;\nSELECT 'open;\n",
      'db/migrations/004_commit.sql': 'SELECT 1;\nSELECT 2;\nCOMMIT;\n',
      'db/migrations/004_commit.down.sql': '-- amelia-db: no-transction\n',
    },
    places: [
      'error db/migrations/003_open.sql:2 scan.unterminated',
      'error db/migrations/004_commit.down.sql:1 directives.unknown',
      'error db/migrations/004_commit.sql:3 parse.transaction-control',
    ],
  },
  {
    what: 'a name that is no migration’s, and an edited file beside it',
    change: { 'db/migrations/fix-email.sql': 'SELECT 1;\n', 'db/migrations/002_posts.sql': 'SELECT 1;\n' },
    places: [
      'error db/migrations/002_posts.sql:1 check.modified',
      'error db/migrations/fix-email.sql:1 filename.invalid',
    ],
  },
];

describe('a pull request is refused for', () => {
  it.each(refused)('$what', async ({ base: begun = base, meanwhile, change = {}, places, says }) => {
    const repository = pullRequest({ base: begun, change, ...(meanwhile && { meanwhile }) });
    const { status, places: found, annotations, stderr, markdown } = await gate(repository);
    expect(found).toEqual(places);
    expect(status).toBe(7);
    expect(stderr).toMatch(/^error\[check\.failed\]: /m);
    expect(markdown).toContain('❌ amelia-db check');
    if (says) expect(annotations.map(({ message }) => message).join('\n')).toMatch(says);
  });
});

const good: Case[] = [
  { what: 'with a migration that goes there and back', change: { ...email, 'src/main.py': 'print()\n' }, places: [] },
  {
    what: 'whose base moved on, beside it and below it',
    meanwhile: {
      'db/migrations/003_tags.sql': 'CREATE TABLE tags ();\n',
      'db/migrations/002_posts.down.sql': 'DROP TABLE IF EXISTS posts;\n',
    },
    change: {
      'db/migrations/004_email.sql': email['db/migrations/003_email.sql'],
      'db/migrations/004_email.down.sql': email['db/migrations/003_email.down.sql'],
    },
    places: [],
  },
  {
    what: 'with a migration that has no way back: a warning',
    change: { 'db/migrations/003_email.sql': email['db/migrations/003_email.sql'] },
    places: ['warning db/migrations/003_email.sql:1 check.irreversible'],
  },
];

describe('a pull request is let through', () => {
  it.each(good)('$what', async ({ base: begun = base, meanwhile, change = {}, places }) => {
    const repository = pullRequest({ base: begun, change, ...(meanwhile && { meanwhile }) });
    const { status, places: found, stderr, stdout, markdown } = await gate(repository);
    expect({ status, found, stderr }).toEqual({ status: 0, found: places, stderr: '' });
    expect(stdout).toMatch(/^amelia-db check: all is well · /m);
    expect(markdown).toContain('✅ amelia-db check');
  });
});

it('finds all in one go, in text as errors are shown elsewhere, and in JSON', async () => {
  const repository = pullRequest({
    base,
    change: {
      'db/migrations/002_posts.sql': 'CREATE TABLE posts (id bigint PRIMARY KEY, title text);\n',
      'db/migrations/003_tags.sql': 'CREATE TABLE tags ();\n',
      'db/migrations/003_tags.down.sql': 'SELECT 1;\n',
      'db/migrations/004_labels.sql': 'CREATE TABLE labels ();\n',
      'db/migrations/004_labels.down.sql': 'DROP TABLE labels;\n',
      'db/contract.yaml': contract.replace('nullable: false', 'nullable: true'),
    },
  });
  const text = await check(repository);
  expect(text.status).toBe(7);
  expect(text.stdout).toContain(
    [
      'error[check.modified]: db/migrations/002_posts.sql was changed, and origin/main has it: databases that have applied it will never see the change',
      '  ┌ db/migrations/002_posts.sql:1:1',
      ' 1│ CREATE TABLE posts (id bigint PRIMARY KEY, title text);',
      '  │ ^',
    ].join('\n'),
  );
  expect(text.stdout).toMatch(
    /✗ 003 tags .*its rollback does not undo it\n.*✓ 004 labels .*new · replayed · there and back again\n/,
  );
  expect(text.stderr).toMatch(/^error\[check\.failed\]: not to be merged as it is: 3 problems/);
  const asked = await check(repository, ['--base', 'origin/main', '--format', 'json']);
  expect(asked.status).toBe(7);
  const { findings, ...document } = asked.json<{ findings: { code: string; file: string; line: number }[] }>();
  expect(findings.map(({ code, file, line }) => `${file}:${line} ${code}`)).toEqual([
    'db/contract.yaml:4 check.contract-broken',
    'db/migrations/002_posts.sql:1 check.modified',
    'db/migrations/003_tags.sql:1 check.not-restored',
  ]);
  expect(document).toMatchObject({
    schema: 1,
    command: 'check',
    ok: false,
    exitStatus: 7,
    base: { ref: 'origin/main', commit: git(repository, 'rev-parse', 'main') },
    contract: 'db/contract.yaml',
    summary: {
      migrations: 4,
      new: 2,
      replayed: 4,
      rolledBack: 1,
      constraints: 3,
      proven: 3,
      unproven: 0,
      errors: 3,
      warnings: 0,
    },
    migrations: [
      {
        version: '1',
        name: 'users',
        file: 'db/migrations/001_users.sql',
        new: false,
        replayed: true,
        rollback: 'not-tried',
      },
      { version: '2', new: false },
      { version: '3', new: true, rollback: 'fails' },
      { version: '4', new: true, rollback: 'restores' },
    ],
    error: { code: 'check.failed' },
  });
});

it('runs where Actions merges the two branches, from a folder below the top, and leaves nothing behind', async () => {
  const repository = pullRequest({
    base,
    meanwhile: { 'db/migrations/003_tags.sql': 'CREATE TABLE tags ();\n' },
    change: email,
  });
  git(repository, 'merge', '--quiet', '--no-edit', 'main');
  const temporary = folderOf();
  const { status, stdout } = await amelia(['check', '--base', 'main', '--format', 'github'], {
    cwd: join(repository, 'db'),
    env: { TMPDIR: temporary },
  });
  expect(annotationsIn(stdout).map(where)).toEqual(['error db/migrations/003_email.sql:1 check.duplicate-version']);
  expect(status).toBe(7);
  expect(git(repository, 'status', '--porcelain')).toBe('');
  expect(readdirSync(temporary)).toEqual([]);
});

it('ends at SIGINT in the middle of a statement', async () => {
  const folder = folderOf({
    ...base,
    'db/migrations/003_long.sql': 'SELECT 1;\nSELECT pg_sleep(600);\n',
    // It tells when it is asked, which is when the check has begun.
    'bin/git': `#!/bin/sh\ntouch "${join(tmpdir(), 'begun')}-$PPID"\nexit 128\n`,
  });
  chmodSync(join(folder, 'bin/git'), 0o755);
  const running = spawnAmelia(['check', '-m', 'db/migrations'], {
    cwd: folder,
    env: { PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}` },
  });
  const begun = join(tmpdir(), `begun-${running.child.pid}`);
  await vi.waitFor(() => expect(existsSync(begun)).toBe(true), { timeout: 30_000 });
  rmSync(begun);
  await setTimeout(2000);
  running.child.kill('SIGINT');
  const { status, stdout, stderr } = await running.result;
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  expect(stderr).toMatch(/error\[apply\.interrupted\]: interrupted by SIGINT/);
});

it('without --base needs no repository, and tries every rollback there is', async () => {
  const folder = folderOf({ ...base, ...email });
  const { status, stdout, stderr } = await check(folder, []);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.match(/there and back again$/gm)).toHaveLength(3);
  expect(stdout).toMatch(/all is well · 3 migrations replayed, 3 there and back again · 3 of 3 constraints proven/);
  const sarif = (await check(folder, ['--format', 'sarif', '--format', 'junit=check.xml'])).json<SarifLog>();
  expect(isSarif(sarif)).toBe(true);
  expect(sarif.runs[0].results).toEqual([]);
  expect(readFileSync(join(folder, 'check.xml'), 'utf8')).toMatch(
    /^<\?xml [^]*tests="4" failures="0" errors="0" skipped="0"[^]*<\/testsuites>\n$/,
  );
});

describe('when the base cannot be read, it exits 2 and says why', () => {
  const on = async (repository: string, ref: string, options: AmeliaOptions = {}) => {
    const { status, stdout, stderr } = await check(repository, ['--base', ref], options);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    return stderr;
  };

  it('a reference that is not there', async () => {
    const repository = pullRequest({ base, change: email });
    expect(await on(repository, 'origin/develop')).toMatch(
      /error\[git\.unknown-ref\]: there is no origin\/develop in this clone\n.*fetch-depth: 0/,
    );
    expect(await on(repository, '--output=x')).toMatch(/git\.unknown-ref|usage\.invalid/);
    expect(existsSync(join(repository, 'x'))).toBe(false);
  });

  it('a shallow clone, as actions/checkout makes it by default', async () => {
    const repository = pullRequest({ base, meanwhile: { 'README.md': 'more\n' }, change: email });
    const clone = join(folderOf(), 'clone');
    git(repository, 'clone', '--quiet', '--depth', '1', '--no-single-branch', `file://${repository}`, clone);
    expect(await on(clone, 'origin/main')).toMatch(
      /error\[git\.no-merge-base\]: .*in this shallow clone\n.*fetch-depth: 0/,
    );
  });

  it('branches with nothing in common', async () => {
    const repository = pullRequest({ base, change: email });
    git(repository, 'checkout', '--quiet', '--orphan', 'other');
    commit(repository, {}, 'another beginning');
    expect(await on(repository, 'main')).toMatch(/have no commit in common\n/);
  });

  it('no repository, and no git', async () => {
    const folder = folderOf(base);
    expect(await on(folder, 'main')).toMatch(/error\[git\.no-repository\]: .*is in no git repository/);
    const bin = folderOf();
    symlinkSync(process.execPath, join(bin, 'node'));
    expect(await on(folder, 'main', { env: { PATH: bin } })).toMatch(
      /error\[git\.missing\]: .*there is no git\n.*without --base/,
    );
  });
});

it('refuses forms that it does not have', async () => {
  const folder = folderOf(base);
  for (const [args, says] of [
    [['--format', 'html'], /--format takes text, github, junit, sarif, json; not "html"/],
    [['--format', 'junit', '--format', 'sarif'], /all ask for stdout/],
    [['--format', 'github=x'], /--format github is for stdout, not for a file/],
    [['--format', 'junit='], /names no file/],
    [['--format', 'junit', '--json'], /both ask for stdout/],
  ] as const) {
    const { status, stdout, stderr } = await check(folder, [...args]);
    expect({ status, stdout: args.includes('--json' as never) ? '' : stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr + stdout).toMatch(says);
  }
  const { status, stderr } = await check(folder, ['--format', 'sarif=no/such/folder']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/cannot write no\/such\/folder/);
  expect((await amelia(['check', '-m', 'nowhere'], { cwd: folder })).stderr).toMatch(/error\[discover\.no-folder\]/);
});
