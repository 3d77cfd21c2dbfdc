// Puts the three answers together for every constraint: present, enforced, proven. Reads the target, tries on
// the scratch server; only `live` tries on the target, in a transaction that is rolled back.
import type { Session } from '../database/session.ts';
import type { VerifyOptions } from '../options.ts';
import { readSchema } from '../schema/catalog.ts';
import { compareContract } from '../schema/contract-compare.ts';
import type { Contract } from '../schema/contract.ts';
import { compareSchemas, type Comparison } from '../schema/compare.ts';
import type {
  Constraint,
  ConstraintResult,
  Finding,
  FindingKind,
  Index,
  RelationName,
  Schema,
  VerifyPhase,
  VerifyResult,
} from '../schema/model.ts';
import { display } from '../schema/sql.ts';
import { countViolations } from './data.ts';
import { readEnforcement } from './enforcement.ts';
import { judgeWith } from './meaning.ts';
import { prove, proveLive, targetsOf, type ProofResult, type Target } from './prove.ts';

/** What is asked of the schema, and the contract that it must keep. */
export interface Questions extends Omit<VerifyOptions, 'contractFile'> {
  readonly contract: Contract | undefined;
  readonly onPhase?: (phase: VerifyPhase['name']) => void;
}

/** A database: a session with it, and the tool's own tables in it. */
export interface Place {
  readonly session: Session;
  readonly without: readonly RelationName[];
}

const parts: Readonly<Record<NonNullable<VerifyOptions['part']>, readonly FindingKind[]>> = {
  checks: ['check'],
  'foreign-keys': ['foreign-key'],
  indexes: ['unique', 'primary-key', 'exclusion', 'unique-index', 'index'],
};

export type Verified = Pick<VerifyResult, 'summary' | 'constraints' | 'problems' | 'warnings' | 'phases'>;

/** Verifies the target's schema against the scratch database's, which has what the migrations produce. */
export async function verifySchema(target: Place, scratch: Place, options: Questions): Promise<Verified> {
  const phases: VerifyPhase[] = [];
  const timed = async <T>(name: VerifyPhase['name'], task: () => Promise<T>): Promise<T> => {
    options.onPhase?.(name);
    const begun = performance.now();
    const result = await task();
    phases.push({ name, ms: Math.round(performance.now() - begun) });
    return result;
  };
  const wanted = ({ kind }: { readonly kind: FindingKind }): boolean =>
    options.part === undefined || parts[options.part].includes(kind);
  const { schemas } = options;
  const [expected, found] = await timed('catalog', async () =>
    Promise.all([
      readSchema(scratch.session, { schemas, without: scratch.without }),
      readSchema(target.session, { schemas, without: target.without }),
    ]),
  );
  const comparison = await timed('compare', () =>
    compareSchemas(scratch.session, expected, found, judgeWith(scratch.session, expected)),
  );
  const enforcement = readEnforcement(expected, found);
  const targets = targetsOf(expected).filter(wanted);
  const proofs = await timed('prove', () => prove(scratch.session, expected, targets));
  const problems: Finding[] = [...comparison.problems, ...enforcement.problems];
  const warnings: Finding[] = [...comparison.warnings, ...enforcement.warnings];
  if (options.contract) {
    const { session } = scratch;
    const both = { expected, found };
    const contract = narrowed(options.contract, schemas);
    const broken = await compareContract(session, contract, both, judgeWith(session, expected));
    merge(problems, broken.problems);
  }
  if (options.data) {
    const violations = await countViolations(target.session, found);
    problems.push(...violations.problems);
    warnings.push(...violations.warnings);
  }
  const standing = targets.filter((target) => isPresent(target, comparison, problems));
  const live = options.live
    ? await timed('live', () => proveLive(target.session, scratch.session, expected, standing))
    : new Map<Target, ProofResult>();
  if (options.live) warnings.push(...firedTriggers(found));
  const constraints = targets.map((each) =>
    resultOf(each, comparison, [...problems], [...warnings], proofs.get(each), live.get(each)),
  );
  constraints.forEach((result, i) => {
    const at = {
      code: 'verify.not-refused',
      kind: result.kind,
      table: result.table,
      name: result.name,
      expected: result.definition,
      found: null,
    } as const;
    const each = targets[i] as Target;
    const shown = live.get(each)?.proof === 'failed' ? live.get(each) : proofs.get(each);
    if (shown?.proof === 'failed') problems.push({ ...at, message: shown.reason ?? 'does not hold' });
    const tried = live.get(each);
    if (tried?.proof === 'unproven')
      warnings.push({ ...at, code: 'verify.not-live', message: `not tried live: ${tried.reason}` });
    for (const message of proofs.get(each)?.warnings ?? []) {
      warnings.push({
        ...at,
        code: message.startsWith('no index') ? 'verify.no-index' : 'verify.null-passes',
        message,
      });
    }
  });
  const kept = problems.filter(wanted).sort((a, b) => weight(a) - weight(b));
  const told = warnings.filter(wanted);
  const count = (proof: ConstraintResult['proof']): number =>
    constraints.filter((result) => result.proof === proof).length;
  return {
    summary: {
      constraints: constraints.length,
      proven: count('proven'),
      failed: count('failed'),
      unproven: count('unproven'),
      warnings: told.length,
      problems: kept.length,
    },
    constraints,
    problems: kept,
    warnings: told,
    phases,
  };
}

/** What the contract says of these schemas. */
function narrowed({ tables }: Contract, schemas: readonly string[] | undefined): Contract {
  const isAsked = (name: string): boolean => schemas?.includes(/^(.*)\./.exec(name)?.[1] ?? 'public') ?? true;
  return { tables: Object.fromEntries(Object.entries(tables).filter(([name]) => isAsked(name))) };
}

/** Adds what the contract says to the problem that is known already, or as a problem of its own. */
function merge(problems: Finding[], broken: readonly Finding[]): void {
  for (const finding of broken) {
    const { table, kind, name, message } = finding;
    const at = problems.findIndex((each) => each.table === table && each.kind === kind && each.name === name);
    const known = problems[at];
    if (known) problems[at] = { ...known, message: `${known.message}; ${message}` };
    else problems.push(finding);
  }
}

const stands = ({ counterparts, changed }: Comparison, item: Constraint | Index | null): boolean =>
  item !== null && counterparts.has(item) && !changed.has(item);

/** A domain is compared as a whole. */
function isPresent(
  { table, constraint, index }: Target,
  comparison: Comparison,
  problems: readonly Finding[],
): boolean {
  if (table.kind !== 'domain') return stands(comparison, constraint ?? index);
  return !problems.some(({ kind, name }) => kind === 'domain' && name === display(table));
}

/** What people look for first. */
function weight({ code, kind }: Finding): number {
  const codes = [
    'verify.missing',
    'verify.different',
    'verify.not-shown-equal',
    'verify.not-enforced',
    'verify.disabled',
    'verify.invalid-index',
    'verify.not-validated',
  ];
  const position = codes.indexOf(code);
  return (position === -1 ? codes.length : position) + (kind === 'index' || kind === 'sequence' ? 10 : 0);
}

function resultOf(
  target: Target,
  comparison: Comparison,
  problems: readonly Finding[],
  warnings: readonly Finding[],
  proof: ProofResult | undefined,
  live: ProofResult | undefined,
): ConstraintResult {
  const { kind, name, columns, definition, constraint, index } = target;
  const item = constraint ?? index;
  const table = display(target.table);
  const present = isPresent(target, comparison, problems);
  const foundName = (item && comparison.counterparts.get(item)?.name) ?? name;
  const about = (finding: Finding): boolean =>
    finding.table === table &&
    (finding.name === name || finding.name === foundName) &&
    finding.kind !== 'column' &&
    finding.kind !== 'trigger';
  const own = problems.filter(about);
  const enforced =
    present &&
    !own.some(({ code }) =>
      ['verify.not-enforced', 'verify.disabled', 'verify.invalid-index', 'verify.not-validated'].includes(code),
    );
  const shown = live?.proof === 'failed' ? live : proof;
  const holds = present && enforced && own.length === 0;
  return {
    kind,
    table,
    name,
    columns,
    definition,
    present,
    enforced,
    proof: holds ? (shown?.proof ?? 'unproven') : 'failed',
    evidence: holds
      ? [...(proof?.evidence ?? []), ...(live?.proof === 'proven' ? ['live: the same on the target, rolled back'] : [])]
      : [],
    reason: holds ? (shown?.reason ?? null) : null,
    problems: [
      ...own.map(({ message }) => message),
      ...(holds && shown?.proof === 'failed' ? [shown.reason ?? 'does not hold'] : []),
    ],
    warnings: [
      ...warnings.filter(about).map(({ message }) => message),
      ...(proof?.warnings ?? []),
      ...(live?.proof === 'unproven' ? [`not tried live: ${live.reason}`] : []),
    ],
  };
}

/** What fires when rows are tried on the target. */
function firedTriggers(found: Schema): Finding[] {
  return found.tables.flatMap((table) =>
    table.triggers
      .filter(({ enabled }) => enabled === 'origin' || enabled === 'always')
      .map(({ name, function: called }) => ({
        code: 'verify.trigger-fires' as const,
        kind: 'trigger' as const,
        table: display(table),
        name,
        message: `fires during the live proof, and is rolled back with it: ${called}`,
        expected: null,
        found: null,
      })),
  );
}
