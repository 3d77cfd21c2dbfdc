// What a branch may do to what its base has, case by case.
import { describe, expect, it } from 'vitest';
import { compareWithBase } from '../../../src/check/base.ts';

type Files = Record<string, string | null>;

const begun: Files = {
  '001_a.sql': 'A;\nA2;\nA3;\n',
  '001_a.down.sql': 'undo A;',
  '002_b.sql': 'B;',
  '010_c.sql': 'C;',
};

/** The branch and its base began with `begun`; null takes a file away. */
function compare(change: Files, meanwhile: Files = {}) {
  const texts = (files: Files) => {
    const left = Object.entries({ ...begun, ...files }).filter(([, text]) => text !== null);
    return new Map(left.map(([name, text]) => [name, Buffer.from(text ?? '')] as const));
  };
  const base = { ref: 'origin/main', commit: '2', mergeBase: '1', fork: texts({}), tip: texts(meanwhile) };
  const { errors, added, newRollbacks } = compareWithBase('db', texts(change), base);
  return {
    says: errors.map(({ code, location }) => `${location?.path}:${location?.line} ${code}`),
    hints: errors.map(({ hint }) => hint),
    added: [...added],
    newRollbacks: [...newRollbacks],
  };
}

describe('a branch', () => {
  it.each<[what: string, change: Files, meanwhile: Files, says: string[]]>([
    ['that changes nothing', {}, {}, []],
    ['that edits a line', { '001_a.sql': 'A;\nother;\nA3;\n' }, {}, ['db/001_a.sql:2 check.modified']],
    ['that adds lines at the end', { '002_b.sql': 'B;\n\nmore;' }, {}, ['db/002_b.sql:2 check.modified']],
    ['that takes lines from the end', { '001_a.sql': 'A;\nA2;' }, {}, ['db/001_a.sql:2 check.modified']],
    ['that changes line ends and adds a byte order mark', { '001_a.sql': '\ufeffA;\r\nA2;\r\nA3;\r\n' }, {}, []],
    ['that edits a rollback', { '001_a.down.sql': 'undo it better;' }, {}, []],
    ['that deletes a migration', { '002_b.sql': null }, {}, ['db/002_b.sql:1 check.deleted']],
    ['that deletes a rollback', { '001_a.down.sql': null }, {}, ['db/001_a.down.sql:1 check.deleted']],
    ['that deletes both', { '001_a.sql': null, '001_a.down.sql': null }, {}, ['db/001_a.sql:1 check.deleted']],
    ['that renames', { '002_b.sql': null, '002_d.sql': 'B;' }, {}, ['db/002_d.sql:1 check.renamed']],
    ['that renames and edits', { '002_b.sql': null, '002_d.sql': 'D;' }, {}, ['db/002_d.sql:1 check.renamed']],
    ['that pads a number', { '002_b.sql': null, '0002_b.sql': 'B;' }, {}, ['db/0002_b.sql:1 check.renamed']],
    ['that renumbers', { '002_b.sql': null, '011_b.sql': 'B;' }, {}, ['db/011_b.sql:1 check.renumbered']],
    ['that adds', { '011_d.sql': 'D;', '011_d.down.sql': 'undo D;' }, {}, []],
    ['that adds below the newest', { '007_d.sql': 'D;' }, {}, ['db/007_d.sql:1 check.out-of-order']],
    ['that adds a number twice', { '10_d.sql': 'D;' }, {}, ['db/10_d.sql:1 check.duplicate-version']],
    ['whose number was taken', { '011_d.sql': 'D;' }, { '11_e.sql': 'E;' }, ['db/011_d.sql:1 check.duplicate-version']],
    ['that is overtaken', { '011_d.sql': 'D;' }, { '012_e.sql': 'E;' }, ['db/011_d.sql:1 check.out-of-order']],
    ['that stays ahead', { '012_d.sql': 'D;' }, { '011_e.sql': 'E;' }, []],
    ['that has the same as was merged', { '011_d.sql': 'D;' }, { '011_d.sql': 'D;' }, []],
    [
      'that has another than was merged',
      { '011_d.sql': 'D;' },
      { '011_d.sql': 'E;' },
      ['db/011_d.sql:1 check.modified'],
    ],
    ['whose base edits what it leaves alone', {}, { '002_b.sql': 'other;' }, []],
    ['whose base edits likewise', { '002_b.sql': 'other;' }, { '002_b.sql': 'other;' }, []],
    ['whose base deletes what it leaves alone', {}, { '010_c.sql': null }, []],
    ['whose base deletes likewise', { '010_c.sql': null }, { '010_c.sql': null }, []],
    [
      'with files that are no migrations',
      { 'README.sql': '', '-1_x.sql': '', '99999999999999999999_x.sql': '' },
      {},
      [],
    ],
  ])('%s', (_, change, meanwhile, says) => {
    expect(compare(change, meanwhile).says).toEqual(says);
  });

  it('is told the next free number, over both sides', () => {
    const { hints } = compare({ '011_d.sql': 'D;', '013_f.sql': 'F;' }, { '012_e.sql': 'E;' });
    expect(hints).toEqual(['rename it to 014_d.sql, and its rollback with it']);
  });

  it('has its new migrations and its new rollbacks tried', () => {
    const { added, newRollbacks } = compare({
      '011_d.sql': 'D;',
      '001_a.down.sql': 'better;',
      '002_b.down.sql': 'undo B;',
    });
    expect(added).toEqual(['011_d.sql']);
    expect(newRollbacks).toEqual(['001_a.down.sql', '002_b.down.sql']);
  });
});
