import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/report/redact.ts';
import { openWriter } from '../../../src/report/writer.ts';

describe('a writer', () => {
  it('goes on when nobody reads any more', () => {
    let fail: (error: Error) => void = () => {};
    const written: string[] = [];
    const writer = openWriter(
      { write: (text: string) => written.push(text), on: (_, listener) => (fail = listener) },
      (text) => text,
    );
    writer.text('one');
    fail(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    writer.text('two');
    expect(written).toEqual(['one']);
  });

  it('goes on when writing throws', () => {
    const writer = openWriter(
      {
        write: () => {
          throw new Error('closed');
        },
        on: () => {},
      },
      (text) => text,
    );
    expect(() => writer.text('x')).not.toThrow();
  });

  it('redacts text and JSON', () => {
    let out = '';
    const writer = openWriter({ write: (text: string) => (out += text), on: () => {} }, createRedactor(['s3cret"x']));
    writer.text('the s3cret"x\n');
    writer.json({ a: 's3cret"x', type: 's3cret' });
    expect(out).toBe('the ***\n{"a":"***","type":"s3cret"}\n');
  });

  it('knows the width of a terminal, and none of a pipe', () => {
    const stream = { write: () => {}, on: () => {} };
    const columns = (of: object): number | undefined => openWriter({ ...stream, ...of }, (text) => text).columns;
    expect(columns({ isTTY: true, columns: 40 })).toBe(40);
    expect(columns({ isTTY: true, columns: 0 })).toBe(80);
    expect(columns({ columns: 40 })).toBeUndefined();
  });
});
