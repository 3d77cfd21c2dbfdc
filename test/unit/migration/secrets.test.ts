// Secrets in SQL: each position in which one may stand, in each way to write a literal, with anything between tokens.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Locator } from '../../../src/migration/location.ts';
import { hideValues, maskLiterals, maskSql, secretsInFile } from '../../../src/migration/secrets.ts';

/** ␣ is where white space and comments may stand, 'S' a literal, V a value that must stay readable. */
const positions = [
  "ALTER␣ROLE␣r␣PASSWORD␣'S'␣VALID␣UNTIL␣'V'",
  "CREATE␣USER␣r␣LOGIN␣ENCRYPTED␣PASSWORD␣'S'␣NONSENSE",
  "CREATE USER MAPPING FOR u SERVER s OPTIONS␣(user␣'V',␣password␣'S',␣host␣'V')",
  `CREATE USER MAPPING FOR u SERVER s OPTIONS (␣"password"␣'S'␣)`,
  "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET␣user␣'V', SET␣sslpassword␣'S', ADD␣secret_key␣'S')",
  "SET␣x.password␣=␣'S'",
  "SET␣LOCAL␣x.jwt_secret␣TO␣'S'",
  "ALTER DATABASE d SET␣x.secret␣=␣'S'",
  "SELECT␣set_config␣(␣'x.password'␣,␣'S'␣,␣false),␣'V'",
  "UPDATE u SET password␣=␣'S', name␣=␣'V' WHERE email␣=␣'V'",
  "UPDATE u SET password␣=␣md5␣('S'␣||␣'S') WHERE email␣=␣'V'",
  "INSERT INTO u␣(name,␣password)␣VALUES␣('V',␣'S'),␣('V',␣'S')",
  "INSERT INTO u (name, api_key) SELECT␣'V',␣'S'␣FROM x WHERE y = 'V'",
  "INSERT INTO settings (key, value) VALUES ('smtp_password',␣'S'), ('theme', 'V')",
  "SELECT␣pgp_sym_encrypt␣(x,␣'S')",
  "SELECT␣crypt('S', gen_salt('bf')), hmac(x,␣'S', 'sha256'), 'V'",
  "SELECT␣create_user(name␣=>␣'V',␣password␣=>␣'S')",
  "SELECT␣'S'␣AS␣password, 'V' AS name",
  "SELECT 1 WHERE u.token␣=␣'S' AND name = 'V'",
  "CREATE TABLE t (password text␣NOT␣NULL␣DEFAULT␣'S', name text DEFAULT 'V')",
  "SELECT jsonb_build_object('name', 'V', 'password',␣'S')",
  "COPY t FROM PROGRAM␣'S'",
  "CREATE USER u IDENTIFIED BY␣'S'",
  "DO $body$ BEGIN EXECUTE␣format␣('ALTER ROLE %I PASSWORD %L',␣'V',␣'S'); RAISE NOTICE 'V'; END $body$",
  "DO $body$ DECLARE v text := 'S'; BEGIN EXECUTE format('ALTER ROLE x PASSWORD %L', v); RAISE NOTICE 'V'; END $body$",
  "DO $body$ BEGIN EXECUTE␣'ALTER ROLE r PASSWORD '␣||␣quote_literal('S'); END $body$",
  "DO $body$ BEGIN ALTER ROLE r PASSWORD␣'S'; PERFORM 'V'; END $body$",
  "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql SET app.secret = 'S' AS $body$ BEGIN PERFORM 'V'; END $body$",
];
/** Literals that hold the secret among other text. */
const around = [
  'host=h user=u password=♦ port=5432',
  "host=h password = '♦' user=u",
  'sslpassword=♦ host=h',
  'postgres://u:♦@h/d',
  'postgresql://h/d?user=u&password=♦&x=1',
  '{"name": "x", "password": "♦"}',
  '-----BEGIN RSA PRIVATE KEY-----\n♦\n-----END RSA PRIVATE KEY-----',
  "ALTER ROLE r PASSWORD '♦'",
  "SELECT set_config('x.secret', '♦', false)",
  'Authorization: Bearer ♦',
];
const holders = ["CREATE SUBSCRIPTION s CONNECTION␣'L'␣PUBLICATION p", "SELECT dblink(␣'L'␣, 'V')", "SELECT␣'V',␣'L'"];

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const forms = fc.constantFrom<(text: string) => string>(
  quoted,
  (text) => `E${quoted(text.replaceAll('\\', '\\\\'))}`,
  (text) =>
    `e'${Array.from(text, (c) => (/[\w]/.test(c) ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('')}'`,
  (text) => `U&'${Array.from(text, (c) => `\\${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}'`,
  (text) => `$q1$${text}$q1$`,
);
const gaps = fc.constantFrom(' ', '\n', ' /* a comment */ ', " -- it's\n", '\t/* a /* nested */ one */\n ');
const secret = fc.stringMatching(/^hunter2[a-z0-9!#%+.:?^_~]{2,12}$/).filter((s) => !/[%$?]/.test(s));

function write(template: string, value: string, form: (text: string) => string, gap: () => string): string {
  return template
    .replaceAll('␣', () => gap())
    .replaceAll("'S'", () => form(value))
    .replaceAll("'V'", () => quoted('visible'));
}

describe('a secret in SQL', () => {
  it.each(positions)('is found in %s', (template) => {
    fc.assert(
      fc.property(secret, forms, fc.array(gaps, { minLength: 1 }), (value, form, between) => {
        let n = 0;
        const sql = write(template, value, form, () => between[n++ % between.length] ?? ' ');
        hasNoSecret(sql, value, [form(value)]);
      }),
      { numRuns: 25 },
    );
  });

  it.each(around)('is found within a literal: %s', (text) => {
    fc.assert(
      fc.property(secret, fc.constantFrom(...holders), forms, gaps, (value, holder, form, gap) => {
        const sql = holder
          .replaceAll('␣', () => gap)
          .replaceAll("'L'", () => form(text.replaceAll('♦', () => value)))
          .replaceAll("'V'", () => quoted('visible'));
        hasNoSecret(sql, value, []);
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['without quotes', 'ALTER ROLE r PASSWORD hunter2x VALID UNTIL 1'],
    ['without quotes, with signs', 'ALTER ROLE r PASSWORD hunter2x!hunter2y'],
    ['in the quotes of a name', 'ALTER ROLE r PASSWORD "hunter2x"'],
    ['with a quote of its own', "ALTER ROLE r PASSWORD 'it's hunter2x' VALID"],
    ['cut off', "ALTER ROLE r PASSWORD 'hunter2"],
    ['as a setting without quotes', 'SET app.secret = hunter2x'],
    ['in strings within strings', "DO 'BEGIN EXECUTE ''ALTER ROLE x PASSWORD ''''hunter2x''''''; END'"],
    ['that goes on in the next line', "ALTER ROLE r PASSWORD 'hunter2x'\n'hunter2y' LOGIN"],
  ])('is found %s', (_, sql) => {
    expect(maskSql(sql)).not.toContain('hunter2');
  });
});

/** Neither the statement as a dry run prints it, nor any of its lines, nor what a server says about it. */
function hasNoSecret(sql: string, value: string, literals: readonly string[]): void {
  const masked = maskSql(sql);
  expect(masked).not.toContain(value);
  expect(masked.split('visible').length, masked).toBe(sql.split('visible').length);
  const file = Buffer.from(`SELECT 1;\n${sql};\nSELECT 'visible';\n`);
  const locator = new Locator('m/1_a.sql', file);
  for (let offset = 0; offset < file.length; offset++) {
    const { source } = locator.at(offset);
    expect(source).not.toContain(value);
    for (const literal of literals) expect(source).not.toContain(literal);
  }
  const said = `syntax error at or near "${value}"; role "visible" has password '${value}'`;
  expect(hideValues(said, secretsInFile(file))).not.toContain(value);
}

describe('what is no secret', () => {
  it.each([
    "VALUES ('password', 'visible')",
    "SELECT passwords, 'visible'",
    "-- the password's hash\nSELECT '2b$10$abc'",
    "COMMENT ON COLUMN u.password IS 'visible'",
    "CREATE TABLE tokens (kind text CHECK (kind IN ('visible')), token text NOT NULL)",
    "SET password_encryption = 'scram-sha-256'",
    "SET search_path TO 'visible', public",
    "SELECT set_config('search_path', 'visible', false)",
    'ALTER ROLE r PASSWORD NULL',
    "SELECT 1 WHERE a.password = b.password AND a.name = 'visible'",
    "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id); SELECT E'a\\nb'",
    "DO $$ BEGIN RAISE NOTICE 'visible %', 'visible'; END $$",
    'SELECT \'{"a": "visible"}\'::jsonb, \'https://example.org/a?b=c\'',
  ])('stays: %s', (sql) => {
    expect(maskSql(sql)).toBe(sql);
  });
});

it('points at the same place in a line whose secrets are hidden', () => {
  const text = "ALTER ROLE r PASSWORD 'a long password that goes on' NONSENSE;";
  const at = (word: string) => new Locator('p', Buffer.from(text)).at(text.indexOf(word));

  const { source, column, sourceColumn = 0 } = at('NONSENSE');

  expect(source).toBe("ALTER ROLE r PASSWORD '***' NONSENSE;");
  expect(column).toBe(text.indexOf('NONSENSE') + 1);
  expect(source.slice(sourceColumn - 1)).toBe('NONSENSE;');
  expect(at('long').sourceColumn).toBe(source.indexOf("'") + 1);
});

it('takes rows of COPY for no SQL', () => {
  const file = Buffer.from("COPY t FROM stdin;\nit's\n\\.\nALTER ROLE r PASSWORD 'hunter2';\n");
  const { source } = new Locator('p', file).at(file.length - 3);
  expect(source).toBe("ALTER ROLE r PASSWORD '***';");
});

it('shows no literal of what others run', () => {
  expect(maskLiterals("UPDATE t SET a='ann' WHERE id = 5 AND b='cut o")).toBe(
    "UPDATE t SET a='***' WHERE id = 5 AND b='***'",
  );
});
