// sslmode against a real server with each kind of certificate, beside what libpq's psql makes of the same.
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giveTo, issue, lockedKey, revoke, selfSigned, type Certificate } from '../../support/certificates.ts';
import { query } from '../../support/database.ts';
import { askPsql, askUs } from '../../support/psql.ts';
import { startServer, type PrivateServer } from '../../support/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'tls-'));
const password = "p w'\\x";
/** The user of a test: no password file, no certificates of its own. */
const env = { HOME: folder };
const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
afterAll(async () => {
  for (const close of closers) await close();
});

let server: PrivateServer;
let port: string;
let ca: Certificate;
let otherCa: Certificate;
let client: Certificate;
let crl: string;
const servers: Record<string, Certificate | null> = {};

beforeAll(async () => {
  chmodSync(folder, 0o755);
  ca = selfSigned(folder, 'ca');
  otherCa = selfSigned(folder, 'other-ca');
  client = issue(folder, ca, { name: 'by_cert' });
  const alternatives = 'DNS:localhost,DNS:*.test.internal,IP:127.0.0.1';
  servers['good'] = issue(folder, ca, { name: 'server', alternatives, file: 'good' });
  servers['self-signed'] = selfSigned(folder, 'alone', 'DNS:localhost');
  servers['wrong host'] = issue(folder, ca, { name: 'db.internal', alternatives: 'DNS:db.internal', file: 'wrong' });
  servers['expired'] = issue(folder, ca, { name: 'server', alternatives, days: -1, file: 'expired' });
  servers['revoked'] = issue(folder, ca, { name: 'server', alternatives, file: 'revoked' });
  servers['no TLS'] = null;
  crl = revoke(folder, ca, servers['revoked']);
  const hba = join(folder, 'hba.conf');
  writeFileSync(
    hba,
    `hostssl all tls_only all scram-sha-256
     hostnossl all tls_only all reject
     hostnossl all plain_only all scram-sha-256
     hostssl all by_cert all cert
     host all postgres all scram-sha-256
     local all all scram-sha-256`,
  );
  server = await startServer({
    settings: { hba_file: hba, ssl_ca_file: ca.crt, listen_addresses: '127.0.0.1,::1' },
    onTestFinished: (close) => closers.unshift(close),
  });
  port = new URL(server.url).port;
  giveTo(server.socketFolder, hba, ...Object.values(servers).flatMap((each) => (each ? [each.key] : [])));
  await query(
    server.url,
    ['postgres', 'tls_only', 'plain_only', 'by_cert']
      .map(
        (role) =>
          `${role === 'postgres' ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN PASSWORD '${password.replaceAll("'", "''")}'`,
      )
      .join(';'),
  );
}, 120_000);

const quoted = (value: string): string => `'${value.replace(/['\\]/g, '\\$&')}'`;
const conninfo = (parameters: Record<string, string>): string =>
  Object.entries({ host: 'localhost', port, user: 'postgres', dbname: 'postgres', password, ...parameters })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(' ');

/** Has the server show that certificate from now on. */
async function show(kind: string): Promise<void> {
  const certificate = servers[kind];
  const admin = conninfo({ host: '127.0.0.1', sslmode: 'prefer' });
  const ask = async (sql: string) => (await askUs(admin, sql, env)).answer;
  const statements = certificate
    ? [`ssl_cert_file = '${certificate.crt}'`, `ssl_key_file = '${certificate.key}'`, 'ssl = on']
    : ['ssl = off'];
  for (const statement of statements) await ask(`ALTER SYSTEM SET ${statement}`);
  await ask('SELECT pg_reload_conf()');
  const now = `SELECT current_setting('ssl') || current_setting('ssl_cert_file')`;
  const wanted = certificate ? `on${certificate.crt}` : /^off/;
  await expect.poll(() => ask(now), { timeout: 10_000, interval: 20 }).toMatch(wanted);
}

const seen = `SELECT CASE WHEN ssl THEN 'encrypted' ELSE 'plain' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;

interface Row {
  readonly what: string;
  readonly mode: string;
  readonly psql: string;
  readonly amelia: string;
  readonly error: string;
}

async function both(what: string, mode: string, parameters: Record<string, string>): Promise<Row> {
  const info = conninfo(parameters);
  const [theirs, ours] = [await askPsql(info, seen, env), await askUs(info, seen, env)];
  expect(theirs.error + ours.error).not.toContain(password);
  return { what, mode, psql: theirs.answer ?? 'refused', amelia: ours.answer ?? 'refused', error: ours.error };
}

/** Prints the rows, and holds each to what psql did. */
function compare(title: string, rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const lines = rows.map(
    ({ what, mode, psql, amelia, error }) =>
      `  ${what.padEnd(width)}  ${mode.padEnd(11)}  ${psql.padEnd(9)}  ${amelia.padEnd(9)}  ${error}`,
  );
  console.log([`${title}: what, sslmode, psql, amelia-db`, ...lines].join('\n'));
  expect(rows.map(({ what, mode, amelia }) => [what, mode, amelia])).toEqual(
    rows.map(({ what, mode, psql }) => [what, mode, psql]),
  );
}

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

describe('each sslmode', () => {
  it('gives what psql gives, whatever the certificate of the server', async () => {
    const rows: Row[] = [];
    for (const kind of Object.keys(servers)) {
      await show(kind);
      for (const sslmode of modes) {
        rows.push(await both(kind, sslmode, { sslmode, sslrootcert: ca.crt, sslcrl: kind === 'revoked' ? crl : '' }));
        if (!sslmode.startsWith('verify')) rows.push(await both(`${kind}, no root`, sslmode, { sslmode }));
      }
    }
    compare('certificates', rows);
    // That psql itself told them apart.
    expect(new Set(rows.map(({ psql }) => psql))).toEqual(new Set(['plain', 'encrypted', 'refused']));
    const said = (what: string, mode: string) => rows.find((row) => row.what === what && row.mode === mode)?.error;
    expect(said('self-signed', 'verify-ca')).toMatch(
      /session\.tls: no secure connection to localhost:\d+: the server's certificate is signed by itself: no authority in .*ca\.crt vouches for it \| name that certificate/,
    );
    expect(said('wrong host', 'verify-full')).toMatch(
      /certificate is for db\.internal, not for localhost \| connect by that name, or do without it: sslmode=verify-ca/,
    );
    expect(said('expired', 'verify-ca')).toMatch(/has expired \(its own: .* GMT\) \| renew it/);
    expect(said('revoked', 'require')).toMatch(/certificate is revoked/);
    expect(said('no TLS', 'require')).toMatch(/does not offer TLS, and sslmode is require \| turn TLS on/);
  }, 120_000);

  it('gives what psql gives where the server takes a user only with TLS, or only without', async () => {
    await show('good');
    const rows: Row[] = [];
    for (const user of ['tls_only', 'plain_only']) {
      for (const sslmode of modes) rows.push(await both(user, sslmode, { user, sslmode, sslrootcert: ca.crt }));
    }
    for (const sslmode of ['allow', 'prefer']) {
      rows.push(await both('wrong password', sslmode, { sslmode, password: 'wrong' }));
    }
    compare('pg_hba.conf', rows);
    expect(rows.find(({ what, mode }) => what === 'tls_only' && mode === 'disable')?.error).toMatch(
      /session\.authentication/,
    );
  });

  it('gives what psql gives for names, addresses and other authorities', async () => {
    await show('good');
    const full = { sslmode: 'verify-full', sslrootcert: ca.crt };
    compare('whom to trust', [
      await both('the address is in the certificate', 'verify-full', { ...full, host: '127.0.0.1' }),
      await both('the address is not', 'verify-full', { ...full, host: '::1' }),
      await both('a name and its address', 'verify-full', { ...full, hostaddr: '127.0.0.1' }),
      await both('a name that * stands for', 'verify-full', {
        ...full,
        host: 'db.test.internal',
        hostaddr: '127.0.0.1',
      }),
      await both('two labels for one *', 'verify-full', { ...full, host: 'a.b.test.internal', hostaddr: '127.0.0.1' }),
      await both('capitals', 'verify-full', { ...full, host: 'DB.Test.Internal', hostaddr: '127.0.0.1' }),
      await both('another name', 'verify-full', { ...full, host: 'test.internal', hostaddr: '127.0.0.1' }),
      await both('another authority', 'verify-ca', { sslmode: 'verify-ca', sslrootcert: otherCa.crt }),
      await both('another authority', 'prefer', { sslmode: 'prefer', sslrootcert: otherCa.crt }),
      await both('a root file that is not there', 'verify-ca', { sslmode: 'verify-ca', sslrootcert: '/no/root.crt' }),
      await both('a root file that is not there', 'require', { sslmode: 'require', sslrootcert: '/no/root.crt' }),
      await both('a root file that is none', 'require', { sslmode: 'require', sslrootcert: client.key }),
      await both('TLS 1.3 at least', 'require', { sslmode: 'require', ssl_min_protocol_version: 'TLSv1.3' }),
      await both('a Unix socket', 'require', { sslmode: 'require', host: server.socketFolder }),
      await both('IPv6', 'require', { sslmode: 'require', host: '::1' }),
    ]);
  });

  it('gives what psql gives for client certificates', async () => {
    await show('good');
    const base = { user: 'by_cert', sslmode: 'require', password: '' };
    const mine = { sslcert: client.crt, sslkey: client.key };
    const foreign = issue(folder, otherCa, { name: 'by_cert', file: 'foreign' });
    const another = issue(folder, ca, { name: 'somebody' });
    const locked = lockedKey(client.key, 'open sesame');
    const open = join(folder, 'open.key');
    copyFileSync(client.key, open);
    chmodSync(open, 0o644);
    const rows = [
      await both('shown', 'require', { ...base, ...mine }),
      await both('none', 'require', base),
      await both('of another authority', 'require', { ...base, sslcert: foreign.crt, sslkey: foreign.key }),
      await both('for another user', 'require', { ...base, sslcert: another.crt, sslkey: another.key }),
      await both('with a key that others may read', 'require', { ...base, ...mine, sslkey: open }),
      await both('with the key of another', 'require', { ...base, ...mine, sslkey: another.key }),
      await both('with a key under a pass phrase', 'require', {
        ...base,
        ...mine,
        sslkey: locked,
        sslpassword: 'open sesame',
      }),
      await both('with a wrong pass phrase', 'require', { ...base, ...mine, sslkey: locked, sslpassword: 'sesame' }),
      await both('with a pass phrase that is not given', 'require', { ...base, ...mine, sslkey: locked }),
    ];
    compare('client certificates', rows);
    const said = (what: string) => rows.find((row) => row.what === what)?.error;
    expect(said('none')).toMatch(/client certificate.* \| it asks for a certificate: sslcert=FILE and sslkey=FILE/);
    expect(said('of another authority')).toMatch(/session\.tls: .*does not know the authority of our certificate/);
    expect(said('with a wrong pass phrase')).toMatch(
      /config\.unreadable: sslkey: .* sslpassword is not its pass phrase/,
    );
  });
});
