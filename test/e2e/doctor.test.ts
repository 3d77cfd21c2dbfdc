// `doctor` as a person runs it: what it prints in 80 columns, the exit status, the document.
import { describe, expect, it } from 'vitest';
import { amelia } from '../support/cli.ts';
import { at, freshDatabase } from '../support/database.ts';
import { openTerminal } from '../support/terminal.ts';
import { folderOf } from '../support/folder.ts';

describe('doctor', () => {
  it('fits 80 columns on a terminal, and says of each what to do', async () => {
    const database = await freshDatabase();
    const role = await database.role();
    await database.query(`ALTER ROLE ${role.name} SET statement_timeout = '3s'`);
    const terminal = openTerminal(['doctor'], { env: { DATABASE_URL: role.url }, rows: 80 });
    expect(await terminal.ended).toBe(7);
    const lines = await terminal.lines();
    const text = lines.join('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(text).toMatch(/^connection\n {2}✔ network {11}127\.0\.0\.1:\d+ answers, after \d+ ms$/m);
    expect(text).toMatch(
      /^ {2}✖ tables {12}\S+ may not create tables in public\n {22}→ GRANT CREATE, USAGE ON SCHEMA/m,
    );
    expect(text).toMatch(/^ {2}! timeouts {10}statement_timeout = 3s \(set by the user\)$/m);
    expect(text).toMatch(/^\d+ checks: \d+ ok, \d warnings, \d problems?$/m);
    expect(text).not.toContain(role.password);
  });

  it('exits 0 with warnings, 7 with a problem, 5 without a connection, and tells programs the same', async () => {
    const database = await freshDatabase();
    await database.query('CREATE PUBLICATION p FOR ALL TABLES');
    const fine = await amelia(['doctor', '--json', '-d', database.url]);
    expect(fine.json()).toMatchObject({
      command: 'doctor',
      ok: true,
      exitStatus: 0,
      database: { name: database.name },
      checks: expect.arrayContaining([
        expect.objectContaining({ area: 'state', name: 'publications', verdict: 'warning' }) as unknown,
      ]) as unknown,
    });
    const { summary, checks } = fine.json<{ summary: Record<string, number>; checks: { verdict: string }[] }>();
    expect(summary).toEqual({
      ok: checks.filter(({ verdict }) => verdict === 'ok').length,
      warnings: checks.filter(({ verdict }) => verdict === 'warning').length,
      problems: 0,
    });
    const quiet = await amelia(['doctor', '--quiet', '-d', database.url]);
    expect(quiet.stdout).toMatch(/^state\n {2}! publications/m);
    expect(quiet.stdout).not.toContain('✔');

    await database.query(`ALTER DATABASE ${database.name} SET default_transaction_read_only = on`);
    const wrong = await amelia(['doctor', '-d', database.url]);
    expect(wrong.status).toBe(7);
    expect(wrong.stderr).toMatch(/error\[doctor\.problems\]: (\d problems:\n.*)?writing: transactions are read-only/s);

    const refused = await amelia(['doctor', '-d', at(database.url, { password: 'not-this' })]);
    expect(refused.status).toBe(5);
    expect(refused.stdout).toMatch(/✔ network .*\n.*✔ TLS .*\n.*✖ user postgres .*password/);
    expect(refused.stderr).toMatch(/error\[session\.authentication\]/);
    expect(refused.stdout + refused.stderr).not.toContain('not-this');
  });

  it('looks at the embedded database too', async () => {
    const { status, stdout } = await amelia(['doctor', '--embedded', `${folderOf()}/db`, '-m', folderOf()]);
    expect(stdout).toContain('the embedded database');
    expect(status).toBe(0);
  });
});
