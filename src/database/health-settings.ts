// The checks of `doctor` that are about settings of the role, the database or the server. Pure.
import type { Facts } from './health-query.ts';
import { ok, problem, warning, type Found } from './verdict.ts';

/** A setting of the session that is not `usual`; undefined for one that this version does not have. */
const differs = (
  facts: Pick<Facts, 'settings'>,
  name: string,
  usual: RegExp,
): { value: string; by: string } | undefined => {
  const setting = facts.settings[name];
  if (setting === undefined || usual.test(setting.value)) return undefined;
  return { value: setting.value, by: setting.source === 'configuration file' ? 'the server' : `the ${setting.source}` };
};

export function timeouts(facts: Pick<Facts, 'settings'>): Found {
  const names = [
    'statement_timeout',
    'transaction_timeout',
    'idle_in_transaction_session_timeout',
    'idle_session_timeout',
  ];
  const set = names.flatMap((name) => {
    const found = differs(facts, name, /^0$/);
    return found ? [`${name} = ${found.value} (set by ${found.by})`] : [];
  });
  return set.length === 0
    ? ok('none but our own')
    : warning(
        set.join(', '),
        'migrations are not held to them (--statement-timeout gives them one), but what amelia-db asks by itself is: ALTER ROLE … SET … for the role that migrates',
      );
}

export function durability(facts: Pick<Facts, 'settings'>): Found {
  const off = differs(facts, 'fsync', /^on$/);
  if (off) return warning('fsync is off: a power cut can destroy the database', 'where data is to be kept: fsync = on');
  const commit = differs(facts, 'synchronous_commit', /^(on|local|remote_write|remote_apply)$/);
  return commit
    ? warning(
        `synchronous_commit = ${commit.value} (set by ${commit.by}): a crash can lose what was committed last`,
        'ALTER ROLE … SET synchronous_commit = on',
      )
    : ok('what is committed survives a crash');
}

export function isolation(facts: Pick<Facts, 'settings'>): Found {
  const found = differs(facts, 'default_transaction_isolation', /^read committed$/);
  return found
    ? warning(
        `transactions are ${found.value} (set by ${found.by})`,
        'a migration may fail with 40001 beside others: default_transaction_isolation = read committed',
      )
    : ok('read committed');
}

export function replicationRole(facts: Pick<Facts, 'settings'>): Found {
  const found = differs(facts, 'session_replication_role', /^origin$/);
  return found
    ? problem(
        `session_replication_role = ${found.value} (set by ${found.by}): triggers and foreign keys do not fire`,
        'session_replication_role = origin',
      )
    : ok('fire');
}
