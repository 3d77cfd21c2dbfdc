// A file that is not what was applied: what of it is known, and when that stands in the way.
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshDatabase } from '../../support/database.ts';
import { engineFor, failureOf } from '../../support/engine.ts';
import { addFiles, folderOf } from '../../support/folder.ts';
import { commit, git } from '../../support/repository.ts';

const first = 'CREATE TABLE a (\n  id int,\n  note varchar(20)\n);';
const commented = `-- what it is for\n${first.replace('id int', 'id  int /* its number */')}`;
const edited = first.replace('20', '30');
const second = { '2_b.sql': 'CREATE TABLE b ();' };

/** A repository in which 1_a.sql is committed and applied. */
async function applied({ committed = true } = {}) {
  const database = await freshDatabase();
  const folder = folderOf();
  if (committed) {
    git(folder, 'init', '--quiet', '--initial-branch', 'main');
    commit(folder, { '1_a.sql': first }, 'first');
  } else addFiles(folder, { '1_a.sql': first });
  await engineFor(database.url, folder).migrate();
  return { database, folder, engine: engineFor(database.url, folder) };
}

/** As another program, or an older version, leaves it. */
const withoutSums = 'UPDATE schema_migrations SET statements_checksum = NULL';

describe('only comments and white space', () => {
  it.each([
    ['as the history says', { committed: false }, ''],
    ['as git says, where the history does not', { committed: true }, withoutSums],
  ])('%s: migrate warns, and goes on with what is pending', async (_, given, sql) => {
    const { database, folder, engine } = await applied(given);
    await database.query(sql || 'SELECT 1');
    addFiles(folder, { '1_a.sql': commented, ...second });
    expect(await engine.dryRun()).toMatchObject({ steps: [{ version: '2' }] });
    expect(await engine.migrate()).toMatchObject({ steps: [{ version: '2', state: 'applied' }] });
    expect(await engine.migrate()).toMatchObject({ steps: [], to: '2' });
    const told = engine.events.filter(({ type }) => type === 'only-comments-modified');
    expect(told).toEqual(Array(3).fill({ type: 'only-comments-modified', versions: ['1'] }));
  });

  it('status says it, until it is accepted', async () => {
    const { folder, engine } = await applied({ committed: false });
    addFiles(folder, { '1_a.sql': commented });
    const { migrations, summary } = await engine.status();
    expect(summary).toMatchObject({ applied: 0, modified: 1 });
    expect(migrations).toMatchObject([
      { state: 'modified', onlyComments: true, note: 'only comments or white space were changed' },
    ]);
    await engine.repair({ acceptModified: [1n] });
    expect((await engine.status()).summary).toMatchObject({ applied: 1, modified: 0 });
  });

  it('of one file do not excuse the statements of another', async () => {
    const { folder, engine } = await applied({ committed: false });
    addFiles(folder, second);
    await engine.migrate();
    addFiles(folder, { '1_a.sql': commented, '2_b.sql': 'CREATE TABLE b (n int);' });
    const { facts } = await failureOf(engine.migrate(), 'plan.modified');
    expect(facts.refusals.map(({ version }) => version)).toEqual(['2']);
  });
});

describe('a statement', () => {
  it('is shown as git knows it, in the refusal and in status', async () => {
    const { folder, engine } = await applied();
    addFiles(folder, { '1_a.sql': `-- new\n${edited}`, ...second });
    const { facts } = await failureOf(engine.migrate(), 'plan.modified');
    const text = 'statement 1, line 4 was: note varchar(20)';
    expect(facts.notes).toEqual([{ label: '1', text }]);
    expect((await engine.status()).migrations[0]).toMatchObject({ note: text, onlyComments: false });
  });

  it.each([
    ['in a commit that is not the last', (at: string) => commit(at, { '1_a.sql': edited }, 'edit')],
    [
      'under another name',
      (at: string) => {
        git(at, 'mv', '1_a.sql', '1_renamed.sql');
        commit(at, { '1_renamed.sql': edited }, 'rename');
      },
    ],
    [
      'on another branch',
      (at: string) => {
        git(at, 'checkout', '--quiet', '--orphan', 'other');
        commit(at, { '1_a.sql': edited }, 'other');
      },
    ],
  ])('is found %s', async (_, change) => {
    const { folder, engine } = await applied();
    change(folder);
    const { facts } = await failureOf(engine.migrate(), 'plan.modified');
    expect(facts.notes).toMatchObject([{ text: expect.stringContaining('was: note varchar(20)') as string }]);
  });

  it('is only known to differ where git knows no text of that checksum', async () => {
    const { folder, engine } = await applied({ committed: false });
    git(folder, 'init', '--quiet');
    commit(folder, { '1_a.sql': edited }, 'never applied');
    expect((await failureOf(engine.migrate(), 'plan.modified')).facts.notes).toBeUndefined();
    expect((await engine.status()).migrations[0]).toMatchObject({ note: 'its statements were changed' });
    rmSync(join(folder, '.git'), { recursive: true });
    expect((await engine.status()).migrations[0]).toMatchObject({ note: 'its statements were changed' });
  });

  it('runs nothing that the repository names', async () => {
    const { folder, engine } = await applied();
    const [mark, hostile] = [join(folder, 'ran'), join(folder, 'hostile.sh')];
    // It signs a commit, and would be asked about the signature.
    const signs = `echo '[GNUPG:] SIG_CREATED ' >&2; echo '-----BEGIN PGP SIGNATURE-----'`;
    addFiles(folder, { 'hostile.sh': `#!/bin/sh\ntouch ${mark}\n${signs}\n` });
    chmodSync(hostile, 0o755);
    git(folder, 'config', 'gpg.program', hostile);
    git(folder, 'commit', '--quiet', '--amend', '--no-edit', '--gpg-sign');
    rmSync(mark);
    for (const name of ['core.fsmonitor', 'diff.external', 'diff.x.textconv']) git(folder, 'config', name, hostile);
    git(folder, 'config', 'log.showSignature', 'true');
    addFiles(folder, { '.git/info/attributes': '*.sql diff=x', '1_a.sql': edited });
    expect((await failureOf(engine.migrate(), 'plan.modified')).facts.notes).toHaveLength(1);
    expect(existsSync(mark)).toBe(false);
  });

  it('is not asked for by a rollback', async () => {
    const { folder, engine } = await applied();
    addFiles(folder, { '1_a.sql': edited, '1_a.down.sql': 'DROP TABLE a;' });
    expect(await engine.rollback()).toMatchObject({ steps: [{ state: 'rolled-back' }] });
  });
});
