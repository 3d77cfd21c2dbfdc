// What is looked up after a statement that cannot run in a transaction was interrupted.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { interruptions } from '../../../src/database/healing.ts';
import { readEffect } from '../../../src/migration/effect.ts';

const effectOf = (sql: string) => readEffect(Buffer.from(sql), 0, Buffer.byteLength(sql));

it.each([
  [
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY a.t (x)',
    { kind: 'create-index', index: 'i', table: 'a.t' },
  ],
  ['create index /* so */ concurrently "I" on "T" (x)', { kind: 'create-index', index: '"I"', table: '"T"' }],
  ['CREATE INDEX CONCURRENTLY ON t (x)', { kind: 'unknown' }],
  ['DROP INDEX CONCURRENTLY IF EXISTS a.i CASCADE', { kind: 'drop-index', index: 'a.i' }],
  ['REINDEX INDEX CONCURRENTLY a.i', { kind: 'reindex', scope: 'index', name: 'a.i' }],
  ['REINDEX (VERBOSE, CONCURRENTLY) TABLE t', { kind: 'reindex', scope: 'table', name: 't' }],
  ['REINDEX SCHEMA CONCURRENTLY s', { kind: 'reindex', scope: 'schema', name: 's' }],
  ['REINDEX DATABASE CONCURRENTLY d', { kind: 'reindex', scope: 'database', name: 'd' }],
  ['REINDEX DATABASE CONCURRENTLY', { kind: 'reindex', scope: 'database', name: '' }],
  ['REINDEX DATABASE d', { kind: 'repeatable' }],
  ['REINDEX SYSTEM d', { kind: 'repeatable' }],
  [
    'ALTER TABLE IF EXISTS ONLY a.p DETACH PARTITION a.p1 CONCURRENTLY',
    { kind: 'detach-partition', table: 'a.p', partition: 'a.p1' },
  ],
  ['ALTER TABLE p DETACH PARTITION p1', { kind: 'unknown' }],
  ['VACUUM (FULL) t', { kind: 'repeatable' }],
  ['CLUSTER', { kind: 'repeatable' }],
  ['ALTER SYSTEM SET work_mem = 1', { kind: 'repeatable' }],
  ['ALTER SUBSCRIPTION s REFRESH PUBLICATION', { kind: 'repeatable' }],
  ["CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", { kind: 'unknown' }],
  ['CREATE DATABASE "D"', { kind: 'create-shared', catalog: 'database', name: '"D"' }],
  ['DROP DATABASE IF EXISTS d WITH (FORCE)', { kind: 'drop-shared', catalog: 'database', name: 'd' }],
  ["CREATE TABLESPACE s LOCATION '/s'", { kind: 'create-shared', catalog: 'tablespace', name: 's' }],
  ['ALTER DATABASE d SET TABLESPACE s', { kind: 'move-database', name: 'd', tablespace: 's' }],
  ['ALTER DATABASE d SET work_mem = 1', { kind: 'unknown' }],
  ["COMMIT PREPARED 'x'", { kind: 'finish-prepared', transaction: "'x'" }],
  ['CALL fill()', { kind: 'unknown' }],
])('%s', (sql, effect) => {
  expect(effectOf(sql)).toEqual(effect);
});

it('the documentation has the same table', () => {
  const page = readFileSync(new URL('../../../docs/migrating-safely.md', import.meta.url), 'utf8');
  for (const { statements, leaves, heals } of Object.values(interruptions)) {
    expect(page).toContain(`| ${statements} | ${leaves} | ${heals} |\n`);
  }
});
