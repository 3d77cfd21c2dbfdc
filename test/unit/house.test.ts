// Holds src/ to the house's rules: who may import whom, no cycles, no process-wide effects, no huge files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

interface Import {
  /** A file of src/, or a package or a module of Node.js. */
  readonly to: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

interface Module {
  readonly file: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Calls and constructions that src/ does without, as they are written. */
  readonly forbidden: readonly string[];
}

const modules = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort()
  .map(readModule);

function readModule(file: string): Module {
  const text = readFileSync(join(src, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const forbidden: string[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean, dynamic = false): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const { text: name } = specifier;
    imports.push({ to: name.startsWith('.') ? normalize(join(dirname(file), name)) : name, typeOnly, dynamic });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false, true);
    } else if (ts.isCallExpression(node) && /^(process\.exit|console\.\w+)$/.test(node.expression.getText())) {
      forbidden.push(`${node.expression.getText()}(`);
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'Error') forbidden.push('new Error(');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { file, lines: text.trimEnd().split('\n').length, imports, forbidden };
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  const { namedBindings } = clause;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return (
    clause.name === undefined &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

interface Room {
  readonly holds: RegExp;
  /** What its files may import: files of src/, packages, modules of Node.js. */
  readonly values: readonly RegExp[];
  /** What they may import besides, as types. */
  readonly types?: readonly RegExp[];
}

const errors = /^(errors|catalogue)\.ts$/;
const events = /^events\.ts$/;
const regularFile = /^regular-file\.ts$/;
const someTypes = [/^migration\/types\.ts$/, /^(schema|check)\/model\.ts$/];
const node = /^node:/;

// The table of the house, room by room. A file is in the first room that holds it.
const rooms: readonly Room[] = [
  { holds: errors, values: [errors], types: [events, ...someTypes] },
  { holds: events, values: [], types: someTypes },
  { holds: regularFile, values: [/^node:fs$/] },
  { holds: /^migration\/discover\.ts$/, values: [/^migration\//, errors, regularFile, /^node:(fs|path)$/] },
  { holds: /^migration\/checksum\.ts$/, values: [/^migration\//, errors, /^node:crypto$/] },
  { holds: /^migration\//, values: [/^migration\//, errors, /^node:(path|buffer)$/] },
  {
    holds: /^database\/(failure|run)\.ts$/,
    values: [/^database\//, errors, node, /^migration\/(location|extensions|secrets)\.ts$/],
    types: [events, ...someTypes],
  },
  {
    holds: /^database\/embedded\.ts$/,
    values: [/^database\//, errors, node, /^nanotar$/, /^@electric-sql\//],
    types: [events, ...someTypes],
  },
  {
    holds: /^database\/(stepwise|healing)\.ts$/,
    values: [/^database\//, errors, /^migration\/(checksum|effect)\.ts$/],
    types: someTypes,
  },
  { holds: /^database\/record\.ts$/, values: [/^database\//, /^\.\.\/package\.json$/] },
  {
    holds: /^database\/driver\.ts$/,
    values: [errors, node, /^postgres$/],
    types: [events, /^database\/(target|server-error)\.ts$/],
  },
  {
    holds: /^database\//,
    values: [/^database\//, errors, regularFile, node, /^migration\/secrets\.ts$/],
    types: [events, ...someTypes],
  },
  {
    holds: /^schema\//,
    values: [/^schema\//, /^database\/(identifiers|search-path)\.ts$/, errors],
    types: [/^database\/session\.ts$/, events, ...someTypes],
  },
  {
    holds: /^verify\//,
    values: [/^(verify|schema)\//, /^database\/search-path\.ts$/, /^libpg-query$/, errors],
    types: [/^(database\/session|options)\.ts$/, events, ...someTypes],
  },
  {
    holds: /^check\//,
    values: [
      /^(check|verify|schema|database|migration)\//,
      /^(migrator|verification|scratch|errors)\.ts$/,
      regularFile,
      node,
    ],
    types: [events, /^options\.ts$/],
  },
  {
    holds: /^report\//,
    values: [/^report\//, errors, /^migration\/(location|secrets|secret-words)\.ts$/, /^string-width$/],
    types: [events, ...someTypes],
  },
  {
    holds: /^cli\//,
    values: [
      /^(cli|report|check|verify|schema|database|migration)\//,
      /^(migrator|verification|errors)\.ts$/,
      regularFile,
      node,
      /^\.\.\/package\.json$/,
    ],
    types: [events, /^options\.ts$/],
  },
  {
    holds: /^(verification|scratch)\.ts$/,
    values: [/^(schema|verify|database|migration)\//, /^(migrator|workspace|scratch|errors)\.ts$/, regularFile, node],
    types: [events, /^options\.ts$/],
  },
  { holds: /^modified\.ts$/, values: [/^(migration\/|check\/git)/, errors] },
  // The files beside the rooms: the migrator, its results, the library's surface.
  {
    holds: /^[^/]+\.ts$/,
    values: [
      /^(migration|database)\//,
      /^(migrator|modified|workspace|works|edits|lost-answer|results|verification|doctor|wait|errors)\.ts$/,
      /^node:timers\/promises$/,
    ],
    types: [events, /^options\.ts$/, ...someTypes],
  },
];

/** Packages that exactly one place knows. */
const soleImporters: Readonly<Record<string, RegExp>> = {
  chalk: /^report\/style\.ts$/,
  ora: /^report\/terminal\.ts$/,
  'string-width': /^report\/width\.ts$/,
  commander: /^cli\/(common-options|program|help|completion)\.ts$/,
  postgres: /^database\//,
  yaml: /^schema\/contract\.ts$/,
  '@electric-sql/pglite': /^database\/embedded/,
};

/** Packages that the path with nothing to do must not load. */
const onlyWhenAskedFor = /^(@electric-sql\/.*|nanotar|yaml|libpg-query|chalk|string-width)$/;

describe('src/', () => {
  it('is read', () => {
    expect(modules.length).toBeGreaterThan(40);
    expect(modules.flatMap(({ imports }) => imports).some(({ dynamic }) => dynamic)).toBe(true);
  });

  it('has only the arrows that the house allows', () => {
    const wrong = modules.flatMap(({ file, imports }) => {
      const room = rooms.find(({ holds }) => holds.test(file));
      return imports
        .filter(({ to, typeOnly }) => {
          const sole = soleImporters[to];
          if (sole?.test(file) === true) return false;
          if (room === undefined || sole !== undefined) return true;
          return ![...room.values, ...(typeOnly ? (room.types ?? []) : [])].some((allowed) => allowed.test(to));
        })
        .map(({ to, typeOnly }) => `${file} → ${to}${typeOnly ? ' (types)' : ''}`);
    });
    expect(wrong).toEqual([]);
  });

  it('loads what is heavy only when it is asked for', () => {
    const wrong = modules.flatMap(({ file, imports }) =>
      imports
        .filter(({ to, typeOnly, dynamic }) => onlyWhenAskedFor.test(to) && !typeOnly && !dynamic)
        .map(({ to }) => `${file} → ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('answers --version with nothing else loaded', () => {
    const main = modules.find(({ file }) => file === 'cli/main.ts');
    const loaded = main?.imports.filter(({ typeOnly, dynamic }) => !typeOnly && !dynamic).map(({ to }) => to);
    expect(loaded).toEqual(['../package.json']);
  });

  it('has no cycle', () => {
    const arrows = new Map(
      modules.map(({ file, imports }) => [file, imports.filter((i) => !i.typeOnly && !i.dynamic).map(({ to }) => to)]),
    );
    const finished = new Set<string>();
    const cycles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || finished.has(file)) return;
      for (const to of arrows.get(file) ?? []) walk(to, [...path, file]);
      finished.add(file);
    };
    for (const { file } of modules) walk(file, []);
    expect(cycles).toEqual([]);
  });

  it('never ends the process, prints by itself or throws an error without a code', () => {
    expect(modules.flatMap(({ file, forbidden }) => forbidden.map((what) => `${file}: ${what}`))).toEqual([]);
  });

  it('has no file with two subjects (over 300 lines); the catalogue is a list', () => {
    const long = modules.filter(({ file, lines }) => lines > 300 && file !== 'catalogue.ts');
    expect(long.map(({ file, lines }) => `${file}: ${lines} lines`)).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const names = modules.map(({ file }) => relative('.', file));
    expect(names.filter((name) => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/.test(name))).toEqual([]);
  });
});
