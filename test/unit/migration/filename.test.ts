import { describe, expect, test } from 'vitest';
import {
  betterName,
  formatFileName,
  isSqlFileName,
  nextVersion,
  parseFileName,
  resemblesSqlFileName,
} from '../../../src/migration/filename.ts';
import { thrown } from './thrown.ts';

describe('a file name is digits, an underscore and a name', () => {
  test.each([
    ['001_initial_schema.sql', 1n, 'initial_schema', false],
    ['1_a.sql', 1n, 'a', false],
    ['0000000000000000000000000000007_zeros.sql', 7n, 'zeros', false],
    ['20261122093000_add_email.sql', 20261122093000n, 'add_email', false],
    ['9223372036854775807_last.sql', 9223372036854775807n, 'last', false],
    ['3__double.sql', 3n, '_double', false],
    ['4_with spaces copy.sql', 4n, 'with spaces copy', false],
    ['5_v1.2.sql', 5n, 'v1.2', false],
    ['6_größe_数.sql', 6n, 'größe_数', false],
    ['7_a.down.sql', 7n, 'a', true],
    ['8_down.sql', 8n, 'down', false],
    ['9_a.up.sql', 9n, 'a.up', false],
    ['10_a.down.down.sql', 10n, 'a.down', true],
    ['11_a.SQL', 11n, 'a', false],
    ['12_a.Down.Sql', 12n, 'a', true],
    ['some/folder.sql/13_a.sql', 13n, 'a', false],
  ])('%s', (path, version, name, rollback) => {
    expect(parseFileName(path)).toEqual({ version, name, rollback });
  });

  test.each(['schema.sql', 'V1__flyway.sql', '001-dash.sql', '001.sql', '1_.sql', '1_.down.sql', '_a.sql', '１_a.sql'])(
    '%s is none',
    (path) => {
      expect(isSqlFileName(path)).toBe(true);
      expect(parseFileName(path)).toBeUndefined();
    },
  );

  test.each(['README.md', '001_a.sql.bak', '001_a.sql~', '.001_a.sql', '._001_a.sql', 'sql', '.sql', 'a.mysql.txt'])(
    '%s is not even SQL, and left alone',
    (path) => {
      expect(isSqlFileName(path)).toBe(false);
    },
  );

  test.each(['9223372036854775808_a.sql', `${'9'.repeat(5000)}_a.sql`])(
    'a version must be from 0 to 2^63 - 1: %.30s',
    (path) => {
      const { facts, hint } = thrown('filename.version-range', () => parseFileName(path));
      expect(facts.path).toBe(path);
      expect(hint).toContain('9223372036854775807');
    },
  );
});

test.each(['0_zero.sql', '0000_zero.sql'])('%s has version 0', (path) => {
  expect(parseFileName(path)).toEqual({ version: 0n, name: 'zero', rollback: false });
});

describe('a name that was meant to be a migration’s', () => {
  test.each([
    ['002_x.sql.txt', '002_x.sql'],
    ['002_x.sql ', '002_x.sql'],
    ['002_x.sql.', '002_x.sql'],
    ['002_x.sql\u00a0', '002_x.sql'],
    ['002_x.pgsql', '002_x.sql'],
    ['002_x.psql', '002_x.sql'],
    ['002_X.SQL.TXT', '002_X.sql'],
    ['002_x.down.sql ', '002_x.down.sql'],
  ])('%j is seen, and would be %s', (path, better) => {
    expect(isSqlFileName(path)).toBe(false);
    expect(resemblesSqlFileName(path)).toBe(true);
    expect(betterName(`migrations/${path}`)).toBe(better);
  });

  test.each([
    ['002-x.sql', '002_x.sql'],
    ['002 x y.sql', '002_x_y.sql'],
    ['002x.sql', '002_x.sql'],
    ['000002.sql', '000002_name.sql'],
    ['V2__add_email.sql', '2_add_email.sql'],
    ['U2__add_email.sql', '2_add_email.down.sql'],
    ['002-x.up.sql', '002_x.sql'],
    ['20240101120000-x-down.sql', '20240101120000_x.down.sql'],
    ['002.do.x.sql', '002_x.sql'],
    ['002.undo.x.sql', '002_x.down.sql'],
    ['2024-01-31-add-email.sql', '20240131_add_email.sql'],
    ['2024-01-31T12:00:00_x.sql', '20240131120000_x.sql'],
    ['add-email.sql', undefined],
    ['V1.2__x.sql', undefined],
    ['R__view.sql', undefined],
  ])('%s would be %s', (path, better) => {
    expect(parseFileName(path)).toBeUndefined();
    expect(betterName(`migrations/${path}`)).toBe(better);
    if (better !== undefined) expect(parseFileName(better)).toBeDefined();
  });

  test.each([
    'README.md',
    '.gitkeep',
    'seed.txt',
    '001_a.sql.bak',
    '001_a.sql~',
    '.002_x.sql.swp',
    '001_a.sql.orig',
    'a.sqlite',
  ])('%s is not', (path) => {
    expect(isSqlFileName(path) || resemblesSqlFileName(path)).toBe(false);
  });
});

describe('the next version', () => {
  const folder = (...names: string[]) =>
    names.map((path) => ({ path: `migrations/${path}`, name: 'x', version: parseFileName(path)!.version }));
  const noon = new Date('2026-11-22T12:00:00.999+02:00');

  test.each([
    ['the first', [], '001'],
    ['one more', ['001_a.sql'], '002'],
    ['of the highest number, not of the last name', ['9_a.sql', '10_b.sql'], '11'],
    ['as wide as the highest', ['0001_a.sql', '12_b.sql'], '13'],
    ['wider when it has to be', ['998_a.sql', '999_b.sql'], '1000'],
    ['behind zero', ['0000_init.sql'], '0001'],
    ['behind a timestamp', ['20261122093000_a.sql'], '20261122093001'],
  ])('is %s', (_, names, expected) => {
    expect(nextVersion(folder(...names))).toBe(expected);
  });

  test('as a timestamp is the time in UTC', () => {
    expect(nextVersion([], noon)).toBe('20261122100000');
    expect(nextVersion(folder('003_a.sql'), noon)).toBe('20261122100000');
  });

  test('never lies below what is there, even where a clock is behind', () => {
    expect(nextVersion(folder('20261122100000_a.sql'), noon)).toBe('20261122100001');
  });

  test('ends where bigint ends', () => {
    thrown('filename.version-range', () => nextVersion(folder('9223372036854775807_a.sql')));
  });

  test('makes a file name that reads back', () => {
    expect(formatFileName('007', 'add_email')).toBe('007_add_email.sql');
    expect(parseFileName(formatFileName('007', 'add email', true))).toEqual({
      version: 7n,
      name: 'add email',
      rollback: true,
    });
  });
});
