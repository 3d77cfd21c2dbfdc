// `check` as JUnit's XML: a test for each migration, for the contract and for any other file that has a finding. Pure.
import type { CheckFinding, CheckResult } from '../check/model.ts';
import { messageOf } from './check-github.ts';
import { xml } from './xml.ts';

/** The lines of the file. Warnings do not fail a test; they are its output. */
export function junitReport(result: CheckResult): string[] {
  const { findings, migrations, contract, ms } = result;
  const byFile = new Map<string, CheckFinding[]>();
  for (const { file } of migrations) byFile.set(file, []);
  if (contract !== null) byFile.set(contract, []);
  for (const finding of findings) {
    const { file = 'migrations' } = finding;
    byFile.set(file, [...(byFile.get(file) ?? []), finding]);
  }
  const notReplayed = new Set(migrations.filter(({ replayed }) => !replayed).map(({ file }) => file));
  const cases = [...byFile].map(([file, own]) => {
    const failures = own.filter(({ level }) => level === 'error');
    return { file, own, failures, skipped: failures.length === 0 && notReplayed.has(file) };
  });
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const skipped = cases.filter((each) => each.skipped).length;
  const counts = `tests="${cases.length}" failures="${failed}" errors="0" skipped="${skipped}" time="${(ms / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="amelia-db check" ${counts}>`,
    `  <testsuite name="amelia-db check" ${counts}>`,
    ...cases.flatMap(({ file, own, failures, skipped }) => {
      const line = own[0]?.error.location?.line;
      const at = line === undefined ? '' : ` line="${line}"`;
      const inside = [
        // JUnit has one failure a test.
        ...(failures.length === 0 ? [] : [failureOf(failures, file)]),
        ...(skipped ? ['      <skipped message="not replayed: one before it does not run"/>'] : []),
        ...own
          .filter(({ level }) => level === 'warning')
          .map((finding) => `      <system-out>${xml(`warning: ${messageOf(finding)}`)}</system-out>`),
      ];
      const open = `    <testcase classname="amelia-db.check" name="${xml(file)}" file="${xml(file)}"${at}`;
      return inside.length === 0 ? [`${open}/>`] : [`${open}>`, ...inside, '    </testcase>'];
    }),
    '  </testsuite>',
    '</testsuites>',
  ];
}

function failureOf(failures: readonly CheckFinding[], file: string): string {
  const [first] = failures;
  const text = failures.map((finding) => {
    const { location, code } = finding.error;
    return `${file}:${location?.line ?? 1}:${location?.column ?? 1} ${code}\n${messageOf(finding)}`;
  });
  return `      <failure type="${xml(first?.error.code ?? '')}" message="${xml(first?.error.message ?? '')}">${xml(text.join('\n\n'))}</failure>`;
}
