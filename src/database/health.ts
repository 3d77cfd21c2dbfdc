// What `doctor` makes of the facts: one small function a check, in the table at the end. Pure. A new check is
// a line in that table, and a fact in health-query.ts.
import type { HealthCheck } from '../events.ts';
import type { TlsFacts } from './connect.ts';
import type { Facts } from './health-query.ts';
import { durability, isolation, replicationRole, timeouts } from './health-settings.ts';
import { quoteIdentifier } from './identifiers.ts';
import { ok, problem, warning, type Found } from './verdict.ts';

/** What the checks look at. */
export interface Examined extends Facts {
  readonly tls: TlsFacts | undefined;
  /** How the server is reached: what goes over a network can be listened to. */
  readonly way: 'network' | 'this machine' | 'this process';
  readonly pooled: boolean;
  readonly server: string;
  readonly database: string;
}

const oldest = 15;
const newest = 18;

function version({ versionNumber, server }: Examined): Found {
  const major = Math.floor(versionNumber / 10_000);
  if (major < oldest)
    return problem(`PostgreSQL ${server} is not supported`, `amelia-db is for PostgreSQL ${oldest} to ${newest}`);
  if (major > newest)
    return warning(
      `PostgreSQL ${server} is newer than what amelia-db is tested with`,
      `it is tested with ${oldest} to ${newest}`,
    );
  return ok(`PostgreSQL ${server}`);
}

function encryption({ tls, way }: Examined): Found {
  if (tls === undefined) {
    return way === 'network'
      ? warning(
          'nothing is encrypted: whoever stands between can read and change all of it',
          'sslmode=verify-full with sslrootcert=FILE; the server needs ssl = on',
        )
      : ok(`not encrypted, and it does not leave ${way}`);
  }
  const { protocol, cipher, verified } = tls;
  const how = `${protocol}, ${cipher}`;
  if (verified === 'host') return ok(`${how}; the certificate is verified, and for this host`);
  if (verified === 'chain') return ok(`${how}; the certificate is verified, whatever its host`);
  return way === 'network'
    ? warning(
        `${how}; nobody verified the certificate: it could be anybody's`,
        'sslmode=verify-full with sslrootcert=FILE',
      )
    : ok(`${how}; the certificate is not verified, and it does not leave ${way}`);
}

function pooler({ pooled }: Examined): Found {
  return pooled
    ? warning(
        'a pooler stands between: a session cannot be relied on',
        'it works, with one more connection for the lock; better give migrations the address of the server itself',
      )
    : ok('none between here and the server');
}

function readOnly({ standby, readOnly }: Examined): Found {
  if (standby)
    return problem(
      'this is a standby: it cannot be written to',
      'connect to the primary, or name all hosts with target_session_attrs=read-write',
    );
  return readOnly
    ? problem(
        'transactions are read-only (default_transaction_read_only is on)',
        'connect as a role, or to a database, that may write',
      )
    : ok('can be written to');
}

function encoding({ encoding: found, database }: Examined): Found {
  if (found === 'UTF8') return ok('UTF8');
  const hint = `a new database: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`;
  return found === 'SQL_ASCII'
    ? warning(`${database} takes any bytes (SQL_ASCII)`, hint)
    : warning(`${database} is in ${found}: a migration with other characters fails`, hint);
}

function collation({ collation: { recorded, actual }, database }: Examined): Found {
  if (recorded === null || recorded === actual) return ok(recorded === null ? 'has no version' : `version ${recorded}`);
  return warning(
    `indexes of ${database} may be out of order: they were built with version ${recorded}, and ${actual ?? 'none'} is installed`,
    `REINDEX DATABASE ${quoteIdentifier(database)}; then ALTER DATABASE ${quoteIdentifier(database)} REFRESH COLLATION VERSION`,
  );
}

function schema({ schema: found, searchPath, mayCreateInSchema, user }: Examined): Found {
  if (found === null) {
    return problem(
      `there is no schema to work in (search_path is ${searchPath})`,
      'create it, or grant USAGE on it, or ?options=-csearch_path%3DNAME',
    );
  }
  return mayCreateInSchema
    ? ok(`${user} may create tables in ${found}`)
    : problem(
        `${user} may not create tables in ${found}`,
        `GRANT CREATE, USAGE ON SCHEMA ${quoteIdentifier(found)} TO ${quoteIdentifier(user)}`,
      );
}

function database({ mayCreateInDatabase, database: name, user }: Examined): Found {
  return mayCreateInDatabase
    ? ok(`${user} may create schemas and trusted extensions in ${name}`)
    : warning(
        `${user} may not create schemas or extensions in ${name}`,
        `where a migration does: GRANT CREATE ON DATABASE ${quoteIdentifier(name)} TO ${quoteIdentifier(user)}`,
      );
}

function owner({ foreignTables, user, schema: where }: Examined): Found {
  return foreignTables.length === 0
    ? ok(`${user} owns each table in ${where ?? 'its schema'}`)
    : warning(
        `${user} cannot alter tables of others: ${foreignTables.join(', ')}`,
        'run migrations as the role that owns them: --role OWNER',
      );
}

function historyRights({ history, user, mayCreateInSchema }: Examined): Found {
  if (history === null) {
    return mayCreateInSchema
      ? ok('not there yet: the first migrate makes it')
      : problem('not there, and cannot be made', 'see the right to create tables');
  }
  if (!history.write)
    return problem(
      `${user} may not write it`,
      `it belongs to ${history.owner}: run as that role, or grant SELECT, INSERT, DELETE on it`,
    );
  return history.isOwner
    ? ok(`${user} may write it`)
    : warning(`it belongs to ${history.owner}, and only that one can alter it`, `--role ${history.owner}`);
}

function room({ connections: { used, most, own, ownMost } }: Examined): Found {
  if (ownMost >= 0 && own + 2 >= ownMost)
    return warning(`${own} of the ${ownMost} that the role may have are in use`, 'ALTER ROLE … CONNECTION LIMIT …');
  return used >= most * 0.9
    ? warning(
        `${used} of ${most} are in use`,
        'a migration needs two, or three while it waits: raise max_connections, or put a pooler before the application',
      )
    : ok(`${used} of ${most} in use`);
}

/** A check of a list that is best empty. */
const none =
  (pick: (facts: Examined) => readonly string[], message: string, hint: string) =>
  (facts: Examined): Found => {
    const found = pick(facts);
    return found.length === 0 ? ok('none') : warning(`${found.join(', ')}: ${message}`, hint);
  };

type Check = readonly [area: HealthCheck['area'], name: string, check: (facts: Examined) => Found];

const table: readonly Check[] = [
  ['server', 'version', version],
  ['server', 'TLS', encryption],
  ['server', 'pooler', pooler],
  ['server', 'writing', readOnly],
  ['server', 'encoding', encoding],
  ['server', 'collation', collation],
  ['server', 'connections', room],
  ['role', 'tables', schema],
  ['role', 'database', database],
  ['role', 'ownership', owner],
  ['role', 'history table', historyRights],
  ['settings', 'timeouts', timeouts],
  ['settings', 'durability', durability],
  ['settings', 'isolation', isolation],
  ['settings', 'triggers', replicationRole],
  [
    'state',
    'old transactions',
    none(
      (f) => f.openTransactions,
      'it holds its locks, and a migration waits',
      'end it, or wait for it: SELECT pg_terminate_backend(PID)',
    ),
  ],
  [
    'state',
    'prepared',
    none(
      (f) => f.preparedTransactions,
      'a prepared transaction holds its locks until somebody ends it',
      'COMMIT PREPARED or ROLLBACK PREPARED',
    ),
  ],
  [
    'state',
    'invalid indexes',
    none(
      (f) => f.invalidIndexes,
      'used by no query, or being built now',
      'DROP INDEX CONCURRENTLY, and build it again',
    ),
  ],
  [
    'state',
    'event triggers',
    none(
      (f) => f.eventTriggers,
      'they run at each change of the schema, and can refuse it',
      'know what they do: \\dy in psql',
    ),
  ],
  [
    'state',
    'publications',
    none(
      (f) => f.publications,
      'changes of the schema are not replicated',
      'migrate the subscribers too: first, where columns are added',
    ),
  ],
  [
    'state',
    'idle slots',
    none(
      (f) => f.idleSlots,
      'an inactive replication slot keeps all WAL that a migration writes',
      'SELECT pg_drop_replication_slot(NAME), where nobody comes back for it',
    ),
  ],
];

/** Every check of the table. */
export function checkHealth(facts: Examined): HealthCheck[] {
  return table.map(([area, name, check]) => ({ area, name, ...check(facts) }));
}
