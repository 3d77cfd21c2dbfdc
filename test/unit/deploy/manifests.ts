// Judges Kubernetes manifests: values by the API's JSON schemas, field names by the types made from the same schemas.
// The schemas let unknown fields pass, as the API server does when it is not asked to be strict; TypeScript does not.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import ts from 'typescript';

export interface Manifest {
  apiVersion: string;
  kind: string;
}

/** What is wrong with each manifest; nothing, for one that a strict API server takes. */
export function judge(manifests: readonly Manifest[]): string[][] {
  const names = misnamed(manifests);
  return manifests.map((manifest, i) => [...invalid(manifest), ...(names[i] ?? [])]);
}

const load = createRequire(import.meta.url);

function invalid(manifest: Manifest): string[] {
  const kinds = load(`kubernetes-models/${manifest.apiVersion}`) as Record<
    string,
    new (manifest: Manifest) => { validate(): void }
  >;
  const Kind = kinds[manifest.kind];
  if (Kind === undefined) return [`${manifest.apiVersion} has no ${manifest.kind}`];
  try {
    new Kind(manifest).validate();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** Each manifest as an object literal of its kind's type: TypeScript refuses properties that the type does not have. */
function misnamed(manifests: readonly Manifest[]): string[][] {
  const file = resolve('manifests-under-test.ts');
  const lines = manifests.map(
    (manifest, i) =>
      `export const m${i}: import('kubernetes-models/${manifest.apiVersion}').I${manifest.kind} = ${JSON.stringify(manifest)};`,
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, lines.join('\n'), ts.ScriptTarget.ES2022) : readFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const problems = manifests.map((): string[] => []);
  for (const { messageText, start, file: source } of ts.getPreEmitDiagnostics(program)) {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    const line = source?.fileName === file ? source.getLineAndCharacterOfPosition(start ?? 0).line : undefined;
    if (line === undefined) throw new Error(`The manifests cannot be judged: ${text}`);
    problems[line]?.push(text);
  }
  return problems;
}
