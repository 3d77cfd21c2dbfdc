// Several hosts, or a host that must be of a kind: which of them a session is opened with, by libpq's rules for
// target_session_attrs and load_balance_hosts (manual, section 34.1.2). Loaded only when asked for.
import { AmeliaError, isAmeliaError } from '../errors.ts';
import { describeAddress } from './connect.ts';
import type { Answer, Session } from './session.ts';
import type { ConnectionTarget, SessionAttributes, TargetHost } from './target.ts';

interface Opened {
  readonly session: Session;
  readonly answer: Promise<Answer>;
}

/**
 * The first host that answers and suits. Throws `session.no-host` with what each of them said; a host that answers
 * and refuses us (its password, its certificate) ends the search.
 */
export async function openSuitable(
  target: ConnectionTarget,
  open: (place: TargetHost) => Promise<Opened>,
): Promise<Opened> {
  const { sessionAttributes = 'any' } = target;
  const hosts = target.loadBalance ? shuffled(target.hosts) : target.hosts;
  const said: string[] = [];
  // prefer-standby: any will do where there is no standby.
  const passes: readonly SessionAttributes[] =
    sessionAttributes === 'prefer-standby' ? ['standby', 'any'] : [sessionAttributes];
  for (const wanted of passes) {
    said.length = 0;
    for (const place of hosts) {
      try {
        const opened = await open(place);
        const unfit = await unfitness(opened.session, wanted);
        if (unfit === undefined) return opened;
        await opened.session.close();
        said.push(`${describeAddress(place.host, place.port)} ${unfit}`);
      } catch (error) {
        if (!isElsewhereBetter(error)) throw error;
        if (hosts.length === 1 && sessionAttributes === 'any') throw error;
        said.push(error.message);
      }
    }
  }
  throw new AmeliaError('session.no-host', { said, wanted: sessionAttributes });
}

/** libpq goes on with the next host when one does not answer, or says that it cannot take anybody now. */
function isElsewhereBetter(error: unknown): error is AmeliaError {
  if (isAmeliaError(error, 'session.refused')) return (error.cause as { code?: string } | undefined)?.code === '57P03';
  return isAmeliaError(error, 'session.unreachable') || isAmeliaError(error, 'session.timeout');
}

/** Why the session is not of that kind; undefined when it is. */
async function unfitness(session: Session, wanted: SessionAttributes): Promise<string | undefined> {
  if (wanted === 'any') return undefined;
  const standby =
    (session.parameter('in_hot_standby') ?? (await ask(session, 'pg_catalog.pg_is_in_recovery()'))) === 'on';
  switch (wanted) {
    case 'primary':
      return standby ? 'is a standby' : undefined;
    case 'standby':
    case 'prefer-standby':
      return standby ? undefined : 'is not a standby';
    case 'read-only':
    case 'read-write': {
      const byDefault = session.parameter('default_transaction_read_only');
      const readOnly =
        standby ||
        (byDefault ?? (await ask(session, `pg_catalog.current_setting('transaction_read_only')::bool`))) === 'on';
      if (readOnly === (wanted === 'read-only')) return undefined;
      return readOnly ? 'is read-only' : 'is not read-only';
    }
  }
}

/** For a pooler that does not pass on what the server reports. */
async function ask(session: Session, claim: string): Promise<'on' | 'off'> {
  const [row] = await session.query<{ claim: boolean }>(`SELECT ${claim} AS claim`);
  return row?.claim === true ? 'on' : 'off';
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, by: Math.random() }))
    .sort((a, b) => a.by - b.by)
    .map(({ item }) => item);
}
