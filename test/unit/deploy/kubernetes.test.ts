// Every manifest that is shipped or shown: of the schema, with every field spelt right, and as strict as it says it is.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { catalogue } from '../../../src/catalogue.ts';
import { parseArguments } from '../../../src/cli/program.ts';
import { judge, type Manifest } from './manifests.ts';

interface Container {
  name: string;
  image: string;
  args?: string[];
  securityContext?: unknown;
  resources?: { requests?: unknown; limits?: unknown };
}

interface PodSpec {
  securityContext?: unknown;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  initContainers?: Container[];
  containers: Container[];
  volumes?: { secret?: { defaultMode?: number } }[];
}

interface Workload extends Manifest {
  spec: {
    template: { spec: PodSpec };
    podFailurePolicy?: { rules: { action: string; onExitCodes?: { values: number[] } }[] };
  };
}

/** As kubectl reads them: YAML 1.1, where 0440 is octal. */
const parse = (text: string) =>
  parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS() as Manifest);
const folder = 'deploy/kubernetes';
const shipped = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) => parse(readFileSync(`${folder}/${name}`, 'utf8')).map((manifest) => ({ name, manifest })));
const shown = [...readFileSync('docs/kubernetes.md', 'utf8').matchAll(/```yaml\n([^]*?)```/g)]
  .flatMap(([, text]) => parse(text ?? ''))
  .map((manifest) => ({ name: 'docs/kubernetes.md', manifest }));
const all = [...shipped, ...shown];
const workloads = all.map(({ manifest }) => manifest as Workload).filter(({ spec }) => spec?.template !== undefined);
const pods = workloads.map(({ spec }) => spec.template.spec);
const containers = pods.flatMap((pod) => [...(pod.initContainers ?? []), ...pod.containers]);

/** Objects whose keys are anybody's names. */
const maps = ['labels', 'annotations', 'matchLabels', 'requests', 'limits', 'data'];

/** The manifest once for each of its fields, with that one misspelt. */
function misspelt(manifest: Manifest): { path: string; manifest: Manifest }[] {
  const found: { path: string; manifest: Manifest }[] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (!Array.isArray(value) && !maps.includes(String(path.at(-1)))) {
        const copy = structuredClone(manifest);
        const parent = path.reduce((at, step) => (at as Record<string | number, unknown>)[step], copy as unknown);
        const fields = parent as Record<string, unknown>;
        delete fields[key];
        fields[`${key}z`] = child;
        if (path.length > 0 || (key !== 'kind' && key !== 'apiVersion'))
          found.push({ path: [...path, key].join('.'), manifest: copy });
      }
      visit(child, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  visit(manifest, []);
  return found;
}

describe('the manifests', () => {
  it('are what Kubernetes takes', () => {
    expect(all.map(({ manifest }) => manifest.kind)).toEqual(expect.arrayContaining(['Job', 'Deployment']));
    const problems = judge(all.map(({ manifest }) => manifest));
    expect(all.map(({ name, manifest: { kind } }, i) => ({ name, kind, problems: problems[i] }))).toEqual(
      all.map(({ name, manifest: { kind } }) => ({ name, kind, problems: [] })),
    );
  });

  it('would not be, with any one field misspelt', () => {
    const wrong = shipped.flatMap(({ manifest }) => misspelt(manifest));
    expect(wrong.length).toBeGreaterThan(150);
    const problems = judge(wrong.map(({ manifest }) => manifest));
    expect(wrong.filter((_, i) => problems[i]?.length === 0).map(({ path }) => path)).toEqual([]);
  }, 120_000);

  it('would not be, with a value of another type', () => {
    const [job] = shipped.map(({ manifest }) => manifest).filter(({ kind }) => kind === 'Job');
    const wrong = { ...job, spec: { ...(job as Workload).spec, backoffLimit: 'three' } } as unknown as Manifest;
    expect(judge([wrong])[0]).toContainEqual(expect.stringContaining('backoffLimit'));
  });

  it('let no container be root, write to its file system, or gain a right', () => {
    expect(pods.length).toBeGreaterThan(2);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, fsGroup: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { secret } of pod.volumes ?? []) if (secret) expect(secret.defaultMode).toBe(0o440);
    }
    for (const container of containers) {
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: { requests: expect.anything() as unknown, limits: expect.anything() as unknown },
      });
    }
  });

  it('give amelia-db arguments that it knows', () => {
    const own = containers.filter(({ image }) => image.includes('migrations'));
    expect(own.map(({ args }) => args?.[0])).toEqual(expect.arrayContaining(['migrate', 'wait']));
    for (const { args = [] } of own) expect(parseArguments(args, { version: '0' }).kind).toBe('command');
  });

  it('try again what another try can mend, and nothing else', () => {
    const rules = workloads.flatMap(({ spec }) => spec.podFailurePolicy?.rules ?? []);
    const final = rules.flatMap(({ action, onExitCodes }) => (action === 'FailJob' ? (onExitCodes?.values ?? []) : []));
    const exits = [...new Set(Object.values(catalogue).map(({ exitStatus }) => exitStatus))].sort((a, b) => a - b);
    // A lock that was not had in time, a database that is not there, an eviction: these pass.
    expect(exits.filter((exit) => !final.includes(exit))).toEqual([1, 5, 6, 129, 130, 143]);
    expect(exits).toEqual(expect.arrayContaining(final));
  });
});
