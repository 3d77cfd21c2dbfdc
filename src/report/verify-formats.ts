// `verify` for CI systems: TAP version 14 and JUnit XML, one test a constraint. Pure.
import type { ConstraintResult, Finding, VerifyResult } from '../schema/model.ts';
import { onOneLine } from './width.ts';
import { xml } from './xml.ts';

interface Case {
  readonly group: string;
  readonly name: string;
  readonly failure: string | null;
  /** Why it was not tried to the end. */
  readonly skipped: string | null;
  readonly said: readonly string[];
}

/** Each constraint is a test; so is each problem that is no constraint's. */
function casesOf({ constraints, problems }: VerifyResult): Case[] {
  const covered = new Set(constraints.map(({ table, name }) => `${table} ${name}`));
  const others = problems.filter(({ table, name }) => !covered.has(`${table} ${name}`));
  return [...constraints.map(caseOf), ...others.map(problemCase)];
}

const caseOf = ({ table, name, kind, proof, problems, reason, evidence }: ConstraintResult): Case => ({
  group: table,
  name: `${table} ${name} (${kind})`,
  failure: proof === 'failed' ? problems.join('; ') || 'does not hold' : null,
  skipped: proof === 'unproven' ? (reason ?? 'unproven') : null,
  said: evidence,
});

const problemCase = ({ table, kind, name, message }: Finding): Case => ({
  group: table ?? kind,
  name: `${table === null ? '' : `${table} `}${name} (${kind})`,
  failure: message,
  skipped: null,
  said: [],
});

/** TAP: what is unproven is a test to be done. */
export function tapLines(result: VerifyResult): string[] {
  const clean = (text: string): string => onOneLine(text).replaceAll('#', '\\#');
  const cases = casesOf(result);
  return [
    'TAP version 14',
    `1..${cases.length}`,
    ...cases.flatMap(({ name, failure, skipped, said }, i) => [
      `${failure === null && skipped === null ? 'ok' : 'not ok'} ${i + 1} - ${clean(name)}${skipped === null ? '' : ` # TODO unproven: ${clean(skipped)}`}`,
      ...(failure === null ? said : [failure]).map((line) => `# ${onOneLine(line)}`),
    ]),
  ];
}

/** JUnit's XML: one suite a table; what is unproven is skipped. */
export function junitLines(result: VerifyResult): string[] {
  const cases = casesOf(result);
  const groups = [...new Set(cases.map(({ group }) => group))];
  const counts = (list: readonly Case[]): string =>
    `tests="${list.length}" failures="${list.filter(({ failure }) => failure !== null).length}" skipped="${list.filter(({ skipped }) => skipped !== null).length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="amelia-db verify" ${counts(cases)}>`,
    ...groups.flatMap((group) => {
      const own = cases.filter((each) => each.group === group);
      return [`  <testsuite name="${xml(group)}" ${counts(own)}>`, ...own.map(junitCase), '  </testsuite>'];
    }),
    '</testsuites>',
  ];
}

function junitCase({ group, name, failure, skipped }: Case): string {
  const open = `    <testcase classname="${xml(group)}" name="${xml(name)}"`;
  if (failure !== null) return `${open}><failure message="${xml(failure)}"/></testcase>`;
  return skipped === null ? `${open}/>` : `${open}><skipped message="${xml(skipped)}"/></testcase>`;
}
