// The session: messages in flight together, each with its own answer, notice and failure; COPY;
// cancelling; and what happens when the server goes away.
import { afterEach, describe, expect, it } from 'vitest';
import { Session } from '../../../src/database/session.ts';
import { parseTarget } from '../../../src/database/target.ts';
import { AmeliaError, isAmeliaError } from '../../../src/errors.ts';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';

const open: Session[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((session) => session.close()));
});

async function sessionWith(database: TestDatabase): Promise<Session> {
  const { session } = await Session.open(parseTarget({ url: database.url, env: {} }), 'SELECT 1');
  open.push(session);
  return session;
}

describe('a session', () => {
  it('says which server it is with', async () => {
    const database = await freshDatabase();
    const { session, answer } = await Session.open(parseTarget({ url: database.url, env: {} }), 'SELECT 42 AS n');
    open.push(session);
    expect((await answer).rows).toEqual([{ n: 42 }]);
    expect(session.database).toMatchObject({ name: database.name });
    expect(session.database.serverVersion).toMatch(new RegExp(`^${database.major}\\.\\d+$`));
    expect(session.pid).toBeGreaterThan(0);
  });

  it('opens although the first message fails, and gives that failure to who asked', async () => {
    const database = await freshDatabase();
    const { session, answer } = await Session.open(
      parseTarget({ url: database.url, env: {} }),
      'SELECT * FROM nowhere',
    );
    open.push(session);
    await expect(answer).rejects.toMatchObject({ code: '42P01' });
    expect(await session.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('keeps every message with its own answer when many are in flight', async () => {
    const session = await sessionWith(await freshDatabase());
    const sent = Array.from({ length: 150 }, (_, i) => session.send(`SELECT ${i} AS n`));
    const answers = await Promise.all(sent.map(({ answer }) => answer));
    expect(answers.map(({ rows }) => rows[0]?.n)).toEqual(Array.from({ length: 150 }, (_, i) => i));
    expect(answers.every(({ tag }) => tag === 'SELECT 1')).toBe(true);
  });

  it('gives each notice to the message that raised it', async () => {
    const session = await sessionWith(await freshDatabase());
    const heard: string[] = [];
    const raise = (text: string) => `DO $$ BEGIN RAISE NOTICE '${text}'; RAISE WARNING '${text}'; END $$`;
    const sent = ['a', 'b', 'c'].map((text) =>
      session.send(raise(text), {
        notice: (notice) => void heard.push(`${text}: ${notice.severity} ${notice.message}`),
      }),
    );
    await Promise.all(sent.map(({ answer }) => answer));
    expect(heard).toEqual(['a', 'b', 'c'].flatMap((text) => [`${text}: NOTICE ${text}`, `${text}: WARNING ${text}`]));
  });

  it('lets nothing after a failure take effect when a whole transaction is in flight', async () => {
    const database = await freshDatabase();
    const session = await sessionWith(database);
    const sent = ['BEGIN', 'CREATE TABLE t (i int)', 'SELECT 1 / 0', 'CREATE TABLE u (i int)', 'SELECT 1; COMMIT'];
    const results = await Promise.allSettled(sent.map((text) => session.send(text).answer));
    expect(
      results.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : 'ok')),
    ).toEqual(['ok', 'ok', '22012', '25P02', '25P02']);
    await session.query('ROLLBACK');
    expect(await database.query(`SELECT relname FROM pg_class WHERE relname IN ('t', 'u')`)).toEqual([]);
  });

  it('cancels what runs and stays usable', async () => {
    const session = await sessionWith(await freshDatabase());
    const { answer } = session.send('SELECT pg_sleep(60)');
    setTimeout(() => void session.cancel(), 100);
    await expect(answer).rejects.toMatchObject({ code: '57014' });
    expect(await session.query('SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  it('refuses every message after the server has ended it, and never connects again by itself', async () => {
    const database = await freshDatabase();
    const session = await sessionWith(database);
    const { answer } = session.send('SELECT pg_sleep(60)');
    const next = session.send('SELECT 1');
    await database.query(`SELECT pg_terminate_backend(${session.pid})`);
    await expect(answer).rejects.toMatchObject({
      code: 'session.lost',
      message: expect.stringContaining('terminating connection due to administrator command') as string,
    });
    await expect(next.answer).rejects.toSatisfy((error) => isAmeliaError(error, 'session.lost'));
    await expect(session.query('SELECT 1')).rejects.toSatisfy((error) => isAmeliaError(error, 'session.lost'));
    expect(session.lost?.code).toBe('session.lost');
  });
});

describe('COPY … FROM stdin', () => {
  const rows = (from: number, to: number) =>
    Buffer.from(Array.from({ length: to - from }, (_, i) => `${from + i}\trow ${from + i}; 'quoted' -- $$\n`).join(''));

  function* pieces(data: Buffer) {
    for (let at = 0; at < data.length; at += 100_000) yield data.subarray(at, at + 100_000);
  }

  it('sends the rows, however many', async () => {
    const database = await freshDatabase();
    const session = await sessionWith(database);
    await session.query('CREATE TABLE t (id int PRIMARY KEY, what text)');
    await session.copy('COPY t FROM stdin', [rows(0, 50_000), rows(50_000, 100_000)]);
    expect(await session.query('SELECT count(*)::int AS n, max(id) AS top FROM t')).toEqual([
      { n: 100_000, top: 99_999 },
    ]);
  });

  it('accepts no rows at all', async () => {
    const session = await sessionWith(await freshDatabase());
    await session.query('CREATE TABLE t (id int)');
    await session.copy('COPY t FROM stdin', []);
    expect(await session.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 0 }]);
  });

  it('fails when the rows cannot be had, and the session goes on', async () => {
    const session = await sessionWith(await freshDatabase());
    await session.query('CREATE TABLE t (id int, what text)');
    const gone = new AmeliaError('apply.file-changed', { path: 'gone.sql' });
    const broken = function* () {
      yield rows(0, 10);
      throw gone;
    };
    await expect(session.copy('COPY t FROM stdin', broken())).rejects.toBe(gone);
    expect(await session.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 0 }]);
  });

  it.each([
    ['a row that is wrong', 'COPY t FROM stdin', Buffer.from('1\tone\nx\ttwo\n'), '22P02'],
    ['a key that is there already', 'COPY t FROM stdin', Buffer.from('1\tone\n1\tone again\n'), '23505'],
    ['a violation that shows only at the end', 'COPY c FROM stdin', Buffer.from('1\t99\n'), '23503'],
    [
      'a mistake early in much data',
      'COPY t FROM stdin',
      Buffer.concat([Buffer.from('x\ty\n'), rows(0, 200_000)]),
      '22P02',
    ],
    ['a table that is not there', 'COPY nowhere FROM stdin', Buffer.from('1\n'), '42P01'],
  ])('fails with %s, and the session goes on', async (_, text, data, sqlstate) => {
    const session = await sessionWith(await freshDatabase());
    await session.query('CREATE TABLE t (id int PRIMARY KEY, what text); CREATE TABLE c (id int, t int REFERENCES t)');
    await expect(session.copy(text, pieces(data))).rejects.toMatchObject({ code: sqlstate });
    expect(await session.query('SELECT count(*)::int AS n FROM t')).toEqual([{ n: 0 }]);
    await session.copy('COPY t FROM stdin', [Buffer.from('7\tseven\n')]);
    expect(await session.query('SELECT id FROM t')).toEqual([{ id: 7 }]);
  });
});
