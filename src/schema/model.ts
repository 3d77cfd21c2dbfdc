// The finished schema as plain data, and what verify finds about it. Types only: reports print them,
// `--json` hands them out. Every name is as PostgreSQL keeps it; every definition as it prints it with
// an empty search path.
export type * from './findings.ts';

export type ConstraintKind = 'check' | 'foreign-key' | 'unique' | 'primary-key' | 'exclusion';
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

/** A relation by schema and name. */
export interface RelationName {
  readonly schema: string;
  readonly name: string;
}

export interface Column {
  readonly name: string;
  /** As `format_type` prints it, its modifier included. */
  readonly type: string;
  /** pg_type.typtype: base, composite, domain, enum, range, multirange, pseudo. */
  readonly typeKind: 'b' | 'c' | 'd' | 'e' | 'r' | 'm' | 'p';
  /** pg_type.typcategory: S for strings, N for numbers … */
  readonly category: string;
  /** The element type of an array. */
  readonly element: string | null;
  readonly notNull: boolean;
  /** False for a NOT NULL that PostgreSQL 18 has not validated. */
  readonly notNullValidated: boolean;
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
  readonly generated: 'stored' | 'virtual' | null;
  /** Null for the type's own. */
  readonly collation: string | null;
}

export interface ForeignKeyTarget extends RelationName {
  readonly columns: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
  readonly match: 'simple' | 'full' | 'partial';
  /** Of ON DELETE SET NULL (…), which sets only these. */
  readonly setColumns: readonly string[] | null;
}

export interface Constraint {
  readonly kind: ConstraintKind;
  readonly name: string;
  readonly columns: readonly string[];
  readonly definition: string;
  /** Of a CHECK. */
  readonly expression: string | null;
  readonly noInherit: boolean;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly validated: boolean;
  /** False for PostgreSQL 18's NOT ENFORCED. */
  readonly enforced: boolean;
  /** It is a parent table's (a partition's, or by inheritance). */
  readonly inherited: boolean;
  readonly references: ForeignKeyTarget | null;
  /** Tables on which triggers that carry it out are disabled. */
  readonly disabledOn: readonly string[];
}

export interface IndexKey {
  /** Null for an expression. */
  readonly column: string | null;
  readonly expression: string;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  /** Null for the type's usual one. */
  readonly operatorClass: string | null;
  readonly collation: string | null;
}

export interface Index {
  readonly name: string;
  readonly method: string;
  readonly unique: boolean;
  readonly nullsNotDistinct: boolean;
  readonly keys: readonly IndexKey[];
  readonly include: readonly string[];
  readonly predicate: string | null;
  readonly definition: string;
  readonly valid: boolean;
  readonly ready: boolean;
  readonly live: boolean;
  /** The constraint that it serves. */
  readonly constraint: string | null;
  /** It belongs to a partitioned index of the parent table. */
  readonly inherited: boolean;
}

export interface Trigger {
  readonly name: string;
  readonly definition: string;
  readonly function: string;
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always';
  readonly inherited: boolean;
}

export interface Policy {
  readonly name: string;
  readonly definition: string;
}

export interface Table extends RelationName {
  /** `domain`: one that stands for a domain, see verify/domain.ts. */
  readonly kind: 'table' | 'partitioned table' | 'foreign table' | 'domain';
  readonly persistence: 'permanent' | 'unlogged';
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  readonly partitionKey: string | null;
  readonly partitionBound: string | null;
  /** What a partition's rows satisfy. */
  readonly partitionConstraint: string | null;
  readonly parents: readonly string[];
  readonly columns: readonly Column[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
  readonly triggers: readonly Trigger[];
  readonly policies: readonly Policy[];
  /** Rewrite rules, which may make a statement do something else, or nothing. */
  readonly rules: readonly Policy[];
}

/** Anything that is compared by its definition alone. */
export interface Definition extends RelationName {
  readonly definition: string;
}

export interface Enum extends RelationName {
  readonly type: string;
  readonly labels: readonly string[];
}

export interface Domain extends RelationName {
  readonly type: string;
  readonly base: string;
  readonly baseCategory: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly { readonly name: string; readonly expression: string; readonly validated: boolean }[];
}

export interface Schema {
  /** server_version_num, such as 170010. */
  readonly serverVersion: number;
  readonly tables: readonly Table[];
  readonly views: readonly Definition[];
  readonly functions: readonly Definition[];
  readonly sequences: readonly Definition[];
  readonly enums: readonly Enum[];
  readonly domains: readonly Domain[];
  readonly extensions: readonly string[];
}
