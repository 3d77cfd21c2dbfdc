import { chmodSync, mkdtempSync, writeFileSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openSocket } from '../../../src/database/connect.ts';
import { parseTarget, type ConnectionTarget, type Environment } from '../../../src/database/target.ts';
import { isAmeliaError } from '../../../src/errors.ts';

const home = mkdtempSync(join(tmpdir(), 'target-'));
afterAll(() => rmSync(home, { recursive: true }));

const parse = (url: string | undefined, env: Environment = {}, warn?: (message: string) => void): ConnectionTarget =>
  parseTarget({ url, env: { HOME: home, ...env }, ...(warn && { warn }) });

/** What a refused URL says: message and hint. */
function refusal(url: string | undefined, env: Environment = {}): string {
  try {
    parse(url, env);
  } catch (error) {
    if (isAmeliaError(error, 'config.database-url')) return `${error.message} | ${error.hint ?? ''}`;
    throw error;
  }
  return expect.fail(`accepted: ${url}`);
}

describe('the URL', () => {
  it('names everything', () => {
    expect(
      parse(
        'postgresql://ann:s3cret@db.example:6432/shop?sslmode=require&application_name=deploy&options=-c%20geqo%3Doff&connect_timeout=3',
      ),
    ).toEqual({
      hosts: [{ host: 'db.example', port: 6432 }],
      user: 'ann',
      password: 's3cret',
      database: 'shop',
      sslMode: 'require',
      applicationName: 'deploy',
      options: '-c geqo=off',
      connectTimeoutMs: 3000,
    });
  });

  it('has defaults: the OS user, the database of the user, port 5432, prefer, ten seconds', () => {
    const me = userInfo().username;
    expect(parse('postgresql://localhost')).toEqual({
      hosts: [{ host: 'localhost', port: 5432 }],
      user: me,
      password: undefined,
      database: me,
      sslMode: 'prefer',
      applicationName: 'amelia-db',
      connectTimeoutMs: 10_000,
    });
    expect(parse('postgres://ann@localhost').database).toBe('ann');
  });

  it.each<[string, ConnectionTarget['hosts']]>([
    ['postgres://h', [{ host: 'h', port: 5432 }]],
    ['POSTGRES://h', [{ host: 'h', port: 5432 }]],
    ['  postgres://h:1/db\n', [{ host: 'h', port: 1 }]],
    ['postgres://u@h:6000/db', [{ host: 'h', port: 6000 }]],
    [
      'postgres://a,b:2,c/db',
      [
        { host: 'a', port: 5432 },
        { host: 'b', port: 2 },
        { host: 'c', port: 5432 },
      ],
    ],
    [
      'postgres:///db?host=a,b&port=7',
      [
        { host: 'a', port: 7 },
        { host: 'b', port: 7 },
      ],
    ],
    ['postgres://[::1]:6000/db', [{ host: '::1', port: 6000 }]],
    [
      'postgres://[fe80::1%25eth0],[::2]:3/db',
      [
        { host: 'fe80::1%eth0', port: 5432 },
        { host: '::2', port: 3 },
      ],
    ],
    ['postgres://%2Fvar%2Frun%2Fpg:6000/db', [{ host: '/var/run/pg', port: 6000 }]],
    ['postgres:///db?host=/var/run/pg', [{ host: '/var/run/pg', port: 5432 }]],
    ['postgres://ignored/db?host=named', [{ host: 'named', port: 5432 }]],
    ['postgres:///db?port=1', [{ host: 'localhost', port: 1 }]],
  ])('%s', (url, hosts) => {
    expect(parse(url, {}).hosts).toEqual(hosts);
  });

  it('takes what only states the usual', () => {
    expect(parse('postgres://h/d?target_session_attrs=any&gssencmode=disable&client_encoding=UTF8&').database).toBe(
      'd',
    );
    expect(parse('postgres://h/d?ssl=true').sslMode).toBe('require');
    expect(parse('postgres://h/d?connect_timeout=0').connectTimeoutMs).toBe(2_147_483_647);
    expect(parse('postgres://h/d?fallback_application_name=x').applicationName).toBe('x');
  });

  it.each<[string, RegExp]>([
    ['', /does not begin with postgresql:/],
    ['localhost:5432/db', /does not begin with postgresql:/],
    ['mysql://u:p@h/d', /its scheme is mysql:\/\/, and amelia-db speaks to PostgreSQL only/],
    ['postgresql+psycopg2://u:p@h/d', /another program's \| write postgresql:\/\//],
    ['jdbc:postgresql://h/d', /another program's \| write postgresql:\/\//],
    ['postgres://h:x/d', /port is not a number/],
    ['postgres://h:0/d', /port is not a number/],
    ['postgres://h:65536/d', /port is not a number/],
    ['postgres://h:1,i:2,j:3/d?host=a,b', /2 hosts and 3 ports/],
    ['postgres://[::1', /host cannot be read.*brackets/],
    ['postgres://::1/d', /port is not a number|host cannot be read/],
    ['postgres://[nonsense]/d', /not an IPv6 address/],
    ['postgres://h/d?sslmode=always', /sslmode is none of libpq's \| known are: disable/],
    ['postgres://h/d?sslmode=no-verify', /sslmode=require encrypts/],
    ['postgres://h/d?sslmode=verify-full', /needs the certificate of an authority/],
    ['postgres://h/d?sslrootcert=system&sslmode=require', /needs sslmode=verify-full/],
    ['postgres://h/d?connect_timeout=5s', /connect_timeout is not a whole number/],
    ['postgres://h/d?target_session_attrs=writable', /target_session_attrs is none of libpq's \| known are: any/],
    ['postgres://h/d?hostaddr=db.example', /hostaddr is not an IP address/],
    ['postgres://a,b/d?hostaddr=::1', /names 2 hosts and 1 addresses/],
    ['postgres://h/d?service=x', /there is no service "x" in a pg_service.conf/],
    ['postgres://h/d?channel_binding=always', /channel_binding is none of libpq's \| known are: prefer, require/],
    ['postgres://h/d?require_auth=scram-sha-256', /require_auth is not supported/],
    ['postgres://h/d?gssencmode=require', /gssencmode is not supported \| GSSAPI/],
    ['postgres://%2Ftmp/d?requirepeer=postgres', /requirepeer is not supported/],
    ['postgres://h/d?load_balance_hosts=always', /load_balance_hosts is none of libpq's/],
    ['postgres://h/d?sslnegotiation=direct', /sslnegotiation=direct needs sslmode=require/],
    ['postgres://h/d?sslcertmode=require', /sslcertmode=require is not supported/],
    ['postgres://h/d?sslcrldir=/x', /sslcrldir is not supported \| put the lists into one file/],
    ['postgres://h/d?sslsni=no', /sslsni is neither 0 nor 1/],
    ['postgres://h/d?ssl_min_protocol_version=1.2', /ssl_min_protocol_version is none of TLSv1/],
    ['postgres://h/d?keepalives_count=3', /keepalives_count is not supported \| Node.js/],
    ['postgres://h/d?tcp_user_timeout=5', /tcp_user_timeout is not supported/],
    ['postgres://h/d?schema=public', /schema is not one that libpq knows \| it is Prisma's/],
    ['postgres://h/d?constructor=1', /constructor is not one that libpq knows \| $/],
    ['postgres://h/d?application_name', /application_name has no value/],
    ['postgres://@%40abstract/d', /abstract Unix socket/],
    ['postgres://u:%ff@h/d', /the password holds percent-encoded bytes that are not UTF-8/],
    ['postgres://u:a%00@h/d', /NUL in the password/],
    ['postgres://h/100%', /unescaped % in the database name \| % must be written %25/],
  ])('refuses %s', (url, says) => {
    expect(refusal(url)).toMatch(says);
  });
});

describe('channel_binding', () => {
  it.each<[string, Environment, ConnectionTarget['channelBinding']]>([
    ['postgres://h/d?sslmode=require&channel_binding=require', {}, 'require'],
    ['postgres://h/d', { PGCHANNELBINDING: 'require' }, 'require'],
    ['postgres://h/d?channel_binding=disable', { PGCHANNELBINDING: 'require' }, undefined],
    ['host=h channel_binding=require', {}, 'require'],
    ['postgres://h/d?channel_binding=prefer', { PGCHANNELBINDING: 'require' }, undefined],
    ['postgres://h/d', {}, undefined],
  ])('%s with %j is %s', (url, env, wanted) => {
    expect(parse(url, env).channelBinding).toBe(wanted);
  });

  it('is refused before anything is sent, where it is required', async () => {
    const target = parse('postgres://u:s3cr3t@127.0.0.1:1/d?sslmode=require&channel_binding=require');
    await expect(openSocket(target, target.hosts[0]!, 'required')).rejects.toMatchObject({
      code: 'session.channel-binding',
      exitStatus: 5,
    });
  });

  it('is read from a service', () => {
    const PGSERVICEFILE = join(home, 'binding.conf');
    writeFileSync(PGSERVICEFILE, '[neon]\nhost=h\nchannel_binding=require\n');
    expect(parse('service=neon', { PGSERVICEFILE }).channelBinding).toBe('require');
  });
});

describe('what other programs put into a URL', () => {
  it.each<[string, RegExp]>([
    ['uselibpqcompat=true', /the parameter uselibpqcompat .* \| it is node-postgres'; sslmode means .*leave it out/],
    ['TimeZone=UTC', /the parameter TimeZone .* \| .*options=-cTimeZone%3DUTC/],
    ['timezone=UTC', /the parameter timezone .* \| .*options=-cTimeZone%3DUTC/],
    ['supa=base-pooler.x', /supa .* \| it is Supabase's; .*leave it out/],
    ['sslaccept=strict', /sslaccept .* \| it is Prisma's; sslmode=require encrypts .*verify-full checks/],
    ['x-migrations-table=s', /the parameter x-migrations-table .* \| it is golang-migrate's; .*--history-table/],
    ['x-multi-statement=true', /the parameter x-multi-statement .* \| it is golang-migrate's/],
    ['pgbouncer=true', /pgbouncer .* \| it is Prisma's; .*leave it out/],
    ['connection_limit=1', /connection_limit .* \| it is Prisma's; one session needs no pool/],
    ['pool_timeout=0', /pool_timeout .* \| it is Prisma's; one session needs no pool/],
    ['prepareThreshold=0', /the parameter prepareThreshold .* \| it is JDBC's; amelia-db prepares no statements/],
    ['currentSchema=s', /the parameter currentSchema .* \| it is JDBC's; .*-csearch_path%3DNAME/],
    ['reWriteBatchedInserts=true', /reWriteBatchedInserts .* \| it is JDBC's; leave it out/],
    ['search_path=s', /search_path .* \| .*-csearch_path%3DNAME/],
    ['ssl=no-verify', /ssl .* \| TLS is asked for with sslmode=require/],
    ['sslmode=no-verify', /sslmode=require encrypts without checking/],
    ['SSLMode=Require', /the parameter SSLMode .* \| libpq writes it in small letters: sslmode/],
    ['statement_timeout=5', /statement_timeout .* \| .*--statement-timeout/],
    ['x-s3cr3t=1', /a parameter is not one that libpq knows \| $/],
  ])('%s is said to be theirs', (parameter, says) => {
    expect(refusal(`postgres://u:s3cr3t@h/d?${parameter}`)).toMatch(says);
    expect(refusal(`postgres://u:s3cr3t@h/d?${parameter}`)).not.toContain('s3cr3t');
  });

  it('is named in a connection string, too', () => {
    expect(refusal('host=h currentSchema=s')).toMatch(/currentSchema .* \| it is JDBC's/);
  });

  const url = 'postgresql://u:s3cr3t@h/d';
  it.each<[string, RegExp]>([
    [`"${url}"`, /the quotes around it .*\| leave the quotes out: docker --env-file/],
    [`'${url}'\n`, /the quotes around it/],
    [` "${url}" `, /the quotes around it/],
    ['"host=h password=s3cr3t"', /the quotes around it/],
    [`\u201c${url}\u201d`, /the quotes around it/],
    [`psql '${url}'`, /begins with the command psql \| leave out psql and the quotes/],
    ['$DATABASE_URL', /a variable that was not replaced/],
    ['${DATABASE_URL}', /a variable that was not replaced/],
    ['{{ s3cr3t }}', /a variable that was not replaced/],
    [`DATABASE_URL=${url}`, /DATABASE_URL is not one that libpq knows \| .*the URL: give that alone/],
    [`DATABASE_URL="${url}"`, /DATABASE_URL is not one that libpq knows \| .*the URL: give that alone/],
    [`export DATABASE_URL=${url}`, /begins with a command that sets a variable/],
  ])('%j: says what stands around the URL', (given, says) => {
    expect(refusal(given)).toMatch(says);
    expect(refusal(given)).not.toContain('s3cr3t');
  });

  it.each([`${url}\n`, ` ${url}\r\n`, `\ufeff${url}`, 'host=h user=u dbname=d password=s3cr3t\n'])(
    '%j: white space around it is nothing',
    (given) => {
      expect(parse(given)).toMatchObject({ hosts: [{ host: 'h' }], user: 'u', database: 'd', password: 's3cr3t' });
    },
  );
});

describe('passwords', () => {
  it.each([
    ['p@ss', 'p@ss'],
    ['p:a:s', 'p:a:s'],
    ['#1', '#1'],
    ['a b', 'a b'],
    ['p%40', 'p@'],
    ['%2F%3f%25', '/?%'],
    ['ünï', 'ünï'],
    ['@@', '@@'],
  ])('%s is %s', (written, password) => {
    expect(parse(`postgres://u:${written}@h:1/d`)).toMatchObject({ user: 'u', password, database: 'd' });
  });

  it('says which character must be written how', () => {
    expect(refusal('postgres://u:se/cret@h/d')).toMatch(/unescaped \/ in its password.*\/ must be written %2F/);
    expect(refusal('postgres://u:se?cret@h/d')).toMatch(/unescaped \? in its password.*\? must be written %3F/);
    expect(refusal('postgres://u:50%off@h/d')).toMatch(/unescaped % in the password \| % must be written %25/);
  });

  it('come back, whatever they are, when percent-encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (password) => {
        fc.pre(!password.includes('\0'));
        expect(parse(`postgresql://u:${encodeURIComponent(password)}@h:1/d`)).toMatchObject({
          user: 'u',
          password,
          hosts: [{ host: 'h', port: 1 }],
          database: 'd',
        });
      }),
      { numRuns: 2000 },
    );
  });

  const delimiters = fc.string({
    unit: fc.constantFrom('@', ':', '/', '?', '#', '%', '&', '=', '[', ']', ',', 'a', '1', ' '),
  });
  it('written raw are understood exactly or refused without being repeated', () => {
    fc.assert(
      fc.property(fc.oneof(delimiters, fc.string({ unit: 'binary' })), (middle) => {
        const password = `Zq${middle}9Zq`;
        // %41 written raw is the escape that it looks like.
        fc.pre(!/%[0-9a-f]{2}/i.test(password));
        const url = `postgresql://u:${password}@h:1/d?sslmode=disable`;
        try {
          expect(parse(url)).toMatchObject({ user: 'u', password, hosts: [{ host: 'h', port: 1 }], database: 'd' });
        } catch (error) {
          if (!isAmeliaError(error, 'config.database-url')) throw error;
          expect(`${error.message} ${error.hint} ${JSON.stringify(error.facts)}`).not.toContain('Zq');
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('any text is a target or a refusal', () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('postgres://', ':', '@', '/', '?', '=', '&', '%', '[', ']', ','), fc.string()),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parse(`postgres://${parts.join('')}`);
        } catch (error) {
          expect(isAmeliaError(error, 'config.database-url')).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the environment', () => {
  it('fills what the URL leaves out', () => {
    const env = {
      PGHOST: 'envhost',
      PGPORT: '7000',
      PGUSER: 'envuser',
      PGPASSWORD: 'envpass',
      PGDATABASE: 'envdb',
      PGSSLMODE: 'disable',
      PGTARGETSESSIONATTRS: 'read-write',
      PGLOADBALANCEHOSTS: 'random',
      PGAPPNAME: 'envapp',
      PGOPTIONS: '-c a=b',
      PGCONNECT_TIMEOUT: '4',
    };
    const filled = {
      hosts: [{ host: 'envhost', port: 7000 }],
      user: 'envuser',
      password: 'envpass',
      database: 'envdb',
      sslMode: 'disable',
      sessionAttributes: 'read-write',
      loadBalance: true,
      applicationName: 'envapp',
      options: '-c a=b',
      connectTimeoutMs: 4000,
    };
    expect(parse('postgresql://', env)).toEqual(filled);
    expect(parse(undefined, env)).toEqual(filled);
    expect(parse('postgresql://u:p@h:1/d?sslmode=prefer', env)).toMatchObject({
      hosts: [{ host: 'h', port: 1 }],
      user: 'u',
      password: 'p',
      database: 'd',
      sslMode: 'prefer',
    });
    expect(parse('postgresql://h/d', env).hosts).toEqual([{ host: 'h', port: 7000 }]);
  });

  it('counts as not set when it is empty', () => {
    expect(parse('postgres://h/d', { PGPORT: '', PGUSER: '', PGSSLMODE: '' })).toMatchObject({ sslMode: 'prefer' });
  });

  it('is refused by name where it asks for what is not there', () => {
    expect(refusal('postgres://h/d', { PGREQUIREAUTH: 'scram-sha-256' })).toMatch(
      /sets PGREQUIREAUTH, which is not supported \| unset PGREQUIREAUTH/,
    );
    expect(parse('postgres://h/d', { PGKRBSRVNAME: 'pg', PGCLIENTENCODING: 'LATIN1' }).database).toBe('d');
  });

  it('finds root.crt in its usual place, whatever the mode, as libpq does', () => {
    const other = mkdtempSync(join(home, 'tls-'));
    mkdirSync(join(other, '.postgresql'));
    writeFileSync(join(other, '.postgresql/root.crt'), '');
    const rootCert = join(other, '.postgresql/root.crt');
    expect(parse('postgres://h/d?sslmode=verify-ca', { HOME: other }).sslRootCert).toBe(rootCert);
    expect(parse('postgres://h/d?sslmode=require', { HOME: other }).sslRootCert).toBe(rootCert);
    expect(parse('postgres://h/d', { HOME: other }).sslRootCert).toBe(rootCert);
    expect(parse('postgres://h/d?sslmode=disable', { HOME: other }).sslRootCert).toBeUndefined();
    expect(parse('postgres://h/d?sslrootcert=system', { HOME: other })).toMatchObject({
      sslMode: 'verify-full',
      sslRootCert: 'system',
    });
  });
});

describe('files of TLS', () => {
  const folder = mkdtempSync(join(home, 'files-'));
  const file = (name: string, mode: number): string => {
    writeFileSync(join(folder, name), '', { mode });
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };

  it('that are named and not there are passed over with a warning, unless the mode needs them', () => {
    const warnings: string[] = [];
    const target = parse('postgres://h/d?sslmode=require&sslrootcert=/no/ca&sslcert=/no/cert', {}, (m) =>
      warnings.push(m),
    );
    expect(target).not.toHaveProperty('sslRootCert');
    expect(warnings).toEqual([
      'sslrootcert: there is no file /no/ca, so the certificate of the server is not checked',
      'sslcert: there is no file /no/cert, so the server is shown none',
    ]);
    expect(refusal('postgres://h/d?sslmode=verify-ca&sslrootcert=/no/ca')).toMatch(
      /there is no file \/no\/ca \| name it/,
    );
  });

  it('with a key that others may read are refused', () => {
    const cert = file('c.crt', 0o644);
    const url = (key: string) => `postgres://h/d?sslcert=${cert}&sslkey=${key}&sslpassword=pass`;
    expect(refusal(url(file('open.key', 0o644)))).toMatch(/others may read the key .*open\.key \| chmod 600/);
    expect(refusal(url('/no/key'))).toMatch(/there is the certificate .*c\.crt, and not its key \/no\/key/);
    const key = file('own.key', 0o600);
    expect(parse(url(key))).toMatchObject({ sslCert: cert, sslKey: key, sslPassword: 'pass' });
    expect(parse(`${url('/no/key')}&sslcertmode=disable`)).not.toHaveProperty('sslCert');
  });
});

describe('a string of name=value', () => {
  it.each<[string, object]>([
    [
      'host=db port=6000 dbname=shop user=ann password=pw',
      { hosts: [{ host: 'db', port: 6000 }], user: 'ann', password: 'pw', database: 'shop' },
    ],
    ["  host = db  password = 'it\\'s a \\\\ pass' dbname=d", { password: "it's a \\ pass" }],
    [
      'host=a,b dbname=x password=a\\ b target_session_attrs=primary',
      { password: 'a b', sessionAttributes: 'primary', hosts: [{ host: 'a' }, { host: 'b' }] },
    ],
    ["host=h dbname=d password='' user=u", { password: undefined }],
    ['host=/run/pg dbname=d', { hosts: [{ host: '/run/pg', port: 5432 }] }],
  ])('%s', (text, target) => {
    expect(parse(text)).toMatchObject(target);
  });

  it.each<[string, RegExp]>([
    ["host=h password='se cret", /neither a URL nor name=value/],
    ['host=h secret', /neither a URL nor name=value/],
    ['host=h sslmod=require', /sslmod is not one that libpq knows/],
  ])('refuses %s, and repeats no value', (text, says) => {
    expect(refusal(text)).toMatch(says);
    expect(refusal(text)).not.toContain('se cret');
  });

  it('any text is a target or a refusal', () => {
    const pieces = fc.array(fc.constantFrom('host', '=', ' ', "'", '\\', 'dbname', 'x', '\n', 'ü'), { maxLength: 30 });
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parse(`host=h ${parts.join('')}`);
        } catch (error) {
          expect(isAmeliaError(error, 'config.database-url')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a connection service', () => {
  const services = (text: string): string => {
    const path = join(mkdtempSync(join(home, 'service-')), 'pg_service.conf');
    writeFileSync(path, text);
    return path;
  };
  const text = `# ours\n[other]\nhost=no\n\n[prod]\nhost=db.prod\nport=6000\ndbname=shop\npassword=a=b c\nhost=late\n[more]\nhost=no\n`;

  it('is what PGSERVICE or ?service= names; the URL beats it, and it beats the environment', () => {
    const PGSERVICEFILE = services(text);
    const prod = { hosts: [{ host: 'db.prod', port: 6000 }], database: 'shop', password: 'a=b c' };
    expect(parse(undefined, { PGSERVICE: 'prod', PGSERVICEFILE, PGHOST: 'env', PGUSER: 'ann' })).toMatchObject({
      ...prod,
      user: 'ann',
    });
    expect(parse('postgres://?service=prod', { PGSERVICEFILE })).toMatchObject(prod);
    expect(parse('service=prod port=1', { PGSERVICEFILE }).hosts).toEqual([{ host: 'db.prod', port: 1 }]);
    expect(parse(`service=prod servicefile=${PGSERVICEFILE}`)).toMatchObject(prod);
  });

  it('is looked for in ~/.pg_service.conf and then in the system', () => {
    const HOME = mkdtempSync(join(home, 'home-'));
    const PGSYSCONFDIR = join(services('[system]\nhost=sys\n'), '..');
    expect(parse('service=system', { HOME, PGSYSCONFDIR }).hosts[0]).toMatchObject({ host: 'sys' });
    writeFileSync(join(HOME, '.pg_service.conf'), '[system]\nhost=mine\n');
    expect(parse('service=system', { HOME, PGSYSCONFDIR }).hosts[0]).toMatchObject({ host: 'mine' });
  });

  it.each<[string, RegExp]>([
    ['[x]\nhost db\n', /pg_service\.conf:2: this is not name=value/],
    ['[x]\nhost = db\n', /:2: there must be no space before the =/],
    ['[x]\n\nservice=y\n', /:3: a service cannot name another one/],
    ['[x]\nldap://h/dc\n', /:2: services of an LDAP server/],
    ['[x]\nhst=db\n', /hst is not one that libpq knows/],
    ['[y]\nhost=db\n', /there is no service "x" in .*pg_service\.conf \| it begins with a line \[x\]/],
  ])('refuses %j', (content, says) => {
    expect(refusal('service=x', { PGSERVICEFILE: services(content), PGSYSCONFDIR: '/nowhere' })).toMatch(says);
  });
});

describe('the password file', () => {
  const write = (text: string, mode = 0o600): string => {
    const path = join(mkdtempSync(join(home, 'pass-')), 'pgpass');
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const found = (text: string, url = 'postgres://ann@db:5432/shop'): string | undefined =>
    parse(url, { PGPASSFILE: write(text) }).password;

  it.each<[string, string, string | undefined]>([
    ['exact', 'db:5432:shop:ann:pw', 'pw'],
    ['wildcards', '*:*:*:*:pw', 'pw'],
    ['the first that fits', 'db:5432:other:ann:no\n# db:*:*:*:no\n\ndb:*:shop:*:yes\n*:*:*:*:late', 'yes'],
    ['escapes', 'db:5432:shop:ann:a\\:b\\\\c', 'a:b\\c'],
    ['a raw colon in the password', 'db:5432:shop:ann:a:b', 'a:b'],
    ['CRLF', 'db:5432:shop:ann:pw\r\n', 'pw'],
    ['nothing fits', 'db:5433:shop:ann:pw', undefined],
    ['too few fields', 'db:5432:shop:pw', undefined],
    ['an escaped star is a star', '\\*:5432:shop:ann:pw', undefined],
  ])('%s', (_, text, password) => {
    expect(found(text)).toBe(password);
  });

  it('knows hosts with colons, and sockets in the default place as localhost', () => {
    expect(found('\\:\\:1:5432:shop:ann:pw', 'postgres://ann@[::1]/shop')).toBe('pw');
    expect(found('localhost:5432:shop:ann:pw', 'postgres://ann@%2Ftmp/shop')).toBe('pw');
    expect(found('/run/x:5432:shop:ann:pw', 'postgres://ann@%2Frun%2Fx/shop')).toBe('pw');
  });

  it('is ~/.pgpass by default, and does not beat the URL or PGPASSWORD', () => {
    writeFileSync(join(home, '.pgpass'), '*:*:*:*:from-file\n', { mode: 0o600 });
    expect(parse('postgres://u@h/d').password).toBe('from-file');
    expect(parse('postgres://u:own@h/d').password).toBe('own');
    expect(parse('postgres://u@h/d', { PGPASSWORD: 'env' }).password).toBe('env');
    rmSync(join(home, '.pgpass'));
  });

  it('is passed over, with a warning, when others may read it', () => {
    const warnings: string[] = [];
    const path = write('*:*:*:*:pw', 0o644);
    expect(parse('postgres://u@h/d', { PGPASSFILE: path }, (m) => warnings.push(m)).password).toBeUndefined();
    expect(warnings).toEqual([`the password file ${path} is passed over: others may read it (chmod 600 ${path})`]);
  });

  it('may have another password for each host', () => {
    const path = write('a:*:*:*:one\nb:*:*:*:two\n');
    expect(parse('postgres://u@a,b/d', { PGPASSFILE: path })).toMatchObject({
      hosts: [{ password: 'one' }, { password: 'two' }],
      password: undefined,
    });
    expect(parse('postgres://u@a,a:2/d', { PGPASSFILE: path }).password).toBe('one');
  });
});
