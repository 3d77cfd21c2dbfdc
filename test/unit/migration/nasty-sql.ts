// Generators of SQL that is hard to split: fragments for text that need not be SQL at all, and
// statements put together from tokens, most of which PostgreSQL accepts.
import fc from 'fast-check';

const inner = [
  "'", "''", '"', '""', ';', '\\', "\\'", '$$', '$a$', '$', '--', '/*', '*/', '(', ')', '\n', '\r\n', '\r', ' ', '\t',
  'a', 'e', 'E', 'end', 'begin atomic', '1', 'é', '數', '😀', '\\.', ':', '-', '/', '*',
]; // prettier-ignore
const outer = [
  "E'", "e'", "U&'", 'u&"', "B'", "X'", "N'", '$é$', '$1', 'x$$', 'select ', 'create function f() ', 'begin atomic ', 'case ',
  'end', ';\n', ';;', 'copy t from stdin;\n', '\n\\.\n', '\\restrict x\n', '\ufeff', '-- amelia-db: x\n', '/* ; */', '-- ;\n',
  'set standard_conforming_strings = off;', 'set local standard_conforming_strings to on;', 'begin;', 'commit;', '\f', '\v',
]; // prettier-ignore

/** Text of any kind: fragments of SQL in any order, hardly ever right. */
export const soup = fc.array(fc.constantFrom(...inner, ...outer), { maxLength: 40 }).map((pieces) => pieces.join(''));

const body = fc.array(fc.constantFrom(...inner), { maxLength: 6 }).map((pieces) => pieces.join(''));
const tag = fc.constantFrom('$$', '$a$', '$b$', '$é$', '$_1$');

const literal = fc.oneof(
  body.map((text) => `'${text.replaceAll("'", "''")}'`),
  body.map((text) => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
  body.map((text) => `e'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
  body.map((text) => `U&'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
  body.map((text) => `N'${text.replaceAll("'", "''")}'`),
  fc.constantFrom("B'01'", "x'1F'", "''", "E''", "E'\\\\'"),
  fc.tuple(tag, body).map(([mark, text]) => `${mark}${text.replaceAll('$', '')}${mark}`),
);
const name = fc.oneof(
  fc.constantFrom('a', 'e', 'u', 'x$', 'y$$z', 'é', 'begin', 'atomic', 'copy', 'stdin', 'n1'),
  body.map((text) => `"x${text.replaceAll('"', '""')}"`),
);
const number = fc.constantFrom('1', '1.5', '.5', '1e10', '0x1F', '1_000');

type Tokens = string[];
const list = <T>(item: fc.Arbitrary<T>, minLength = 1, maxLength = 3) => fc.array(item, { minLength, maxLength });
const separated = (items: Tokens[], separator: string) =>
  items.flatMap((item, i) => (i === 0 ? item : [separator, ...item]));

const { statement } = fc.letrec<{ expression: Tokens; statement: Tokens }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    literal.map((text) => [text]),
    name.map((text) => [text]),
    number.map((text) => [text]),
    tie('expression').map((tokens) => ['(', ...tokens, ')']),
    tie('expression').map((tokens) => [...tokens, '::', 'text']),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/', '<@', '->', '||', '@-'), tie('expression'))
      .map(([left, operator, right]) => [...left, operator, ...right]),
    fc
      .tuple(tie('expression'), tie('expression'))
      .map(([when, then]) => ['case', 'when', ...when, 'then', ...then, 'end']),
    name.map((text) => [text, '.', 'end']),
    list(tie('expression')).map((items) => ['array', '[', ...separated(items, ','), ']']),
  ),
  statement: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    list(tie('expression')).map((items) => ['select', ...separated(items, ',')]),
    fc
      .tuple(tie('expression'), name)
      .map(([value, label]) => ['select', ...value, 'as', label, ',', '2', 'end', 'from', label]),
    fc
      .tuple(name, list(tie('expression')))
      .map(([table, values]) => ['insert', 'into', table, 'values', '(', ...separated(values, ','), ')']),
    fc.tuple(name, literal).map(([table, text]) => ['comment', 'on', 'table', table, 'is', text]),
    fc.tuple(name, literal).map(([table, text]) => ['copy', table, 'from', text]),
    literal.map((text) => ['do', text]),
    fc
      .tuple(name, literal)
      .map(([routine, text]) => [
        'create',
        'function',
        routine,
        '(',
        ')',
        'returns',
        'int',
        'language',
        'sql',
        'as',
        text,
      ]),
    fc
      .tuple(fc.boolean(), fc.constantFrom('function', 'procedure'), name, list(tie('statement'), 0))
      .map(([replace, kind, routine, statements]) => [
        'create', ...(replace ? ['or', 'replace'] : []), kind, routine, '(', 'begin', 'int', ')',
        'begin', 'atomic', ...statements.flatMap((tokens) => [...tokens, ';']), 'end',
      ]), // prettier-ignore
    fc
      .tuple(name, list(tie('statement'), 1))
      .map(([table, statements]) => [
        'create',
        'rule',
        'r',
        'as',
        'on',
        'insert',
        'to',
        table,
        'do',
        'also',
        '(',
        ...separated(statements, ';'),
        ')',
      ]),
    fc
      .constantFrom('begin', 'commit', 'start transaction', 'end', 'table a', '')
      .map((text) => (text === '' ? [] : text.split(' '))),
  ),
}));

const blank = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 10, arbitrary: fc.constant(' ') },
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r\n', '\t', '\f', '\r', '\n  ') },
  { weight: 2, arbitrary: fc.constantFrom("-- ;'\n", '-- /* "\r', '/**/', '/* ; */', "/* /* ' */ $$ */", '/*\n-- */') },
);

/** Statements with white space and comments between their tokens, and now and then a token lost or doubled. */
export const almostSql = fc
  .tuple(
    list(statement, 1, 5),
    fc.array(blank, { minLength: 5, maxLength: 40 }),
    fc.option(fc.nat(), { freq: 4 }),
    fc.boolean(),
  )
  .map(([statements, blanks, accident, last]) => {
    const tokens = [...separated(statements, ';'), ...(last ? [';'] : [])];
    if (accident !== null && tokens.length > 0) {
      const index = accident % tokens.length;
      tokens.splice(index, 1, ...(accident % 3 === 0 ? [tokens[index]!, tokens[index]!] : []));
    }
    return tokens.reduce((text, token, i) => {
      const gap = blanks[i % blanks.length]!;
      const touching = gap === '' && /[\w$\u0080-\uffff]$/.test(text) && /^[\w$'"\u0080-\uffff]/.test(token);
      return text + (touching ? ' ' : gap) + token;
    }, '');
  });
