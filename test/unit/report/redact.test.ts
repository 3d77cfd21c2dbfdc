import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, mask, redact, redactValues } from '../../../src/report/redact.ts';

describe('redact', () => {
  it.each<[string, string, string[]]>([
    ['connect as ann with s3cret!', 'connect as ann with ***', ['s3cret!']],
    ['p%40ss%2Fword and p@ss/word and p%40ss/word', '*** and *** and ***', ['p@ss/word']],
    ['%e2%82%ac1234', '***', ['€1234']],
    ['"say \\"hi\\""', '"say ***"', ['"hi"']],
    ["it''s it", '***', ["it's it"]],
    ['a.c+ abc', '*** abc', ['a.c+']],
    ['longest first: secretary', 'longest first: ***', ['secret', 'secretary']],
    ['1 migration', '1 migration', ['1']],
  ])('%s', (text, clean, secrets) => {
    expect(redact(text, secrets)).toBe(clean);
  });

  it.each([
    ["create role r password 'x'", "create role r password '***'"],
    ["ALTER ROLE r ENCRYPTED PASSWORD E'a\\'b' VALID", "ALTER ROLE r ENCRYPTED PASSWORD '***' VALID"],
    ["password 'it''s' login", "password '***' login"],
    ["password U&'d\\0061t' login", "password '***' login"],
    ['password $$abc$$ login', "password '***' login"],
    ['password $t$a$$b$t$ login', "password '***' login"],
    ["cut off: password 'begins her", "cut off: password '***'"],
    ["options (user 'u', password 'p')", "options (user 'u', password '***')"],
    ["update users set password = 'p'", "update users set password = '***'"],
    ["connection 'host=h password=p dbname=d'", "connection 'host=h password=*** dbname=d'"],
    ['where a.password=b.password', 'where a.password=b.password'],
    ['column "password" does not exist', 'column "password" does not exist'],
    ['postgres://u:p@h/d', 'postgres://u:***@h/d'],
    ['postgres://u:p@q@h/d and mailto a@b', 'postgres://u:***@h/d and mailto a@b'],
    ['postgresql://USER:PASSWORD@HOST/DATABASE', 'postgresql://USER:PASSWORD@HOST/DATABASE'],
    ['postgres://h:5432/d', 'postgres://h:5432/d'],
  ])('%s', (text, clean) => {
    expect(redact(text, [])).toBe(clean);
  });

  it('lets no secret through, raw or encoded, wherever it stands', () => {
    const secret = fc
      .string({ unit: 'binary', minLength: 4, maxLength: 30 })
      .filter((s) => !mask.includes(s) && !/\*/.test(s));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (s, before, after) => {
        const strict = encodeURIComponent(s).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
        for (const form of [s, encodeURIComponent(s), strict, strict.toLowerCase() === s ? s : strict.toUpperCase()]) {
          if (form === strict.toUpperCase() && /%/.test(form) && decodeURIComponent(form) !== s) continue;
          if (form !== s && !form.includes('%')) continue;
          const clean = redact(`${before}${form}${after}`, [s]);
          // What is left may only be what stood around it.
          expect(clean.includes(form) && !`${before}${mask}${after}`.includes(form)).toBe(false);
        }
      }),
      { numRuns: 800 },
    );
  });

  it('leaves names alone that the output is about', () => {
    const redactor = createRedactor(['amelia', 'hunter2'], ['amelia_test', 'localhost']);
    expect(redactor('amelia on amelia_test, hunter2')).toBe('amelia on amelia_test, ***');
  });

  it('goes through values, not keys and not the words of a format', () => {
    const value = {
      state: 'applied',
      note: 'applied',
      steps: [{ version: '1234', text: 'x1234' }],
      at: null,
      ms: 1234,
    };
    expect(redactValues(value, createRedactor(['applied', '1234']))).toEqual({
      state: 'applied',
      note: mask,
      steps: [{ version: '1234', text: `x${mask}` }],
      at: null,
      ms: 1234,
    });
  });
});

it.each(["VALUES ('password', 'visible')", "-- the hash of the old password\n'2b$10$abc'", "SELECT passwords, 'x'"])(
  'a text that only speaks of passwords stays as it is: %s',
  (text) => {
    expect(redact(text, [])).toBe(text);
  },
);
