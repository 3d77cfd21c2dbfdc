import { expect, test } from 'vitest';
import { inner, StatementList } from '../../../src/migration/statements.ts';
import type { Statement } from '../../../src/migration/types.ts';

const list = (statements: Statement[]) => {
  const packed = new StatementList();
  for (const statement of statements) packed.push(statement);
  return packed;
};

test('a list gives back what was put in, far beyond what it first had room for', () => {
  const statements = Array.from({ length: 140_000 }, (_, i): Statement => {
    const plain = { start: i * 10, end: i * 10 + 9 };
    if (i % 100 === 7) return { ...plain, control: 'begin' };
    if (i % 100 === 9) return { ...plain, barrier: 'rollback-to' };
    if (i % 100 === 8) return { ...plain, copyData: { start: i * 10 + 5, end: i * 10 + 6 } };
    return plain;
  });
  const packed = list(statements);
  expect(packed).toHaveLength(140_000);
  expect([...packed]).toEqual(statements);
  expect(packed.at(131_107)).toEqual(statements[131_107]);
  expect(packed.at(140_000)).toBeUndefined();
  expect(packed.at(-1)).toBeUndefined();
});

test('the inner statements are those without the first and the last, each with what it had', () => {
  const copy: Statement = { start: 7, end: 9, copyData: { start: 10, end: 12 } };
  const wrapped = list([{ start: 0, end: 5, control: 'begin' }, copy, { start: 20, end: 26, control: 'commit' }]);
  expect([...inner(wrapped)]).toEqual([copy]);
  expect(wrapped).toHaveLength(3);
});
