import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { checksum, checksumRule } from '../../../src/migration/checksum.ts';

// A slow machine is not a failure.
vi.setConfig({ testTimeout: 60_000 });

const of = (text: string) => checksum(Buffer.from(text));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a checksum', () => {
  test('names its rule and is the SHA-256 of the text, as sha256sum prints it', () => {
    expect(of('select 1;\n')).toBe('sha256:4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c');
    expect(checksumRule).toBe('sha256');
  });

  test.each([
    ['CRLF', 'a;\r\nb;\r\n'],
    ['CR', 'a;\rb;\r'],
    ['a mixture', 'a;\rb;\r\n'],
    ['a byte order mark', '\ufeffa;\nb;\n'],
  ])('is indifferent to %s', (_, text) => {
    expect(of(text)).toBe(of('a;\nb;\n'));
  });

  test.each([
    ['an empty line', 'a;\n\nb;\n'],
    ['a space', 'a; \nb;\n'],
    ['the last line break', 'a;\nb;'],
    ['a byte order mark elsewhere', 'a;\n\ufeffb;\n'],
    ['two byte order marks', '\ufeff\ufeffa;\nb;\n'],
    ['CR CR LF, which is two line ends', 'a;\r\r\nb;\n'],
  ])('is not indifferent to %s', (_, text) => {
    expect(of(text)).not.toBe(of('a;\nb;\n'));
  });

  test('reads the bytes of a view, not of the memory around it', () => {
    const memory = new TextEncoder().encode('xxa;\nb;\nxx');
    expect(checksum(memory.subarray(2, 8))).toBe(of('a;\nb;\n'));
  });

  test('does not care how editors end lines, whatever the text and wherever a chunk ends', () => {
    const line = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replace(/[\r\n\ufeff]/g, ''));
    const longLine = fc.integer({ min: 65_530, max: 65_540 }).map((length) => 'x'.repeat(length));
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof({ weight: 20, arbitrary: line }, longLine), lineEnd), { maxLength: 8 }),
        fc.boolean(),
        (lines, mark) => {
          const plain = lines.map(([text]) => `${text}x\n`).join('');
          const written = (mark ? '\ufeff' : '') + lines.map(([text, end]) => `${text}x${end}`).join('');
          expect(of(written)).toBe(`sha256:${sha256(plain)}`);
        },
      ),
      { numRuns: 500 },
    );
  });
});
