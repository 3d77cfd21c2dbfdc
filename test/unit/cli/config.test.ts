import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readFlag, readSettings, type CommonOptions, type Settings } from '../../../src/cli/config.ts';
import { readOutput } from '../../../src/cli/output.ts';
import type { ConnectionTarget } from '../../../src/database/target.ts';
import { isAmeliaError } from '../../../src/errors.ts';

const home = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(home, { recursive: true }));

type Env = Record<string, string>;
const read = (options: CommonOptions, env: Env = {}): Settings => readSettings(options, { HOME: home, ...env });

function target(options: CommonOptions, env: Env = {}): ConnectionTarget {
  const { database } = read(options, env).migrator;
  return 'target' in database ? database.target : expect.fail('embedded');
}

function thrown(task: () => unknown): { code: string; text: string } {
  try {
    task();
  } catch (error) {
    if (!isAmeliaError(error)) throw error;
    expect(error.exitStatus).toBe(2);
    return { code: error.code, text: `${error.message} | ${error.hint ?? ''}` };
  }
  return expect.fail('nothing was thrown');
}

describe('which database', () => {
  const url = (host: string) => `postgres://u@${host}/d`;
  const file = join(home, 'url');
  writeFileSync(file, `${url('file')}\n`);

  it.each<[string, CommonOptions, Env, string]>([
    ['the option', { databaseUrl: url('option') }, {}, 'option'],
    ['the option before the variable', { databaseUrl: url('option') }, { DATABASE_URL: url('env') }, 'option'],
    ['the variable', {}, { DATABASE_URL: url('env') }, 'env'],
    ['the file', { databaseUrlFile: file }, { DATABASE_URL: url('env') }, 'file'],
    ['the file of the variable', {}, { DATABASE_URL_FILE: file }, 'file'],
    [
      'the option before the other variables',
      { databaseUrl: url('o') },
      { AMELIA_DB_EMBEDDED: 'x', DATABASE_URL_FILE: 'y' },
      'o',
    ],
    ['an empty variable is none', {}, { DATABASE_URL: '', PGHOST: 'pg' }, 'pg'],
  ])('%s', (_, options, env, host) => {
    expect(target(options, env).hosts[0]?.host).toBe(host);
  });

  it.each<[CommonOptions, Env, string]>([
    [{ embedded: true }, {}, '.amelia-db'],
    [{ embedded: 'dir' }, {}, 'dir'],
    [{ embedded: true }, { DATABASE_URL: url('env') }, '.amelia-db'],
    [{}, { AMELIA_DB_EMBEDDED: 'dir' }, 'dir'],
    [{}, { AMELIA_DB_EMBEDDED: '1' }, '.amelia-db'],
    [{ embedded: 'other' }, { AMELIA_DB_EMBEDDED: 'dir' }, 'other'],
  ])('embedded: %o with %o', (options, env, dir) => {
    expect(read(options, env).migrator.database).toEqual({ embedded: dir });
  });

  it('is the default, said so, when nothing names one', () => {
    const settings = read({});
    expect(settings.migrator.database).toMatchObject({
      target: { hosts: [{ host: 'localhost', port: 5432 }], database: 'amelia' },
    });
    expect(settings.messages).toEqual([
      {
        level: 'note',
        text: 'no database is named (--database-url, DATABASE_URL, --embedded): using postgresql://localhost:5432/amelia',
      },
    ]);
  });

  it("is filled by libpq's variables", () => {
    expect(target({}, { PGHOST: 'h', PGPORT: '7' })).toMatchObject({
      hosts: [{ host: 'h', port: 7 }],
      database: 'amelia',
    });
    expect(read({}, { PGDATABASE: 'd' }).messages).toEqual([]);
    expect(target({}, { PGDATABASE: 'd' })).toMatchObject({
      hosts: [{ host: 'localhost', port: 5432 }],
      database: 'd',
    });
  });

  it.each<[CommonOptions, Env, string]>([
    [{ databaseUrl: url('a'), embedded: true }, {}, '--database-url and --embedded'],
    [{ databaseUrl: url('a'), databaseUrlFile: file }, {}, '--database-url and --database-url-file'],
    [{}, { DATABASE_URL: url('a'), AMELIA_DB_EMBEDDED: 'x' }, 'DATABASE_URL and AMELIA_DB_EMBEDDED'],
    [{}, { DATABASE_URL: url('a'), DATABASE_URL_FILE: file }, 'DATABASE_URL and DATABASE_URL_FILE'],
  ])('is not guessed from two: %o %o', (options, env, names) => {
    expect(thrown(() => read(options, env))).toMatchObject({
      code: 'config.conflict',
      text: expect.stringContaining(`${names} name different databases`) as string,
    });
  });

  it('names where an unusable URL comes from, and never the URL', () => {
    expect(thrown(() => read({}, { DATABASE_URL: 'mysql://u:hunter2@h/d' })).text).toBe(
      'the database URL is not usable: its scheme is mysql://, and amelia-db speaks to PostgreSQL only (in DATABASE_URL)' +
        ' | it has the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    );
    expect(thrown(() => read({ databaseUrl: 'postgres://u:hun/ter2@h/d' })).text).toMatch(/\(in --database-url\)/);
    expect(thrown(() => read({ databaseUrl: url('h') }, { PGSERVICE: 'x' })).text).toMatch(
      /no service "[^"]+".*\(in the PG… variables\).*PGSERVICEFILE/,
    );
  });

  it('says which file cannot be read', () => {
    expect(thrown(() => read({ databaseUrlFile: '/nowhere' }))).toEqual({
      code: 'config.unreadable',
      text: '--database-url-file: cannot read /nowhere: there is no such file | ',
    });
  });

  it('keeps its password secret, and its names not', () => {
    const settings = read({ databaseUrl: 'postgres://ann:hunter2@h/d' });
    expect(settings.secrets).toEqual(['hunter2']);
    expect(settings.shown).toEqual(expect.arrayContaining(['ann', 'h', 'd', 'migrations']));
  });

  it('is what is opened first', () => {
    expect(read({ embedded: true }).opening).toEqual({
      text: 'opening the embedded database in .amelia-db',
      slow: true,
    });
    expect(read({ databaseUrl: 'postgres://u:p@[::1]:7,b/d' }).opening).toEqual({
      text: 'connecting to [::1]:7, b:5432',
      slow: false,
    });
  });
});

describe('settings', () => {
  const db = { databaseUrl: 'postgres://u@h/d' };

  it('come from the environment, and options beat it', () => {
    const env = {
      AMELIA_DB_MIGRATIONS: 'env-m',
      AMELIA_DB_HISTORY_TABLE: 'env_t',
      AMELIA_DB_LOCK_TIMEOUT: '1s',
      AMELIA_DB_STATEMENT_TIMEOUT: '2m',
      AMELIA_DB_ROLE: 'env-r',
    };
    expect(read(db, env).migrator).toMatchObject({
      migrations: 'env-m',
      historyTable: 'env_t',
      lockTimeoutMs: 1000,
      statementTimeoutMs: 120_000,
      role: 'env-r',
    });
    const options = {
      ...db,
      migrations: 'm',
      historyTable: '"S x".t',
      lockTimeout: '500ms',
      statementTimeout: '0s',
      role: 'r',
    };
    expect(read(options, env).migrator).toMatchObject({
      migrations: 'm',
      historyTable: '"S x".t',
      lockTimeoutMs: 500,
      statementTimeoutMs: 0,
      role: 'r',
    });
  });

  it('have the defaults of cli.md', () => {
    expect(Object.keys(read(db).migrator).sort()).toEqual(['database', 'migrations']);
    expect(read(db).migrator.migrations).toBe('migrations');
  });

  it.each<[CommonOptions, RegExp]>([
    [{ lockTimeout: '5' }, /^--lock-timeout: not a duration \(given: 5\) \| .*500ms/],
    [{ statementTimeout: '-1s' }, /^--statement-timeout: not a duration/],
    [{ historyTable: 'a b' }, /^--history-table: not the name of a table/],
    [{ historyTable: 'a.b.c' }, /^--history-table/],
    [{ historyTable: 'x'.repeat(64) }, /^--history-table/],
    [{ historyTable: '"open' }, /^--history-table/],
    [{ role: '' }, /^--role: is empty/],
  ])('refuse %o', (options, text) => {
    expect(thrown(() => read({ ...db, ...options }))).toEqual({
      code: 'config.invalid',
      text: expect.stringMatching(text) as string,
    });
  });
});

describe('output', () => {
  const streams = (tty: boolean) => ({ stdout: { isTTY: tty }, stderr: { isTTY: tty } });
  const output = (options: CommonOptions, env: Env = {}, tty = true) => readOutput(options, env, streams(tty));

  it.each<[CommonOptions, Env, boolean, boolean]>([
    [{}, {}, true, true],
    [{}, {}, false, false],
    [{}, { TERM: 'dumb' }, true, false],
    [{}, { NO_COLOR: '1' }, true, false],
    [{}, { NO_COLOR: '' }, true, true],
    [{}, { FORCE_COLOR: '1' }, false, true],
    [{}, { FORCE_COLOR: '0' }, true, false],
    [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
    [{ color: true }, { NO_COLOR: '1' }, false, true],
    [{ color: false }, { FORCE_COLOR: '1' }, true, false],
  ])('colours with %o and %o on a terminal (%s): %s', (options, env, tty, colour) => {
    expect(output(options, env, tty).colour).toEqual({ stdout: colour, stderr: colour });
  });

  it('moves only on a terminal that somebody watches', () => {
    expect(output({}).animate).toBe(true);
    expect(output({}, {}, false).animate).toBe(false);
    expect(output({}, { CI: 'true' }).animate).toBe(false);
    expect(output({}, { CI: 'woodpecker' }).animate).toBe(false);
    expect(output({}, { CI: 'false' }).animate).toBe(true);
    expect(output({}, { TERM: 'dumb' }).animate).toBe(false);
  });

  it('is JSON by option or variable', () => {
    expect(output({}).json).toBe(false);
    expect(output({ json: true }).json).toBe(true);
    expect(output({}, { AMELIA_DB_JSON: '1' }).json).toBe(true);
    expect(output({}, { AMELIA_DB_JSON: '0' }).json).toBe(false);
    expect(output({}, { AMELIA_DB_LOG: 'json' }).log).toBe('json');
    expect(output({ log: 'text' }, { AMELIA_DB_LOG: 'json' }).log).toBe('text');
  });

  it.each<[CommonOptions, Env]>([
    [{ log: 'xml' }, {}],
    [{}, { AMELIA_DB_LOG: 'xml' }],
    [{}, { AMELIA_DB_JSON: 'maybe' }],
    [{ quiet: true, verbose: true }, {}],
  ])('refuses %o %o', (options, env) => {
    expect(thrown(() => output(options, env)).code).toMatch(/^config\./);
  });

  it('knows the words for yes and no', () => {
    expect(['1', 'TRUE', 'yes', 'on'].map(readFlag)).toEqual([true, true, true, true]);
    expect(['', '0', 'False', 'no', 'off'].map(readFlag)).toEqual([false, false, false, false, false]);
    expect(readFlag('dir')).toBeUndefined();
  });
});
