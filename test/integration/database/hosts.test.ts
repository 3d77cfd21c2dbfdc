// Several hosts and the ways to name one: which server a session is with, beside what libpq's psql makes of the same.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/database/connection.ts';
import { parseTarget } from '../../../src/database/target.ts';
import { query } from '../../support/database.ts';
import { askPsql, askUs, type Heard } from '../../support/psql.ts';
import { startServer, type PrivateServer } from '../../support/server.ts';

const home = mkdtempSync(join(tmpdir(), 'hosts-'));
const env = { HOME: home };
const closers: (() => unknown)[] = [() => rmSync(home, { recursive: true })];
afterAll(async () => {
  for (const close of closers) await close();
});

let primary: PrivateServer;
let readOnly: PrivateServer;
let standby: PrivateServer;
let password = '';
const portOf = ({ url }: PrivateServer): string => new URL(url).port;

beforeAll(async () => {
  const onTestFinished = (close: () => Promise<void>) => closers.unshift(close);
  const listen = { listen_addresses: '127.0.0.1,::1' };
  [primary, readOnly, standby] = await Promise.all([
    startServer({ onTestFinished, settings: listen }),
    startServer({ onTestFinished, settings: { ...listen, default_transaction_read_only: 'on' } }),
    startServer({ onTestFinished, settings: { ...listen, hot_standby: 'on' } }),
  ]);
  await standby.stop();
  // Without a primary to follow: it stays in recovery, and answers.
  writeFileSync(join(standby.socketFolder, 'data', 'standby.signal'), '');
  await standby.start();
  password = decodeURIComponent(new URL(primary.url).password);
}, 120_000);

const quoted = (value: string): string => `'${value.replace(/['\\]/g, '\\$&')}'`;
/** A connection string; what is empty is left out. */
function conninfo(parameters: Record<string, string>): string {
  return Object.entries({ host: '127.0.0.1', user: 'postgres', dbname: 'postgres', password, ...parameters })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(' ');
}

async function both(info: string, sql: string, more: Record<string, string> = {}): Promise<[psql: Heard, ours: Heard]> {
  const heard: [Heard, Heard] = [
    await askPsql(info, sql, { ...env, ...more }),
    await askUs(info, sql, { ...env, ...more }),
  ];
  expect(heard[0].error + heard[1].error).not.toContain(password);
  return heard;
}

const whichPort = `SELECT current_setting('port')`;

describe('several hosts', () => {
  it('are tried in order, and the one that suits is taken, as psql takes it', async () => {
    const closed = '1';
    const names = new Map([
      [portOf(primary), 'primary'],
      [portOf(readOnly), 'read-only'],
      [portOf(standby), 'standby'],
      [closed, 'closed'],
    ]);
    const rows: { ports: string; attributes: string; psql: string; ours: string; error: string }[] = [];
    for (const servers of [
      [closed, portOf(primary), portOf(standby)],
      [closed, portOf(readOnly), portOf(primary)],
      [portOf(standby), portOf(readOnly), portOf(primary)],
      [portOf(standby), closed],
      [portOf(primary)],
      [closed, closed],
    ]) {
      for (const attributes of ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby']) {
        const host = servers.map(() => '127.0.0.1').join();
        const info = conninfo({ host, port: servers.join(), target_session_attrs: attributes });
        const [psql, ours] = await both(info, whichPort);
        rows.push({
          ports: servers.map((port) => names.get(port)).join(),
          attributes,
          psql: names.get(psql.answer ?? '') ?? 'refused',
          ours: names.get(ours.answer ?? '') ?? 'refused',
          error: ours.error.replaceAll('\n', ' · '),
        });
      }
    }
    const line = (row: (typeof rows)[number]) =>
      `  ${row.ports.padEnd(28)}  ${row.attributes.padEnd(14)}  ${row.psql.padEnd(9)}  ${row.ours.padEnd(9)}  ${row.error}`;
    console.log(['hosts: which, target_session_attrs, psql, amelia-db', ...rows.map(line)].join('\n'));
    expect(rows.map(({ ports, attributes, ours }) => [ports, attributes, ours])).toEqual(
      rows.map(({ ports, attributes, psql }) => [ports, attributes, psql]),
    );
    expect(new Set(rows.map(({ psql }) => psql))).toEqual(new Set(['primary', 'read-only', 'standby', 'refused']));
    expect(
      rows.find(({ ports, attributes }) => ports === 'standby,closed' && attributes === 'read-write')?.error,
    ).toMatch(
      /session\.no-host: none of the 2 hosts will do: · 127\.0\.0\.1:\d+ is read-only · cannot reach 127\.0\.0\.1:1: nothing listens there .* \| target_session_attrs is read-write/,
    );
  }, 120_000);

  it('with a wrong password at one of them end the search there, as with psql', async () => {
    const info = conninfo({
      host: '127.0.0.1,127.0.0.1',
      port: `${portOf(primary)},${portOf(standby)}`,
      password: 'wrong',
    });
    const [psql, ours] = await both(info, whichPort);
    expect([psql.answer, ours.answer]).toEqual([undefined, undefined]);
    expect(ours.error).toMatch(/^session\.authentication: .*password authentication failed/);
  });

  it('can each have a password of its own in the password file', async () => {
    await query(primary.url, `CREATE ROLE own LOGIN PASSWORD 'one'`);
    await query(readOnly.url, `BEGIN READ WRITE; CREATE ROLE own LOGIN PASSWORD 'two'; COMMIT`);
    const passfile = join(home, 'pgpass');
    writeFileSync(passfile, `*:${portOf(primary)}:*:own:one\n*:${portOf(readOnly)}:*:own:two\n`, { mode: 0o600 });
    for (const [attributes, server] of [
      ['read-write', primary],
      ['read-only', readOnly],
    ] as const) {
      const port = [primary, readOnly].map(portOf).join();
      const info = conninfo({
        host: '127.0.0.1,127.0.0.1',
        port,
        user: 'own',
        password: '',
        passfile,
        target_session_attrs: attributes,
      });
      const heard = await both(info, whichPort);
      expect(heard.map(({ answer }) => answer)).toEqual([portOf(server), portOf(server)]);
    }
    chmodSync(passfile, 0o644);
    const refused = await both(conninfo({ port: portOf(primary), user: 'own', password: '', passfile }), whichPort);
    expect(refused.map(({ answer }) => answer)).toEqual([undefined, undefined]);
    expect(refused[1].error).toMatch(/no password was given: put it into the URL, PGPASSWORD or ~\/\.pgpass/);
  });

  it('of which chance chooses are all chosen at times', async () => {
    const info = conninfo({
      host: '127.0.0.1,127.0.0.1',
      port: [primary, readOnly].map(portOf).join(),
      load_balance_hosts: 'random',
    });
    const answers = new Set<string | undefined>();
    for (let i = 0; i < 60 && answers.size < 2; i++) answers.add((await askUs(info, whichPort, env)).answer);
    expect([...answers].sort()).toEqual([primary, readOnly].map(portOf).sort());
  });

  it('give a second session, and a cancel request, to the very server of the first', async () => {
    const url = conninfo({
      host: '127.0.0.1,127.0.0.1',
      port: [primary, readOnly].map(portOf).join(),
      load_balance_hosts: 'random',
    });
    const none = {
      table: { schema: null, table: 'schema_migrations' },
      role: undefined,
      signal: undefined,
      waitMs: 0,
    };
    for (let i = 0; i < 6; i++) {
      const connection = await connect({
        ...none,
        database: { target: parseTarget({ url, env }) },
        onEmbeddedWaiting: () => {},
      });
      try {
        const second = await connection.another(whichPort);
        const ports = await Promise.all([connection.session, second].map((session) => session.query(whichPort)));
        expect(ports[1]).toEqual(ports[0]);
        const sleeping = connection.session.send('SELECT pg_sleep(60)').answer;
        setTimeout(() => void connection.session.cancel(), 50);
        await expect(sleeping).rejects.toMatchObject({ code: '57014' });
      } finally {
        await connection.close();
      }
    }
  });
});

describe('one host', () => {
  it('is found by name, address, IPv6, socket and service, as psql finds it', async () => {
    const port = portOf(primary);
    const services = join(home, 'services.conf');
    writeFileSync(
      services,
      `[mine]\nhost=127.0.0.1\nport=${port}\nuser=postgres\ndbname=postgres\npassword=${password}\n`,
    );
    const encoded = encodeURIComponent(password);
    const file = { PGSERVICEFILE: services };
    const ways: [string, string, Record<string, string>?][] = [
      ['a name', conninfo({ host: 'localhost', port })],
      ['IPv6', conninfo({ host: '::1', port })],
      ['IPv6 in a URL', `postgresql://postgres:${encoded}@[::1]:${port}/postgres`],
      ['a name that is not looked up', conninfo({ host: 'nowhere.invalid', hostaddr: '127.0.0.1', port })],
      ['an address alone', conninfo({ host: '', hostaddr: '127.0.0.1', port })],
      ['a Unix socket', conninfo({ host: primary.socketFolder, port })],
      [
        'a Unix socket in a URL',
        `postgresql://postgres:${encoded}@${encodeURIComponent(primary.socketFolder)}:${port}/postgres`,
      ],
      ['a service in a URL', 'postgresql://?service=mine', file],
      ['a service of the environment', 'postgresql://', { ...file, PGSERVICE: 'mine', PGPORT: '1' }],
      [
        'the environment',
        'postgresql://',
        { PGHOST: '127.0.0.1', PGPORT: port, PGUSER: 'postgres', PGPASSWORD: password },
      ],
      ['a name that nobody has', conninfo({ host: 'nowhere.invalid', port })],
      ['a service that nobody has', 'postgresql://?service=yours', file],
      ['a socket that is not there', conninfo({ host: '/nowhere', port })],
    ];
    const heard: [string, string | undefined, string | undefined, string][] = [];
    for (const [what, info, more] of ways) {
      const [psql, ours] = await both(info, whichPort, more);
      heard.push([what, psql.answer, ours.answer, ours.error]);
    }
    expect(heard.map(([what, , ours]) => [what, ours])).toEqual(heard.map(([what, psql]) => [what, psql]));
    expect(heard.filter(([, psql]) => psql === port)).toHaveLength(10);
    const errors = Object.fromEntries(heard.map(([what, , , error]) => [what, error]));
    expect(errors).toMatchObject({
      'a name that nobody has': expect.stringContaining('the host name nowhere.invalid is not known') as string,
      'a service that nobody has': expect.stringContaining('there is no service "yours"') as string,
      'a socket that is not there': expect.stringContaining('there is no such socket') as string,
    });
  });
});
