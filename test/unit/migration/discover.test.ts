import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { discover, readText } from '../../../src/migration/discover.ts';
import { thrown } from './thrown.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'amelia-discover-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const given = (...names: string[]) => {
  for (const name of names) writeFileSync(join(folder, name), `-- ${name}`);
};
/** Root may read everything, so root becomes somebody else for as long as `action` takes. */
const withoutRoot = <T>(action: () => T): T => {
  if (process.getuid?.() !== 0) return action();
  process.seteuid!(65534);
  try {
    return action();
  } finally {
    process.seteuid!(0);
  }
};
const at = (name: string) => join(folder, name);

describe('a migrations folder', () => {
  test('is listed by number, each migration with its rollback', () => {
    given('10_c.sql', '9_b.sql', '001_a.sql', '001_a.down.sql', '020_d.down.sql', '20_d.sql');
    expect(discover(folder)).toEqual([
      { version: 1n, name: 'a', path: at('001_a.sql'), rollbackPath: at('001_a.down.sql') },
      { version: 9n, name: 'b', path: at('9_b.sql') },
      { version: 10n, name: 'c', path: at('10_c.sql') },
      { version: 20n, name: 'd', path: at('20_d.sql'), rollbackPath: at('020_d.down.sql') },
    ]);
  });

  test('may be empty where that is said to be right', () => {
    expect(discover(folder, { allowEmpty: true })).toEqual([]);
  });

  test('may hold other files, dot files and sub-folders, which are left alone', () => {
    given('README.md', '.gitkeep', 'seed.txt', '001_a.sql.bak', '001_a.sql~', '.002_b.sql', '003_c.sql');
    mkdirSync(at('archive'));
    writeFileSync(at('archive/001_a.sql'), '');
    mkdirSync(at('meta'));
    expect(discover(folder).map(({ name }) => name)).toEqual(['c']);
  });

  test('may hold links to files, as a Kubernetes ConfigMap does', () => {
    mkdirSync(at('..data'));
    writeFileSync(at('..data/001_a.sql'), 'select 1');
    symlinkSync('..data/001_a.sql', at('001_a.sql'));
    const [file] = discover(folder);
    expect(readText(file!.path).toString()).toBe('select 1');
  });

  test('is named as the user wrote it', () => {
    given('1_a.sql');
    const trailing = `${folder}/`;
    expect(discover(trailing)[0]!.path).toBe(at('1_a.sql'));
  });

  test("may hold golang-migrate's pairs", () => {
    given('1_a.up.sql', '1_a.down.sql');
    expect(discover(folder)).toEqual([
      { version: 1n, name: 'a.up', path: at('1_a.up.sql'), rollbackPath: at('1_a.down.sql') },
    ]);
  });
});

describe('a folder is refused, with the names of the files,', () => {
  test('when it is not there', () => {
    const { facts, hint } = thrown('discover.no-folder', () => discover(at('nowhere')));
    expect(facts.path).toBe(at('nowhere'));
    expect(hint).toContain('--migrations');
  });

  test('when it is a file', () => {
    given('file');
    thrown('discover.not-a-folder', () => discover(at('file')));
  });

  test('when it may not be read', () => {
    chmodSync(folder, 0);
    const { facts } = withoutRoot(() => thrown('discover.unreadable', () => discover(folder)));
    chmodSync(folder, 0o700);
    expect(facts).toEqual({ path: folder, reason: 'permission denied' });
  });

  test.each([
    ['two migrations have one version', ['001_a.sql', '1_b.sql'], ['001_a.sql', '1_b.sql']],
    ['names differ in case only', ['1_a.SQL', '1_a.sql'], ['1_a.SQL', '1_a.sql']],
    ['two rollbacks have one version', ['1_a.sql', '1_a.down.sql', '01_a.down.sql'], ['01_a.down.sql', '1_a.down.sql']],
  ])('when %s', (_, names, [first, second]) => {
    given(...names);
    const { facts } = thrown('discover.duplicate-version', () => discover(folder));
    expect(facts).toEqual({ version: '1', first: at(first!), second: at(second!), renames: [] });
  });

  test.each([
    ['there is no such migration', ['1_a.sql', '002_b.down.sql'], '002_b'],
    ['the migration of its number has another name', ['1_a.sql', '1_b.down.sql'], '1_b'],
  ])('when a rollback is alone: %s', (_, names, expected) => {
    given(...names);
    const { facts } = thrown('discover.orphan-rollback', () => discover(folder));
    expect(facts).toEqual({ path: at(`${expected}.down.sql`), expected: at(`${expected}.sql`) });
  });

  test('when two files of one day have their time behind an underscore, with new names', () => {
    given('20240101_120000_a.sql', '20240101_130000_b.sql');
    const { hint } = thrown('discover.duplicate-version', () => discover(folder));
    expect(hint).toContain('20240101120000_a.sql and 20240101130000_b.sql');
  });

  test('with all that is wrong at once', () => {
    given(
      '1_a.sql',
      '01_b.sql',
      'schema.sql',
      'V2__b.sql',
      '002_x.sql.txt',
      '3_c.down.sql',
      '9223372036854775808_d.sql',
    );
    mkdirSync(at('004_d.sql'));
    const error = thrown('filename.invalid', () => discover(folder));
    const all = [error, ...error.others];
    expect(all.map(({ code }) => code)).toEqual([
      'filename.invalid',
      'discover.not-a-file',
      'filename.version-range',
      'filename.invalid',
      'filename.invalid',
      'discover.duplicate-version',
      'discover.orphan-rollback',
    ]);
    expect(all[0]?.hint).toContain('rename it to 002_x.sql');
    expect(all[3]?.hint).toContain('rename it to 2_b.sql');
    for (const { exitStatus } of all) expect(exitStatus).toBe(3);
  });

  test.each([
    ['nothing', []],
    ['other files only', ['README.md', '.gitkeep']],
  ])('when it holds %s', (_, names) => {
    given(...names);
    const { hint } = thrown('discover.empty', () => discover(folder));
    expect(hint).toContain('--allow-empty');
  });

  test.each([
    ['Prisma', ['20240101000000_init/migration.sql', 'migration_lock.toml'], '20240101000000_init.sql'],
    ['drizzle', ['20240101000000_init/migration.sql', '20240101000000_init/snapshot.json'], '20240101000000_init.sql'],
    ['Diesel', ['2024-01-01-000000_init/up.sql', '2024-01-01-000000_init/down.sql'], '20240101000000_init.down.sql'],
    ['Hasura', ['default/1700000000000_init/up.sql'], '1700000000000_init.sql'],
    ['Sqitch', ['deploy/users.sql', 'revert/users.sql', 'verify/users.sql', 'sqitch.plan'], 'NNN_name.sql'],
    [null, ['2024/01/a.sql'], 'NNN_name.sql'],
    [null, ['migrations/001_a.sql', 'migrations/002_b.sql'], '/migrations'],
  ])('when its SQL is in its sub-folders, as with %s', (tool, names, says) => {
    for (const name of names) mkdirSync(join(at(name), '..'), { recursive: true });
    given(...names);
    for (const allowEmpty of [false, true]) {
      const { facts, message, hint } = thrown('discover.nested', () => discover(folder, { allowEmpty }));
      expect(facts.tool).toBe(tool);
      expect(message).toContain(at(names.toSorted()[0]!));
      expect(hint).toContain(says);
    }
  });

  test('when it is drizzle’s, whatever its numbers', () => {
    mkdirSync(at('meta'));
    given('0001_a.sql', 'meta/_journal.json');
    expect(thrown('discover.drizzle', () => discover(folder)).message).toContain(at('meta/_journal.json'));
  });

  test('when a version is too large', () => {
    given('9223372036854775808_a.sql');
    thrown('filename.version-range', () => discover(folder));
  });
});

describe('a file that cannot be read says why', () => {
  test('a link to nothing', () => {
    symlinkSync('gone', at('1_a.sql'));
    expect(thrown('discover.unreadable', () => readText(at('1_a.sql'))).message).toContain('link');
  });

  test('a link to a folder', () => {
    symlinkSync(folder, at('1_a.sql'));
    expect(thrown('discover.unreadable', () => readText(at('1_a.sql'))).message).toContain('it is a folder');
  });

  test('a file of somebody else', () => {
    given('1_a.sql');
    chmodSync(at('1_a.sql'), 0);
    const { message } = withoutRoot(() => thrown('discover.unreadable', () => readText(at('1_a.sql'))));
    expect(message).toContain('permission denied');
  });
});
