// A script that is too large to be held is read in pieces: the same bytes, or an error before they count.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withoutText } from '../../../src/migration/large-script.ts';
import { parseScript } from '../../../src/migration/parse.ts';
import { folderOf } from '../../support/folder.ts';

const mebibytes = 1024 * 1024;

function scriptOf(text: string) {
  const path = join(folderOf({ '1_large.sql': text }), '1_large.sql');
  const parsed = parseScript(path, Buffer.from(text));
  return { path, parsed, script: withoutText(parsed) };
}

/** Comments between the statements, statements longer than a piece, CRLF wherever a piece may end. */
const large = [
  '\ufeff-- a large one',
  ...Array.from({ length: 400 }, (_, i) => `-- ${'é'.repeat(i)}\r\nINSERT INTO t VALUES ('${'x'.repeat(i * 230)}');`),
  `SELECT '${'y'.repeat(3 * mebibytes)}';`,
  '-- the end',
].join('\r\n');

test('its statements are the same, read again from the disk', () => {
  const { parsed, script } = scriptOf(large);
  expect(parsed.text.length).toBeGreaterThan(16 * mebibytes);
  expect(script).not.toBe(parsed);
  const reader = script.reader();
  for (const { start, end } of script.statements) {
    expect(Buffer.compare(reader.read(start, end), parsed.reader().read(start, end))).toBe(0);
  }
  reader.confirm();
  expect(Buffer.from(script.text).equals(Buffer.from(parsed.text))).toBe(true);
});

test.each([
  ['one byte is another', (text: string) => text.replace('yyyyy', 'yyYyy')],
  ['something is added', (text: string) => `${text}\nSELECT 2;`],
  ['a comment is another', (text: string) => text.replace('the end', 'The end')],
  ['it is shorter', (text: string) => text.slice(0, 5 * mebibytes)],
])('it does not count when %s', (_, change) => {
  const { path, script } = scriptOf(large);
  writeFileSync(path, change(large));
  const reader = script.reader();
  expect(() => {
    for (const { start, end } of script.statements) reader.read(start, end);
    reader.confirm();
  }).toThrow(expect.objectContaining({ code: 'apply.file-changed' }));
});

test('a small one is held, and so is one that could not be undone', () => {
  const small = scriptOf('select 1;');
  expect(small.script).toBe(small.parsed);
  const stepwise = scriptOf(`-- amelia-db: no-transaction\n${large.slice(1)}`);
  expect(stepwise.script).toBe(stepwise.parsed);
});
