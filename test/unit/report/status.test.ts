import { describe, expect, it } from 'vitest';
import { statusLines } from '../../../src/report/status.ts';
import { plainStyle } from '../../../src/report/style.ts';
import { VersionNames } from '../../../src/report/versions.ts';
import { loadWidths, widthOf } from '../../../src/report/width.ts';
import type { StatusEntry } from '../../../src/events.ts';
import { status } from './events.ts';
import { capture } from './screen.ts';

await loadWidths();

const applied = (version: string, name: string, more: Partial<StatusEntry> = {}): StatusEntry => ({
  version,
  name,
  state: 'applied',
  path: `migrations/${version.padStart(4, '0')}_${name}.sql`,
  appliedAt: '2026-11-22T09:30:00.000Z',
  durationMs: 38,
  ...more,
});

const pending = (version: string, name: string, state: StatusEntry['state']): StatusEntry => ({ version, name, state });

const mixed = status(
  [
    applied('1', 'initial_schema'),
    applied('2', 'users', { state: 'modified', note: 'applied sha256:aa…, file sha256:bb…' }),
    applied('3', 'gone', { state: 'missing', durationMs: 120_034 }),
    pending('5', '日本語の名前', 'pending'),
    pending('6', 'a_name_that_nobody_would_give_to_a_migration_in_earnest', 'out-of-order'),
    { version: '7', name: null, state: 'unfinished', note: '2 of 3 statements completed' },
  ],
  ['4', '8-20000'],
);

function table(columns: number | undefined, of = mixed): string[] {
  const { writer } = capture(columns);
  return statusLines(of, { writer, style: plainStyle, versions: new VersionNames(), folder: 'migrations' });
}

describe('the table', () => {
  it('is whole in a pipe', () => {
    expect(table(undefined).join('\n'))
      .toBe(`amelia on localhost:5432 · PostgreSQL 17.10 · history in public.schema_migrations

VERSION  NAME                                                     STATE         APPLIED AT (UTC)         MS
0001     initial_schema                                           applied       2026-11-22 09:30:00      38
0002     users                                                    modified      2026-11-22 09:30:00      38
         applied sha256:aa…, file sha256:bb…
0003     gone                                                     missing       2026-11-22 09:30:00  120034
0005     日本語の名前                                             pending       –                         –
0006     a_name_that_nobody_would_give_to_a_migration_in_earnest  out of order  –                         –
0007     –                                                        unfinished    –                         –
         2 of 3 statements completed

1 applied · 1 pending · 1 modified · 1 missing · 1 out of order · 1 unfinished · the database is at 0001
unused numbers: 0004
amelia-db migrate (or rollback, if that stopped) goes on where it stopped`);
  });

  it('fits 80 columns', () => {
    expect(table(80).join('\n')).toBe(`amelia on localhost:5432 · PostgreSQL 17.10 · history in
public.schema_migrations

VERSION  NAME                          STATE         APPLIED AT (UTC)         MS
0001     initial_schema                applied       2026-11-22 09:30:00      38
0002     users                         modified      2026-11-22 09:30:00      38
         applied sha256:aa…, file sha256:bb…
0003     gone                          missing       2026-11-22 09:30:00  120034
0005     日本語の名前                  pending       –                         –
0006     a_name_that_nobody_would_gi…  out of order  –                         –
0007     –                             unfinished    –                         –
         2 of 3 statements completed

1 applied · 1 pending · 1 modified · 1 missing · 1 out of order · 1 unfinished ·
the database is at 0001
unused numbers: 0004
amelia-db migrate (or rollback, if that stopped) goes on where it stopped`);
  });

  it('says who applied each, where there is room for it', () => {
    const by = status([applied('1', 'initial_schema', { appliedBy: 'deploy' }), pending('2', 'users', 'pending')]);
    expect(table(undefined, by).slice(2, 5)).toEqual([
      'VERSION  NAME            STATE    APPLIED AT (UTC)     MS  APPLIED BY',
      '0001     initial_schema  applied  2026-11-22 09:30:00  38  deploy',
      '0002     users           pending  –                     –  –',
    ]);
    const head = (columns: number) => table(columns, by).find((line) => line.startsWith('VERSION'));
    expect(head(69)).toMatch(/APPLIED BY$/);
    expect(head(68)).toMatch(/MS$/);
  });

  it('fits every terminal that is wide enough for a name and its state', () => {
    for (let columns = 36; columns <= 120; columns++) {
      for (const line of table(columns)) expect(widthOf(line), `${columns}: ${line}`).toBeLessThanOrEqual(columns);
    }
  });

  it('says how to go on when something is pending and nothing else is wrong', () => {
    const newer = { ...status([applied('1', 'a'), applied('2', 'b', { state: 'missing' })]), ahead: ['2'] };
    expect(table(80, newer).at(-1)).toBe('the database is ahead of this folder: 0002 was applied from a newer one');
    const one = status([applied('1', 'a'), pending('2', 'b', 'pending')]);
    expect(table(80, one).slice(-2)).toEqual([
      '1 applied · 1 pending · the database is at 0001',
      'amelia-db migrate applies what is pending',
    ]);
  });

  it('says how to begin when there is nothing', () => {
    expect(table(80, status([])).slice(-2)).toEqual([
      'no migrations in migrations, and none applied',
      'begin with: amelia-db new NAME',
    ]);
  });

  it('pads no versions where files have no zeros', () => {
    const dated = status([applied('20261122093000', 'a', { path: 'm/20261122093000_a.sql' })]);
    expect(table(undefined, dated)[3]).toMatch(/^20261122093000 {2}a /);
  });
});
