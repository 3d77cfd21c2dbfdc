// Connects, asks the server once, and says what will bite. Where it cannot connect: how far it came. Never writes,
// prints nothing.
import type { Stage } from './database/connect.ts';
import { asRole } from './database/envelope.ts';
import { interruption, isInterruption, unexpectedFailure } from './database/failure.ts';
import { healthQuery, type Facts } from './database/health-query.ts';
import { checkHealth } from './database/health.ts';
import { readHistory } from './database/history.ts';
import { displayTable, quoteTable } from './database/identifiers.ts';
import { Session } from './database/session.ts';
import type { ConnectionTarget } from './database/target.ts';
import { isAmeliaError, type AmeliaError } from './errors.ts';
import type { HealthCheck } from './events.ts';
import type { Examination } from './options.ts';
import type { Workspace } from './workspace.ts';

type Found = Pick<HealthCheck, 'verdict' | 'message' | 'hint'>;

const inConnection = (name: string, found: Found): HealthCheck => ({ area: 'connection', name, ...found });

/** Every check; `failure` is why there is no connection, where there is none. Throws `config.*` and, when aborted, `apply.interrupted`. */
export async function examine(workspace: Workspace): Promise<Examination> {
  const { database, signal } = workspace.settings;
  if (!('target' in database)) {
    const connection = await workspace.open();
    try {
      return await ask(workspace, connection.session, 'this process', []);
    } finally {
      await connection.close();
    }
  }
  const checks: HealthCheck[] = [];
  const heard: { last: Stage['stage'] | 'nothing' } = { last: 'nothing' };
  const onStage = (stage: Stage): void => {
    heard.last = stage.stage;
    checks.push(stageCheck(stage));
  };
  let session: Session;
  try {
    ({ session } = await Session.open(database.target, 'SELECT', { signal, onStage }));
  } catch (error) {
    if (!isAmeliaError(error) || error.exitStatus !== 5) throw error;
    checks.push(failedStage(error, database.target, heard.last));
    return { checks, failure: error };
  }
  try {
    const { host, port, name } = session.database;
    const where = host.startsWith('/') ? host : `${host} port ${port}`;
    const way = isLocal(session) ? 'this machine' : 'network';
    checks.push(inConnection('entry', { verdict: 'ok', message: `${session.user} may enter ${name} on ${where}` }));
    return await ask(workspace, session, way, checks);
  } finally {
    await session.close();
  }
}

async function ask(
  workspace: Workspace,
  session: Session,
  way: 'network' | 'this machine' | 'this process',
  before: readonly HealthCheck[],
): Promise<Examination> {
  const { role, signal } = workspace.settings;
  const { database } = session;
  const inRole = (sql: string): string =>
    role === undefined ? sql : ['BEGIN', ...asRole(role), sql, 'COMMIT'].join('; ');
  try {
    const { facts } = (await session.query<{ facts: Facts }>(inRole(healthQuery(workspace.table))))[0]!;
    const pooled = way !== 'this process' && facts.pid !== session.pid;
    const server = database.serverVersion;
    const health = checkHealth({ ...facts, tls: session.tls, way, pooled, server, database: database.name });
    const history = await historyCheck(workspace, async (sql) => {
      try {
        return await session.send(inRole(sql)).answer;
      } catch (error) {
        // The question failed within the transaction that has the role.
        if (role !== undefined && !session.lost) await session.query('ROLLBACK');
        throw error;
      }
    });
    if (signal?.aborted) throw interruption(signal);
    return { database, checks: [...before, ...health, history] };
  } catch (error) {
    const failure = unexpectedFailure(error, signal);
    if (!isAmeliaError(failure) || isInterruption(failure)) throw failure;
    const hint = role === undefined ? failure.hint : `may it take on the role ${role}?`;
    const check = inConnection('answer', { verdict: 'problem', message: failure.message, ...(hint && { hint }) });
    return { database, checks: [...before, check] };
  }
}

async function historyCheck(workspace: Workspace, send: Parameters<typeof readHistory>[1]): Promise<HealthCheck> {
  const about = (found: Found): HealthCheck => ({ area: 'state', name: 'history', ...found });
  try {
    const reading = await readHistory({ table: workspace.table, forWriting: true }, send);
    const { table, exists, applied, unfinished } = reading;
    const name = displayTable(table);
    const others = reading.otherHistories.map(
      ({ tool, ...other }) => `${tool} keeps a history in ${displayTable(other)}`,
    );
    if (!exists) {
      const message = [`${name} is not there: nothing was migrated yet`, ...others].join('; ');
      const hint = 'amelia-db baseline VERSION records what is there already';
      return about(others.length === 0 ? { verdict: 'ok', message } : { verdict: 'warning', message, hint });
    }
    const current = applied.at(-1)?.version;
    const rows = `${name} has ${applied.length} row${applied.length === 1 ? '' : 's'}${current === undefined ? '' : `, up to ${current}`}`;
    const [untrusted] = reading.attached;
    if (untrusted) {
      const what = reading.attached.map((each) => `${each.what} of ${each.table} (${each.owner})`).join(', ');
      return about({
        verdict: 'problem',
        message: `${rows}; a row that is written would run code of another role with the rights of ${reading.user}: ${what}`,
        hint: `migrate refuses that: run as ${untrusted.owner} (--role), or drop it`,
      });
    }
    const { journalRefusal } = reading;
    if (journalRefusal) {
      return about({
        verdict: 'warning',
        message: `${rows}; ${journalRefusal.message}: unfinished migrations are not seen`,
        ...(journalRefusal.hint !== undefined && { hint: journalRefusal.hint }),
      });
    }
    if (unfinished.length === 0 && reading.isUnlogged) {
      return about({
        verdict: 'warning',
        message: `${rows}; it is unlogged: a crash of the server empties it, and every migration would run again`,
        hint: `ALTER TABLE ${quoteTable(table)} SET LOGGED`,
      });
    }
    if (unfinished.length === 0) return about({ verdict: 'ok', message: rows });
    const versions = unfinished.map(({ version }) => version).join(', ');
    return about({
      verdict: 'problem',
      message: `${rows}; unfinished: ${versions}`,
      hint: 'amelia-db status says more',
    });
  } catch (error) {
    if (!isAmeliaError(error)) throw error;
    return about({ verdict: 'problem', message: error.message, ...(error.hint !== undefined && { hint: error.hint }) });
  }
}

function stageCheck(stage: Stage): HealthCheck {
  switch (stage.stage) {
    case 'dns':
      return inConnection('name', { verdict: 'ok', message: `${stage.host} is ${stage.addresses.join(', ')}` });
    case 'tcp':
      return inConnection('network', {
        verdict: 'ok',
        message: `${stage.address} answers, after ${Math.round(stage.ms)} ms`,
      });
    case 'tls':
      return inConnection('TLS', {
        verdict: 'ok',
        message: stage.tls ? `${stage.tls.protocol} is agreed on` : 'not used',
      });
  }
}

/** What could not be done, after what could. */
function failedStage(error: AmeliaError, { hosts, database, user }: ConnectionTarget, last: string): HealthCheck {
  const name = () => {
    switch (error.code) {
      case 'session.tls':
        return 'TLS';
      case 'session.authentication':
        return `user ${user}`;
      case 'session.no-database':
        return `database ${database}`;
      default:
        if (last === 'nothing') return /host name .* is not known/.test(error.message) ? 'name' : 'network';
        return last === 'dns' ? 'network' : last === 'tcp' ? 'TLS' : 'entry';
    }
  };
  return inConnection(hosts.length > 1 && error.code === 'session.no-host' ? 'hosts' : name(), {
    verdict: 'problem',
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
  });
}

/** Over a socket, or to an address that never leaves the machine. */
function isLocal({ server, database: { host } }: Session): boolean {
  const address = 'hosts' in server ? (server.hosts[0]?.address ?? host) : host;
  return host.startsWith('/') || address === '::1' || address.startsWith('127.');
}
