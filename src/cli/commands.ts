// The commands by name: what each needs and where its module is, loaded when it is called.
import type { CommonOptions } from './config.ts';
import type { Opening } from '../report/reporter.ts';
import type { Task } from './run.ts';

export const commandNames = [
  'migrate',
  'status',
  'wait',
  'verify',
  'contract',
  'check',
  'new',
  'rollback',
  'baseline',
  'repair',
  'doctor',
  'explain',
  'completion',
] as const;

export type CommandName = (typeof commandNames)[number];
/** The one that is answered with a text about the program, before any setting is read. */
export type TextName = 'completion';
type RunName = Exclude<CommandName, TextName>;

/** A command as it was written. */
export interface Invocation {
  readonly command: RunName;
  readonly args: readonly string[];
  readonly options: CommonOptions & CommandOptions;
}

/** The options that only some commands have. */
export interface CommandOptions {
  readonly to?: string;
  readonly dryRun?: boolean;
  readonly outOfOrder?: boolean;
  readonly ignoreForeignHistory?: boolean;
  readonly wait?: string;
  readonly for?: string;
  readonly timeout?: string;
  readonly lockWait?: string;
  readonly maxVictims?: string;
  readonly lockRetries?: string;
  readonly check?: boolean;
  readonly verify?: boolean;
  readonly contract?: string;
  readonly write?: boolean;
  readonly force?: boolean;
  readonly live?: boolean;
  readonly data?: boolean;
  readonly strict?: boolean;
  readonly schema?: readonly string[];
  readonly format?: readonly string[];
  readonly base?: string;
  readonly transaction?: boolean;
  readonly timestamp?: boolean;
  readonly withRollback?: boolean;
  readonly steps?: string;
  readonly acceptModified?: readonly string[];
  readonly resolve?: readonly string[];
}

export interface Command {
  /** Which settings are read and checked before the task runs. */
  readonly needs: 'database' | 'folder';
  /** What it does first, where that is not to open the database. */
  readonly opening?: Opening;
  /** Checks the command's own arguments and options (throws `usage.invalid`, `config.invalid`) and says what to do. */
  readonly prepare: (invocation: Invocation) => Task;
}

const modules: Record<RunName, () => Promise<Command>> = {
  migrate: () => import('./commands/migrate.ts'),
  status: () => import('./commands/status.ts'),
  wait: () => import('./commands/wait.ts'),
  verify: () => import('./commands/verify.ts'),
  contract: () => import('./commands/contract.ts'),
  check: () => import('./commands/check.ts'),
  new: () => import('./commands/new.ts'),
  rollback: () => import('./commands/rollback.ts'),
  baseline: () => import('./commands/baseline.ts'),
  doctor: () => import('./commands/doctor.ts'),
  repair: () => import('./commands/repair.ts'),
  explain: () => import('./commands/explain.ts'),
};

export const loadCommand = (name: RunName): Promise<Command> => modules[name]();
