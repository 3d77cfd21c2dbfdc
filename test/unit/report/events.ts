// Events and results as the engine makes them, as data.
import type {
  DatabaseInfo,
  MigratorEvent,
  RunResult,
  StatusEntry,
  StatusResult,
  StepResult,
} from '../../../src/events.ts';
import { AmeliaError } from '../../../src/errors.ts';

export const database: DatabaseInfo = { host: 'localhost', port: 5432, name: 'amelia', serverVersion: '17.10' };

export const connected: MigratorEvent = { type: 'connected', database, historyTable: 'public.schema_migrations' };

export const started = (version: string, name: string, statements = 3, transaction = true): MigratorEvent => ({
  type: 'migration-started',
  direction: 'up',
  version,
  name,
  path: `migrations/${version.padStart(4, '0')}_${name}.sql`,
  statements,
  transaction,
});

export const statementStarted = (version: string, index: number, statements = 3): MigratorEvent => ({
  type: 'statement-started',
  version,
  index,
  statements,
  location: { path: 'p', line: 1, column: 1, source: 'select' },
  summary: 'select',
});

export const statementFinished = (version: string, index: number, statements = 3): MigratorEvent => ({
  type: 'statement-finished',
  version,
  index,
  statements,
  ms: 4,
  tag: 'CREATE TABLE',
});

export const step = (version: string, name: string, state: StepResult['state'] = 'applied', ms = 12): StepResult => ({
  version,
  name,
  state,
  statements: 3,
  ms,
});

export const finished = (...of: Parameters<typeof step>): MigratorEvent => ({
  type: 'migration-finished',
  step: step(...of),
  interrupted: false,
});

export const notice = (message: string): MigratorEvent => ({
  type: 'notice',
  version: '5',
  notice: { severity: 'NOTICE', message },
  location: { path: 'migrations/0005_users.sql', line: 2, column: 1, source: '' },
});

export const ran = (to: string | null, ...steps: StepResult[]): RunResult => ({
  database,
  direction: 'up',
  from: '4',
  to,
  steps,
});

export const failure = (result?: RunResult): AmeliaError =>
  new AmeliaError(
    'apply.statement-failed',
    { version: '6', reason: 'column "emial" does not exist', sqlstate: '42703' },
    { location: { path: 'migrations/0006_email.sql', line: 3, column: 8, source: 'select emial' }, result },
  );

export function status(migrations: StatusEntry[], gaps: string[] = []): StatusResult {
  const count = (state: StatusEntry['state']): number => migrations.filter((m) => m.state === state).length;
  return {
    database,
    historyTable: 'public.schema_migrations',
    current: migrations.filter((m) => m.state === 'applied').at(-1)?.version ?? null,
    migrations,
    summary: {
      applied: count('applied'),
      pending: count('pending'),
      modified: count('modified'),
      missing: count('missing'),
      outOfOrder: count('out-of-order'),
      unfinished: count('unfinished'),
    },
    ahead: [],
    gaps,
    running: null,
  };
}
