// Autonomous Software Studio's schema, table by table, as its document describes it.
import { beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { applyAll, applyFile, EMPTY, readSchema, type Schema, schemaOf, thereAndBack } from './schema.ts';

const FOLDER = 'examples/software-studio/migrations';

describe('the schema', () => {
  let live: Schema;
  beforeAll(async () => {
    live = await schemaOf(FOLDER);
  });

  it('is eight tables, schema_version and three views', () => {
    expect(Object.keys(live.tables)).toEqual([
      'agent_executions',
      'agent_settings',
      'artifacts',
      'audit_log',
      'checkpoints',
      'metrics',
      'prompt_versions',
      'schema_version',
      'sessions',
    ]);
    expect(live.sequences).toEqual([
      'agent_executions_id_seq',
      'agent_settings_id_seq',
      'artifacts_id_seq',
      'audit_log_id_seq',
      'checkpoints_id_seq',
      'metrics_id_seq',
      'prompt_versions_id_seq',
    ]);
    expect(live.views).toEqual({
      active_sessions: [
        'session_id character varying(64)',
        'user_mission text',
        'project_name character varying(255)',
        'status character varying(50)',
        'current_phase character varying(50)',
        'created_at timestamp with time zone',
        'updated_at timestamp with time zone',
        'iteration_count integer',
        'qa_passed boolean',
      ],
      agent_performance: [
        'agent_type character varying(50)',
        'total_runs bigint',
        'successful_runs bigint',
        'avg_duration_seconds numeric',
        'total_tokens bigint',
      ],
      session_metrics: [
        'status character varying(50)',
        'count bigint',
        'avg_iterations numeric',
        'qa_passed_count bigint',
      ],
    });
  });

  it('has two triggers and two functions', () => {
    expect(live.triggers).toEqual({
      update_sessions_updated_at:
        'BEFORE UPDATE ON public.sessions FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()',
      update_agent_settings_updated_at:
        'BEFORE UPDATE ON public.agent_settings FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()',
    });
    expect(live.functions).toEqual({
      'update_updated_at_column() trigger': 'BEGIN NEW.updated_at = CURRENT_TIMESTAMP; RETURN NEW; END;',
      'reset_daily_usage() void':
        'BEGIN UPDATE agent_settings SET usage_today = 0, last_reset_date = CURRENT_DATE ' +
        'WHERE last_reset_date < CURRENT_DATE; END;',
    });
  });

  it('sessions', () => {
    expect(live.tables.sessions).toEqual({
      columns: [
        'session_id character varying(64) NOT NULL',
        'user_mission text NOT NULL',
        'project_name character varying(255)',
        "status character varying(50) NOT NULL DEFAULT 'pending'::character varying",
        "current_phase character varying(50) NOT NULL DEFAULT 'pm'::character varying",
        'created_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
        'updated_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
        'iteration_count integer NOT NULL DEFAULT 0',
        'qa_passed boolean NOT NULL DEFAULT false',
        'work_dir text',
        'state_json jsonb',
        "metadata jsonb NOT NULL DEFAULT '{}'::jsonb",
      ],
      constraints: {
        sessions_pkey: 'PRIMARY KEY (session_id)',
        sessions_status_check:
          "CHECK (status IN ('pending', 'running', 'awaiting_approval', 'completed', 'failed', 'expired'))",
        sessions_current_phase_check: "CHECK (current_phase IN ('pm', 'arch', 'human_gate', 'eng', 'qa', 'complete'))",
      },
      indexes: {
        idx_sessions_status: 'btree (status)',
        idx_sessions_updated: 'btree (updated_at DESC)',
        idx_sessions_created: 'btree (created_at DESC)',
        idx_sessions_phase: 'btree (current_phase)',
        idx_sessions_project: 'btree (project_name)',
      },
    });
  });

  it('checkpoints', () => {
    expect(live.tables.checkpoints).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('checkpoints_id_seq'::regclass)",
        'thread_id character varying(64) NOT NULL',
        'checkpoint_id character varying(64) NOT NULL',
        'parent_checkpoint_id character varying(64)',
        'checkpoint_data jsonb NOT NULL',
        "metadata jsonb NOT NULL DEFAULT '{}'::jsonb",
        'created_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
      ],
      constraints: {
        checkpoints_pkey: 'PRIMARY KEY (id)',
        checkpoints_thread_id_checkpoint_id_key: 'UNIQUE (thread_id, checkpoint_id)',
      },
      indexes: {
        idx_checkpoints_thread: 'btree (thread_id)',
        idx_checkpoints_parent: 'btree (parent_checkpoint_id)',
        idx_checkpoints_created: 'btree (created_at DESC)',
      },
    });
  });

  it('artifacts', () => {
    expect(live.tables.artifacts).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('artifacts_id_seq'::regclass)",
        'session_id character varying(64) NOT NULL',
        'artifact_type character varying(50) NOT NULL',
        'file_path text NOT NULL',
        'content_hash character varying(64)',
        'version integer NOT NULL DEFAULT 1',
        'created_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
        "metadata jsonb NOT NULL DEFAULT '{}'::jsonb",
      ],
      constraints: {
        artifacts_pkey: 'PRIMARY KEY (id)',
        artifacts_artifact_type_check:
          "CHECK (artifact_type IN ('prd', 'tech_spec', 'scaffold', 'bug_report', 'code', 'test'))",
        artifacts_session_id_fkey: 'FOREIGN KEY (session_id) REFERENCES sessions(session_id) ON DELETE CASCADE',
      },
      indexes: {
        idx_artifacts_session: 'btree (session_id)',
        idx_artifacts_type: 'btree (artifact_type)',
      },
    });
  });

  it('agent_executions', () => {
    expect(live.tables.agent_executions).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('agent_executions_id_seq'::regclass)",
        'session_id character varying(64) NOT NULL',
        'agent_type character varying(50) NOT NULL',
        'started_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
        'completed_at timestamp with time zone',
        "status character varying(50) NOT NULL DEFAULT 'running'::character varying",
        'input_summary text',
        'output_summary text',
        'error_message text',
        'tokens_used integer NOT NULL DEFAULT 0',
        'duration_seconds numeric(10,2)',
        "metadata jsonb NOT NULL DEFAULT '{}'::jsonb",
      ],
      constraints: {
        agent_executions_pkey: 'PRIMARY KEY (id)',
        agent_executions_agent_type_check: "CHECK (agent_type IN ('pm', 'arch', 'eng', 'qa'))",
        agent_executions_session_id_fkey: 'FOREIGN KEY (session_id) REFERENCES sessions(session_id) ON DELETE CASCADE',
      },
      indexes: {
        idx_executions_session: 'btree (session_id)',
        idx_executions_agent: 'btree (agent_type)',
        idx_executions_status: 'btree (status)',
        idx_executions_started: 'btree (started_at DESC)',
      },
    });
  });

  it('agent_settings', () => {
    expect(live.tables.agent_settings).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('agent_settings_id_seq'::regclass)",
        'profile_name character varying(50) NOT NULL',
        "provider character varying(50) NOT NULL DEFAULT 'anthropic'::character varying",
        'model character varying(100)',
        "auth_type character varying(50) NOT NULL DEFAULT 'api_key'::character varying",
        'api_key_encrypted text',
        'daily_limit integer NOT NULL DEFAULT 0',
        'hard_limit boolean NOT NULL DEFAULT false',
        "usage_unit character varying(20) NOT NULL DEFAULT 'runs'::character varying",
        'usage_today integer NOT NULL DEFAULT 0',
        'last_reset_date date NOT NULL DEFAULT CURRENT_DATE',
        "env_overrides jsonb NOT NULL DEFAULT '{}'::jsonb",
        'active_prompt_path text',
        'created_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
        'updated_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
      ],
      constraints: {
        agent_settings_pkey: 'PRIMARY KEY (id)',
        agent_settings_profile_name_key: 'UNIQUE (profile_name)',
      },
      indexes: {},
    });
  });

  it('prompt_versions', () => {
    expect(live.tables.prompt_versions).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('prompt_versions_id_seq'::regclass)",
        'profile_name character varying(50) NOT NULL',
        'version_number integer NOT NULL',
        'prompt_content text NOT NULL',
        'note text',
        'is_active boolean NOT NULL DEFAULT false',
        'created_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
      ],
      constraints: {
        prompt_versions_pkey: 'PRIMARY KEY (id)',
        prompt_versions_profile_name_version_number_key: 'UNIQUE (profile_name, version_number)',
      },
      indexes: {
        idx_prompts_profile: 'btree (profile_name)',
        idx_prompts_active: 'btree (profile_name) WHERE (is_active = true)',
      },
    });
  });

  it('audit_log', () => {
    expect(live.tables.audit_log).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('audit_log_id_seq'::regclass)",
        'event_type character varying(100) NOT NULL',
        'session_id character varying(64)',
        'user_action character varying(255)',
        "details jsonb NOT NULL DEFAULT '{}'::jsonb",
        'ip_address inet',
        'created_at timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP',
      ],
      constraints: { audit_log_pkey: 'PRIMARY KEY (id)' },
      indexes: {
        idx_audit_event: 'btree (event_type)',
        idx_audit_session: 'btree (session_id)',
        idx_audit_created: 'btree (created_at DESC)',
      },
    });
  });

  it('metrics', () => {
    expect(live.tables.metrics).toEqual({
      columns: [
        "id integer NOT NULL DEFAULT nextval('metrics_id_seq'::regclass)",
        'metric_name character varying(100) NOT NULL',
        'metric_value numeric NOT NULL',
        "labels jsonb DEFAULT '{}'::jsonb",
        'recorded_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP',
      ],
      constraints: { metrics_pkey: 'PRIMARY KEY (id)' },
      indexes: {
        idx_metrics_name: 'btree (metric_name)',
        idx_metrics_recorded: 'btree (recorded_at DESC)',
      },
    });
  });

  it('schema_version', () => {
    expect(live.tables.schema_version).toEqual({
      columns: [
        'version integer NOT NULL',
        'applied_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP',
        'description text',
      ],
      constraints: { schema_version_pkey: 'PRIMARY KEY (version)' },
      indexes: {},
    });
  });
});

describe('what the schema does', () => {
  it('starts with four profiles and its version', async () => {
    const db = await studio();
    const model = 'claude-sonnet-4-20250514';
    expect(
      await db.query('SELECT profile_name, provider, model, daily_limit, usage_today FROM agent_settings ORDER BY id'),
    ).toEqual(
      ['pm', 'arch', 'eng', 'qa'].map((profile_name) => ({
        profile_name,
        provider: 'anthropic',
        model,
        daily_limit: 0,
        usage_today: 0,
      })),
    );
    expect(await db.query('SELECT version, description FROM schema_version ORDER BY version')).toEqual([
      { version: 1, description: 'Initial schema' },
      { version: 2, description: 'Checks on listed values' },
    ]);
  });

  it('moves updated_at with every update, whatever the update says', async () => {
    const db = await studio();
    await db.query("INSERT INTO sessions (session_id, user_mission, updated_at) VALUES ('s', 'm', '2000-01-01')");
    await db.query("UPDATE sessions SET status = 'running', updated_at = '2000-01-02'");
    await db.query("UPDATE agent_settings SET daily_limit = 5, updated_at = '2000-01-02' WHERE profile_name = 'pm'");
    expect(await db.query("SELECT updated_at > now() - interval '1 minute' AS recent FROM sessions")).toEqual([
      { recent: true },
    ]);
    expect(
      await db.query("SELECT updated_at > created_at AS later FROM agent_settings WHERE profile_name = 'pm'"),
    ).toEqual([{ later: true }]);
  });

  it('resets the usage of days before today only', async () => {
    const db = await studio();
    await db.query(`
      UPDATE agent_settings SET usage_today = 7;
      UPDATE agent_settings SET last_reset_date = CURRENT_DATE - 1 WHERE profile_name IN ('pm', 'qa');
      SELECT reset_daily_usage()`);
    expect(
      await db.query(`SELECT profile_name, usage_today, last_reset_date = CURRENT_DATE AS today
        FROM agent_settings ORDER BY profile_name`),
    ).toEqual([
      { profile_name: 'arch', usage_today: 7, today: true },
      { profile_name: 'eng', usage_today: 7, today: true },
      { profile_name: 'pm', usage_today: 0, today: true },
      { profile_name: 'qa', usage_today: 0, today: true },
    ]);
  });

  it('answers through its views', async () => {
    const db = await studio();
    await db.query(`
      INSERT INTO sessions (session_id, user_mission, status, updated_at, iteration_count, qa_passed) VALUES
        ('a', 'm', 'pending', '2026-01-01', 0, FALSE),
        ('b', 'm', 'running', '2026-01-02', 0, FALSE),
        ('c', 'm', 'awaiting_approval', '2026-01-03', 0, FALSE),
        ('d', 'm', 'completed', '2026-01-04', 1, TRUE),
        ('e', 'm', 'completed', '2026-01-05', 2, FALSE);
      INSERT INTO agent_executions (session_id, agent_type, started_at, status, tokens_used, duration_seconds) VALUES
        ('a', 'eng', now() - interval '6 days', 'completed', 10, 1.5),
        ('a', 'eng', now(), 'running', 5, 2.5),
        ('a', 'qa', now() - interval '8 days', 'completed', 99, 1)`);
    expect(await db.query('SELECT session_id FROM active_sessions')).toEqual([
      { session_id: 'c' },
      { session_id: 'b' },
      { session_id: 'a' },
    ]);
    expect(
      await db.query(`SELECT status, count::int, avg_iterations::float, qa_passed_count::int
        FROM session_metrics WHERE status = 'completed'`),
    ).toEqual([{ status: 'completed', count: 2, avg_iterations: 1.5, qa_passed_count: 1 }]);
    expect(
      await db.query(`SELECT agent_type, total_runs::int, successful_runs::int, avg_duration_seconds::float,
        total_tokens::int FROM agent_performance`),
    ).toEqual([{ agent_type: 'eng', total_runs: 2, successful_runs: 1, avg_duration_seconds: 2, total_tokens: 15 }]);
  });

  it('refuses values that are not listed, and takes any kind of audit event', async () => {
    const db = await studio();
    await db.query("INSERT INTO sessions (session_id, user_mission) VALUES ('s', 'm')");
    for (const [statement, constraint_name] of [
      ["UPDATE sessions SET status = 'paused'", 'sessions_status_check'],
      ["UPDATE sessions SET current_phase = 'ops'", 'sessions_current_phase_check'],
      [
        "INSERT INTO artifacts (session_id, artifact_type, file_path) VALUES ('s', 'poem', '/p')",
        'artifacts_artifact_type_check',
      ],
      [
        "INSERT INTO agent_executions (session_id, agent_type) VALUES ('s', 'ceo')",
        'agent_executions_agent_type_check',
      ],
    ] as const) {
      await expect(db.query(statement), statement).rejects.toMatchObject({ code: '23514', constraint_name });
    }
    await db.query("INSERT INTO audit_log (event_type, session_id) VALUES ('anything_new', 'no such session')");
  });
});

describe('the checks that come later', () => {
  it('hold new rows at once and old rows when they are validated', async () => {
    const db = await freshDatabase();
    await applyFile(db, FOLDER, '001_initial_schema.sql');
    await db.query("INSERT INTO sessions (session_id, user_mission, status) VALUES ('old', 'm', 'paused')");
    const check = { code: '23514', constraint_name: 'sessions_status_check' };

    await expect(applyFile(db, FOLDER, '002_value_checks.sql')).rejects.toMatchObject(check);

    const { tables } = await readSchema(db);
    expect(tables.agent_executions?.constraints.agent_executions_agent_type_check).toBe(
      "CHECK (agent_type IN ('pm', 'arch', 'eng', 'qa')) NOT VALID",
    );
    await expect(
      db.query("INSERT INTO sessions (session_id, user_mission, status) VALUES ('new', 'm', 'paused')"),
    ).rejects.toMatchObject(check);
    await db.query("UPDATE sessions SET status = 'pending' WHERE session_id = 'old'");
    await db.query('ALTER TABLE sessions VALIDATE CONSTRAINT sessions_status_check');
  });
});

describe('the rollbacks', () => {
  it('leave what was before each migration, in the end nothing, and the migrations run again', async () => {
    const db = await freshDatabase();
    const { before, after } = await thereAndBack(db, FOLDER);
    expect(before).toHaveLength(2);
    expect(after).toEqual(before);
    expect(await readSchema(db)).toEqual(EMPTY);
    await applyAll(db, FOLDER);
  });
});

async function studio(): Promise<TestDatabase> {
  const db = await freshDatabase();
  await applyAll(db, FOLDER);
  return db;
}
