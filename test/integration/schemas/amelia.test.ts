// Amelia's schema, table by table, as the two Amelia documents describe it.
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { applyAll, applyFile, EMPTY, readSchema, type Schema, schemaOf, thereAndBack } from './schema.ts';

const FOLDER = 'migrations';

describe('the schema', () => {
  let live: Schema;
  beforeAll(async () => {
    live = await schemaOf(FOLDER);
  });

  it('is eleven tables, without triggers, functions, views or sequences', () => {
    const { tables, ...others } = live;
    expect(Object.keys(tables)).toEqual([
      'brainstorm_artifacts',
      'brainstorm_messages',
      'brainstorm_sessions',
      'events',
      'profiles',
      'prompt_versions',
      'prompts',
      'server_settings',
      'token_usage',
      'workflow_prompt_versions',
      'workflows',
    ]);
    expect(others).toEqual({ triggers: {}, functions: {}, views: {}, sequences: [] });
  });

  it('workflows', () => {
    expect(live.tables.workflows).toEqual({
      columns: [
        'id uuid NOT NULL',
        'issue_id text NOT NULL',
        'worktree_path text NOT NULL',
        "status text NOT NULL DEFAULT 'pending'::text",
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
        'updated_at timestamp with time zone NOT NULL DEFAULT now()',
        'started_at timestamp with time zone',
        'completed_at timestamp with time zone',
        'failure_reason text',
        "workflow_type text NOT NULL DEFAULT 'full'::text",
        'profile_id text',
        'plan_cache jsonb',
        'issue_cache text',
      ],
      constraints: {
        workflows_pkey: 'PRIMARY KEY (id)',
        workflows_status_check:
          "CHECK (status IN ('pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled'))",
        workflows_workflow_type_check: "CHECK (workflow_type IN ('full', 'review'))",
      },
      indexes: {
        idx_workflows_issue_id: 'btree (issue_id)',
        idx_workflows_status: 'btree (status)',
        idx_workflows_worktree: 'btree (worktree_path)',
        idx_workflows_started_at: 'btree (started_at DESC)',
        idx_workflows_active_worktree:
          "UNIQUE btree (worktree_path) WHERE (status = ANY (ARRAY['in_progress'::text, 'blocked'::text]))",
      },
    });
  });

  it('events', () => {
    expect(live.tables.events).toEqual({
      columns: [
        'id uuid NOT NULL',
        'workflow_id uuid NOT NULL',
        'sequence integer NOT NULL',
        'timestamp timestamp with time zone NOT NULL DEFAULT now()',
        'agent text NOT NULL',
        'event_type text NOT NULL',
        "level text NOT NULL DEFAULT 'debug'::text",
        'message text NOT NULL',
        'data jsonb',
        'correlation_id text',
        'tool_name text',
        'tool_input jsonb',
        'is_error boolean NOT NULL DEFAULT false',
        'trace_id text',
        'parent_id uuid',
      ],
      constraints: {
        events_pkey: 'PRIMARY KEY (id)',
        events_level_check: "CHECK (level IN ('info', 'debug', 'trace'))",
        events_workflow_id_fkey: 'FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE',
        events_parent_id_fkey: 'FOREIGN KEY (parent_id) REFERENCES events(id) ON DELETE SET NULL',
      },
      indexes: {
        idx_events_workflow_sequence: 'UNIQUE btree (workflow_id, sequence)',
        idx_events_workflow: 'btree (workflow_id, "timestamp")',
        idx_events_type: 'btree (event_type)',
        idx_events_level: 'btree (level)',
        idx_events_trace_id: 'btree (trace_id)',
        idx_events_parent_id: 'btree (parent_id)',
      },
    });
  });

  it('token_usage', () => {
    expect(live.tables.token_usage).toEqual({
      columns: [
        'id uuid NOT NULL',
        'workflow_id uuid NOT NULL',
        'agent text NOT NULL',
        'model text NOT NULL',
        'input_tokens integer NOT NULL',
        'output_tokens integer NOT NULL',
        'cache_read_tokens integer DEFAULT 0',
        'cache_creation_tokens integer DEFAULT 0',
        'cost_usd numeric(10,6) NOT NULL',
        'duration_ms integer NOT NULL DEFAULT 0',
        'num_turns integer NOT NULL DEFAULT 1',
        'timestamp timestamp with time zone NOT NULL DEFAULT now()',
      ],
      constraints: {
        token_usage_pkey: 'PRIMARY KEY (id)',
        token_usage_workflow_id_fkey: 'FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_tokens_workflow: 'btree (workflow_id)',
        idx_tokens_agent: 'btree (agent)',
      },
    });
  });

  it('prompts', () => {
    expect(live.tables.prompts).toEqual({
      columns: [
        'id text NOT NULL',
        'agent text NOT NULL',
        'name text NOT NULL',
        'description text',
        'current_version_id uuid',
      ],
      constraints: {
        prompts_pkey: 'PRIMARY KEY (id)',
        prompts_current_version_id_fkey:
          'FOREIGN KEY (current_version_id) REFERENCES prompt_versions(id) DEFERRABLE INITIALLY DEFERRED',
      },
      indexes: { idx_prompts_current_version: 'btree (current_version_id)' },
    });
  });

  it('prompt_versions', () => {
    expect(live.tables.prompt_versions).toEqual({
      columns: [
        'id uuid NOT NULL',
        'prompt_id text NOT NULL',
        'version_number integer NOT NULL',
        'content text NOT NULL',
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
        'change_note text',
      ],
      constraints: {
        prompt_versions_pkey: 'PRIMARY KEY (id)',
        prompt_versions_prompt_id_version_number_key: 'UNIQUE (prompt_id, version_number)',
        prompt_versions_prompt_id_fkey: 'FOREIGN KEY (prompt_id) REFERENCES prompts(id)',
      },
      indexes: { idx_prompt_versions_prompt: 'btree (prompt_id)' },
    });
  });

  it('workflow_prompt_versions', () => {
    expect(live.tables.workflow_prompt_versions).toEqual({
      columns: ['workflow_id uuid NOT NULL', 'prompt_id text NOT NULL', 'version_id uuid NOT NULL'],
      constraints: {
        workflow_prompt_versions_pkey: 'PRIMARY KEY (workflow_id, prompt_id)',
        workflow_prompt_versions_workflow_id_fkey:
          'FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE',
        workflow_prompt_versions_prompt_id_fkey: 'FOREIGN KEY (prompt_id) REFERENCES prompts(id)',
        workflow_prompt_versions_version_id_fkey: 'FOREIGN KEY (version_id) REFERENCES prompt_versions(id)',
      },
      indexes: {
        idx_workflow_prompts_workflow: 'btree (workflow_id)',
        idx_workflow_prompts_prompt: 'btree (prompt_id)',
        idx_workflow_prompts_version: 'btree (version_id)',
      },
    });
  });

  it('brainstorm_sessions', () => {
    expect(live.tables.brainstorm_sessions).toEqual({
      columns: [
        'id uuid NOT NULL',
        'profile_id text NOT NULL',
        'driver_session_id text',
        'driver_type text',
        "status text NOT NULL DEFAULT 'active'::text",
        'topic text',
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
        'updated_at timestamp with time zone NOT NULL DEFAULT now()',
      ],
      constraints: {
        brainstorm_sessions_pkey: 'PRIMARY KEY (id)',
        brainstorm_sessions_status_check: "CHECK (status IN ('active', 'ready_for_handoff', 'completed', 'failed'))",
        brainstorm_sessions_profile_id_fkey: 'FOREIGN KEY (profile_id) REFERENCES profiles(id)',
      },
      indexes: {
        idx_brainstorm_sessions_profile: 'btree (profile_id)',
        idx_brainstorm_sessions_status: 'btree (status)',
      },
    });
  });

  it('brainstorm_messages', () => {
    expect(live.tables.brainstorm_messages).toEqual({
      columns: [
        'id uuid NOT NULL',
        'session_id uuid NOT NULL',
        'sequence integer NOT NULL',
        'role text NOT NULL',
        'content text NOT NULL',
        'parts jsonb',
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
        'input_tokens integer',
        'output_tokens integer',
        'cost_usd numeric(10,6)',
        'is_system boolean NOT NULL DEFAULT false',
      ],
      constraints: {
        brainstorm_messages_pkey: 'PRIMARY KEY (id)',
        brainstorm_messages_session_id_sequence_key: 'UNIQUE (session_id, sequence)',
        brainstorm_messages_role_check: "CHECK (role IN ('user', 'assistant'))",
        brainstorm_messages_session_id_fkey:
          'FOREIGN KEY (session_id) REFERENCES brainstorm_sessions(id) ON DELETE CASCADE',
      },
      // idx_brainstorm_messages_session would repeat the unique constraint's own index.
      indexes: {},
    });
  });

  it('brainstorm_artifacts', () => {
    expect(live.tables.brainstorm_artifacts).toEqual({
      columns: [
        'id uuid NOT NULL',
        'session_id uuid NOT NULL',
        'type text NOT NULL',
        'path text NOT NULL',
        'title text',
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
      ],
      constraints: {
        brainstorm_artifacts_pkey: 'PRIMARY KEY (id)',
        brainstorm_artifacts_type_check: "CHECK (type IN ('adr', 'spec', 'readme', 'design', 'document'))",
        brainstorm_artifacts_session_id_fkey:
          'FOREIGN KEY (session_id) REFERENCES brainstorm_sessions(id) ON DELETE CASCADE',
      },
      indexes: { idx_brainstorm_artifacts_session: 'btree (session_id)' },
    });
  });

  it('server_settings', () => {
    expect(live.tables.server_settings).toEqual({
      columns: [
        'id integer NOT NULL',
        'log_retention_days integer NOT NULL DEFAULT 30',
        'log_retention_max_events integer NOT NULL DEFAULT 100000',
        'trace_retention_days integer NOT NULL DEFAULT 7',
        'checkpoint_retention_days integer NOT NULL DEFAULT 0',
        "checkpoint_path text NOT NULL DEFAULT '~/.amelia/checkpoints.db'::text",
        'websocket_idle_timeout_seconds double precision NOT NULL DEFAULT 300.0',
        'workflow_start_timeout_seconds double precision NOT NULL DEFAULT 60.0',
        'max_concurrent integer NOT NULL DEFAULT 5',
        'stream_tool_results boolean NOT NULL DEFAULT false',
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
        'updated_at timestamp with time zone NOT NULL DEFAULT now()',
      ],
      constraints: {
        server_settings_pkey: 'PRIMARY KEY (id)',
        server_settings_id_check: 'CHECK ((id = 1))',
      },
      indexes: {},
    });
  });

  it('profiles', () => {
    expect(live.tables.profiles).toEqual({
      columns: [
        'id text NOT NULL',
        "tracker text NOT NULL DEFAULT 'noop'::text",
        'working_dir text NOT NULL',
        "plan_output_dir text NOT NULL DEFAULT 'docs/plans'::text",
        "plan_path_pattern text NOT NULL DEFAULT 'docs/plans/{date}-{issue_key}.md'::text",
        'agents jsonb NOT NULL',
        'is_active boolean NOT NULL DEFAULT false',
        'created_at timestamp with time zone NOT NULL DEFAULT now()',
        'updated_at timestamp with time zone NOT NULL DEFAULT now()',
      ],
      constraints: {
        profiles_pkey: 'PRIMARY KEY (id)',
        profiles_tracker_check: "CHECK (tracker IN ('noop', 'github', 'jira'))",
      },
      indexes: {
        idx_profiles_active: 'btree (is_active)',
        idx_profiles_single_active: 'UNIQUE btree (is_active) WHERE (is_active = true)',
      },
    });
  });
});

describe('what the schema refuses and allows', () => {
  it('any number of waiting workflows in a worktree, one at work', async () => {
    const db = await amelia();
    const insert = (status: string, worktree = '/w') =>
      db.query(`INSERT INTO workflows (id, issue_id, worktree_path, status)
        VALUES ('${randomUUID()}', 'PROJ-123', '${worktree}', '${status}')`);
    for (const status of ['pending', 'pending', 'completed', 'failed', 'cancelled', 'in_progress'])
      await insert(status);
    const refused = { code: '23505', constraint_name: 'idx_workflows_active_worktree' };
    await expect(insert('in_progress')).rejects.toMatchObject(refused);
    await expect(insert('blocked')).rejects.toMatchObject(refused);
    await expect(db.query("UPDATE workflows SET status = 'blocked' WHERE status = 'pending'")).rejects.toMatchObject(
      refused,
    );
    await insert('blocked', '/another');
  });

  it('any number of inactive profiles, one active', async () => {
    const db = await amelia();
    const insert = (id: string, active: boolean) =>
      db.query(`INSERT INTO profiles (id, working_dir, agents, is_active) VALUES ('${id}', '/w', '{}', ${active})`);
    await insert('a', false);
    await insert('b', false);
    await insert('c', true);
    const refused = { code: '23505', constraint_name: 'idx_profiles_single_active' };
    await expect(insert('d', true)).rejects.toMatchObject(refused);
    await expect(db.query("UPDATE profiles SET is_active = TRUE WHERE id = 'a'")).rejects.toMatchObject(refused);
    await db.query("UPDATE profiles SET is_active = FALSE; UPDATE profiles SET is_active = TRUE WHERE id = 'a'");
  });

  it('a prompt, its version and the reference back, in one transaction', async () => {
    const db = await amelia();
    const version = randomUUID();
    await db.query(`BEGIN;
      INSERT INTO prompts (id, agent, name) VALUES ('p', 'architect', 'Plan');
      INSERT INTO prompt_versions (id, prompt_id, version_number, content) VALUES ('${version}', 'p', 1, 'text');
      UPDATE prompts SET current_version_id = '${version}' WHERE id = 'p';
      COMMIT`);

    const later = randomUUID();
    await db.query(`BEGIN;
      INSERT INTO prompts (id, agent, name, current_version_id) VALUES ('q', 'architect', 'Plan', '${later}');
      INSERT INTO prompt_versions (id, prompt_id, version_number, content) VALUES ('${later}', 'q', 1, 'text');
      COMMIT`);

    const orphan = `INSERT INTO prompts (id, agent, name, current_version_id) VALUES ('r', 'x', 'x', '${randomUUID()}')`;
    await expect(db.query(`BEGIN; ${orphan}; COMMIT`)).rejects.toMatchObject({
      code: '23503',
      constraint_name: 'prompts_current_version_id_fkey',
    });
    expect(await db.query('SELECT id FROM prompts ORDER BY id')).toEqual([{ id: 'p' }, { id: 'q' }]);
  });

  it('lets a child event outlive its parent, and no event its workflow', async () => {
    const db = await amelia();
    const [workflow, parent, child] = [randomUUID(), randomUUID(), randomUUID()];
    await db.query(`
      INSERT INTO workflows (id, issue_id, worktree_path) VALUES ('${workflow}', 'PROJ-1', '/w');
      INSERT INTO events (id, workflow_id, sequence, agent, event_type, message, parent_id) VALUES
        ('${parent}', '${workflow}', 1, 'developer', 'tool_call', 'm', NULL),
        ('${child}', '${workflow}', 2, 'developer', 'anything_new', 'm', '${parent}');
      DELETE FROM events WHERE id = '${parent}'`);
    expect(await db.query('SELECT id, parent_id FROM events')).toEqual([{ id: child, parent_id: null }]);
    await db.query('DELETE FROM workflows');
    expect(await db.query('SELECT id FROM events')).toEqual([]);
  });

  it('keeps a profile that has sessions', async () => {
    const db = await amelia();
    await db.query(`
      INSERT INTO profiles (id, working_dir, agents) VALUES ('a', '/w', '{}');
      INSERT INTO brainstorm_sessions (id, profile_id) VALUES ('${randomUUID()}', 'a')`);
    await expect(db.query('DELETE FROM profiles')).rejects.toMatchObject({
      code: '23503',
      constraint_name: 'brainstorm_sessions_profile_id_fkey',
    });
  });

  it('one row of settings', async () => {
    const db = await amelia();
    await db.query('INSERT INTO server_settings (id) VALUES (1)');
    await expect(db.query('INSERT INTO server_settings (id) VALUES (1)')).rejects.toMatchObject({ code: '23505' });
    await expect(db.query('INSERT INTO server_settings (id) VALUES (2)')).rejects.toMatchObject({
      code: '23514',
      constraint_name: 'server_settings_id_check',
    });
  });

  it('asks for the model and keeps the cents of a cost', async () => {
    const db = await amelia();
    const [workflow, usage] = [randomUUID(), randomUUID()];
    await db.query(`INSERT INTO workflows (id, issue_id, worktree_path) VALUES ('${workflow}', 'PROJ-1', '/w')`);
    const insert = (columns: string, values: string) =>
      db.query(`INSERT INTO token_usage (id, workflow_id, agent, input_tokens, output_tokens, cost_usd${columns})
        VALUES ('${usage}', '${workflow}', 'architect', 1, 1, 0.1 + 0.2${values})`);
    await expect(insert('', '')).rejects.toMatchObject({ code: '23502', column_name: 'model' });
    await insert(', model', ", 'm'");
    expect(await db.query('SELECT cost_usd::text FROM token_usage')).toEqual([{ cost_usd: '0.300000' }]);
  });
});

describe('the rollback', () => {
  it('leaves nothing, and the migration runs again', async () => {
    const db = await freshDatabase();
    const { before, after } = await thereAndBack(db, FOLDER);
    expect(after).toEqual(before);
    expect(await readSchema(db)).toEqual(EMPTY);
    await applyAll(db, FOLDER);
  });

  it('fails, and changes nothing, when something else depends on a table', async () => {
    const db = await amelia();
    await db.query('CREATE VIEW report AS SELECT id FROM workflows');
    const before = await readSchema(db);
    await expect(applyFile(db, FOLDER, '001_initial_schema.down.sql')).rejects.toMatchObject({ code: '2BP01' });
    expect(await readSchema(db)).toEqual(before);
  });
});

async function amelia(): Promise<TestDatabase> {
  const db = await freshDatabase();
  await applyAll(db, FOLDER);
  return db;
}
