// `check` as a SARIF 2.1.0 log, for code scanning. Pure.
import type { CheckFinding, CheckResult } from '../check/model.ts';
import { messageOf } from './check-github.ts';
import type { Tool } from './reporter.ts';

/** What stands for the repository's top. */
const top = '%SRCROOT%';

/** The log of one run. */
export function sarifLog(result: CheckResult, tool: Tool): unknown {
  const codes = [...new Set(result.findings.map(({ error }) => error.code))].sort();
  const results = result.findings.map((finding) => resultOf(finding, codes));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'amelia-db',
            version: tool.version,
            informationUri: tool.url,
            rules: codes.map((id) => ({ id, shortDescription: { text: describe(id) }, helpUri: tool.url })),
          },
        },
        automationDetails: { id: 'amelia-db/check/' },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { [top]: { uri: `file://${uri(result.root)}/` } },
        results,
      },
    ],
  };
}

function resultOf(finding: CheckFinding, codes: readonly string[]): unknown {
  const { error, level, file, endLine } = finding;
  const region = {
    startLine: error.location?.line ?? 1,
    startColumn: error.location?.column ?? 1,
    ...(endLine !== undefined && { endLine }),
  };
  return {
    ruleId: error.code,
    ruleIndex: codes.indexOf(error.code),
    level,
    message: { text: messageOf(finding) },
    locations:
      file === undefined
        ? []
        : [{ physicalLocation: { artifactLocation: { uri: uri(file), uriBaseId: top }, region } }],
  };
}

const uri = (path: string): string => {
  const slashed = path.replaceAll('\\', '/');
  return (
    (/^[a-z]:/i.test(slashed) ? '/' : '') +
    slashed
      .replace(/\p{Surrogate}/gu, '\ufffd')
      .split('/')
      .map(encodeURIComponent)
      .join('/')
  );
};

/** `check.out-of-order` says itself what it is. */
const describe = (code: string): string => {
  const words = code.split('.').join(': ').replaceAll('-', ' ');
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
};
