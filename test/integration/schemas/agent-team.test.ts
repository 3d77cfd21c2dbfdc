// The agent team's schema, table by table, as its document describes it.
import { beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { applyAll, EMPTY, readSchema, type Schema, schemaOf, thereAndBack } from './schema.ts';

const FOLDER = 'examples/agent-team/migrations';

describe('the schema', () => {
  let live: Schema;
  beforeAll(async () => {
    live = await schemaOf(FOLDER);
  });

  it('is fourteen tables, without triggers, functions, views or sequences', () => {
    const { tables, ...others } = live;
    expect(Object.keys(tables)).toEqual([
      'agent_memory',
      'agents',
      'budget_limits',
      'conversation_participants',
      'conversations',
      'github_issues',
      'messages',
      'notifications',
      'projects',
      'pull_requests',
      'tasks',
      'token_usage',
      'users',
      'webhooks',
    ]);
    expect(others).toEqual({ triggers: {}, functions: {}, views: {}, sequences: [] });
  });

  it('users', () => {
    expect(live.tables.users).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'username character varying(50) NOT NULL',
        'email character varying(255) NOT NULL',
        'password_hash character varying(255) NOT NULL',
        'is_2fa_enabled boolean DEFAULT false',
        'totp_secret character varying(255)',
        'is_active boolean DEFAULT true',
        'is_admin boolean DEFAULT false',
        'telegram_chat_id bigint',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        users_pkey: 'PRIMARY KEY (id)',
        users_username_key: 'UNIQUE (username)',
        users_email_key: 'UNIQUE (email)',
      },
      indexes: {},
    });
  });

  it('projects', () => {
    expect(live.tables.projects).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'name character varying(100) NOT NULL',
        'description text',
        'github_repo character varying(255) NOT NULL',
        'github_app_id character varying(100)',
        'github_installation_id character varying(100)',
        'local_path character varying(500)',
        'is_active boolean DEFAULT true',
        'owner_id uuid NOT NULL',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        projects_pkey: 'PRIMARY KEY (id)',
        projects_owner_id_fkey: 'FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_projects_owner: 'btree (owner_id)',
        idx_projects_github: 'btree (github_repo)',
      },
    });
  });

  it('agents', () => {
    expect(live.tables.agents).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'name character varying(50) NOT NULL',
        'type character varying(20) NOT NULL',
        "model_config jsonb NOT NULL DEFAULT '{}'::jsonb",
        'system_prompt text',
        'rules_file_path character varying(500)',
        'is_active boolean DEFAULT true',
        'project_id uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        agents_pkey: 'PRIMARY KEY (id)',
        agents_type_check: "CHECK (type IN ('orchestrator', 'architect', 'coder', 'tester', 'reviewer'))",
        agents_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_agents_project: 'btree (project_id)',
        idx_agents_type: 'btree (type)',
      },
    });
  });

  it('conversations', () => {
    expect(live.tables.conversations).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'title character varying(200)',
        'type character varying(20) NOT NULL',
        "status character varying(20) NOT NULL DEFAULT 'active'::character varying",
        'project_id uuid',
        'created_by_user_id uuid',
        'created_by_agent_id uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        conversations_pkey: 'PRIMARY KEY (id)',
        conversations_type_check: "CHECK (type IN ('issue', 'general', 'task', 'review'))",
        conversations_status_check: "CHECK (status IN ('active', 'paused', 'completed', 'archived'))",
        conversations_check: 'CHECK (((created_by_user_id IS NOT NULL) OR (created_by_agent_id IS NOT NULL)))',
        conversations_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE',
        conversations_created_by_user_id_fkey: 'FOREIGN KEY (created_by_user_id) REFERENCES users(id)',
        conversations_created_by_agent_id_fkey: 'FOREIGN KEY (created_by_agent_id) REFERENCES agents(id)',
      },
      indexes: {
        idx_conversations_project: 'btree (project_id)',
        idx_conversations_status: 'btree (status)',
        idx_conversations_created_by_user: 'btree (created_by_user_id)',
        idx_conversations_created_by_agent: 'btree (created_by_agent_id)',
      },
    });
  });

  it('conversation_participants', () => {
    expect(live.tables.conversation_participants).toEqual({
      columns: [
        'conversation_id uuid NOT NULL',
        'agent_id uuid NOT NULL',
        'joined_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        conversation_participants_pkey: 'PRIMARY KEY (conversation_id, agent_id)',
        conversation_participants_conversation_id_fkey:
          'FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE',
        conversation_participants_agent_id_fkey: 'FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE',
      },
      indexes: { idx_conversation_participants_agent: 'btree (agent_id)' },
    });
  });

  it('messages', () => {
    expect(live.tables.messages).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'conversation_id uuid NOT NULL',
        'author_type character varying(20) NOT NULL',
        'user_id uuid',
        'agent_id uuid',
        'content text NOT NULL',
        'content_formatted text',
        'reply_to_id uuid',
        'tokens_in integer DEFAULT 0',
        'tokens_out integer DEFAULT 0',
        'cost_usd numeric(10,6) DEFAULT 0',
        'model_used character varying(100)',
        'is_edited boolean DEFAULT false',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        messages_pkey: 'PRIMARY KEY (id)',
        messages_author_type_check: "CHECK (author_type IN ('user', 'agent'))",
        messages_conversation_id_fkey: 'FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE',
        messages_user_id_fkey: 'FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL',
        messages_agent_id_fkey: 'FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE SET NULL',
        messages_reply_to_id_fkey: 'FOREIGN KEY (reply_to_id) REFERENCES messages(id)',
      },
      indexes: {
        idx_messages_conversation_created: 'btree (conversation_id, created_at)',
        idx_messages_agent: 'btree (agent_id)',
        idx_messages_user: 'btree (user_id)',
        idx_messages_reply_to: 'btree (reply_to_id)',
      },
    });
  });

  it('github_issues', () => {
    expect(live.tables.github_issues).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'github_id bigint NOT NULL',
        'number integer NOT NULL',
        'title character varying(500) NOT NULL',
        'body text',
        "state character varying(20) NOT NULL DEFAULT 'open'::character varying",
        "labels jsonb DEFAULT '[]'::jsonb",
        'assignee character varying(100)',
        'project_id uuid NOT NULL',
        'conversation_id uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
        'github_created_at timestamp with time zone',
        'github_updated_at timestamp with time zone',
      ],
      constraints: {
        github_issues_pkey: 'PRIMARY KEY (id)',
        github_issues_github_id_key: 'UNIQUE (github_id)',
        github_issues_project_id_number_key: 'UNIQUE (project_id, number)',
        github_issues_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE',
        github_issues_conversation_id_fkey: 'FOREIGN KEY (conversation_id) REFERENCES conversations(id)',
      },
      indexes: {
        idx_issues_project: 'btree (project_id)',
        idx_issues_state: 'btree (state)',
        idx_issues_conversation: 'btree (conversation_id)',
      },
    });
  });

  it('pull_requests', () => {
    expect(live.tables.pull_requests).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'github_id bigint NOT NULL',
        'number integer NOT NULL',
        'title character varying(500) NOT NULL',
        'body text',
        'branch_from character varying(200) NOT NULL',
        'branch_to character varying(200) NOT NULL',
        "state character varying(20) NOT NULL DEFAULT 'open'::character varying",
        'is_draft boolean DEFAULT false',
        'review_status character varying(20)',
        'test_status character varying(20)',
        'project_id uuid NOT NULL',
        'issue_id uuid',
        'conversation_id uuid',
        'created_by_agent_id uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
        'merged_at timestamp with time zone',
        'github_created_at timestamp with time zone',
      ],
      constraints: {
        pull_requests_pkey: 'PRIMARY KEY (id)',
        pull_requests_github_id_key: 'UNIQUE (github_id)',
        pull_requests_project_id_number_key: 'UNIQUE (project_id, number)',
        pull_requests_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE',
        pull_requests_issue_id_fkey: 'FOREIGN KEY (issue_id) REFERENCES github_issues(id)',
        pull_requests_conversation_id_fkey: 'FOREIGN KEY (conversation_id) REFERENCES conversations(id)',
        pull_requests_created_by_agent_id_fkey: 'FOREIGN KEY (created_by_agent_id) REFERENCES agents(id)',
      },
      indexes: {
        idx_prs_project: 'btree (project_id)',
        idx_prs_issue: 'btree (issue_id)',
        idx_prs_state: 'btree (state)',
        idx_prs_agent: 'btree (created_by_agent_id)',
        idx_prs_conversation: 'btree (conversation_id)',
      },
    });
  });

  it('tasks', () => {
    expect(live.tables.tasks).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'title character varying(300) NOT NULL',
        'description text',
        "status character varying(20) NOT NULL DEFAULT 'pending'::character varying",
        "priority character varying(10) NOT NULL DEFAULT 'medium'::character varying",
        'assigned_to_agent_id uuid',
        'issue_id uuid',
        'project_id uuid NOT NULL',
        'pr_id uuid',
        'definition_of_done text',
        'total_tokens_used integer DEFAULT 0',
        'total_cost_usd numeric(10,6) DEFAULT 0',
        'created_at timestamp with time zone DEFAULT now()',
        'started_at timestamp with time zone',
        'completed_at timestamp with time zone',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        tasks_pkey: 'PRIMARY KEY (id)',
        tasks_status_check: "CHECK (status IN ('pending', 'in_progress', 'testing', 'review', 'completed', 'failed'))",
        tasks_priority_check: "CHECK (priority IN ('low', 'medium', 'high', 'urgent'))",
        tasks_assigned_to_agent_id_fkey: 'FOREIGN KEY (assigned_to_agent_id) REFERENCES agents(id) ON DELETE SET NULL',
        tasks_issue_id_fkey: 'FOREIGN KEY (issue_id) REFERENCES github_issues(id) ON DELETE SET NULL',
        tasks_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE',
        tasks_pr_id_fkey: 'FOREIGN KEY (pr_id) REFERENCES pull_requests(id) ON DELETE SET NULL',
      },
      indexes: {
        idx_tasks_project: 'btree (project_id)',
        idx_tasks_agent: 'btree (assigned_to_agent_id)',
        idx_tasks_status_priority: 'btree (status, priority)',
        idx_tasks_issue: 'btree (issue_id)',
        idx_tasks_pr: 'btree (pr_id)',
      },
    });
  });

  it('token_usage', () => {
    expect(live.tables.token_usage).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'timestamp timestamp with time zone DEFAULT now()',
        'usage_date date NOT NULL',
        'user_id uuid',
        'agent_id uuid',
        'agent_type character varying(20)',
        'conversation_id uuid',
        'message_id uuid',
        'project_id uuid',
        'task_id uuid',
        'model character varying(100) NOT NULL',
        'tokens_in integer NOT NULL DEFAULT 0',
        'tokens_out integer NOT NULL DEFAULT 0',
        'cost_usd numeric(10,6) NOT NULL DEFAULT 0',
        'request_duration_ms integer',
        'was_cached boolean DEFAULT false',
        "metadata jsonb DEFAULT '{}'::jsonb",
      ],
      constraints: {
        token_usage_pkey: 'PRIMARY KEY (id)',
        token_usage_user_id_fkey: 'FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL',
        token_usage_agent_id_fkey: 'FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE SET NULL',
        token_usage_conversation_id_fkey:
          'FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE SET NULL',
        token_usage_message_id_fkey: 'FOREIGN KEY (message_id) REFERENCES messages(id) ON DELETE SET NULL',
        token_usage_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE SET NULL',
        token_usage_task_id_fkey: 'FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE SET NULL',
      },
      indexes: {
        idx_token_usage_timestamp: 'btree ("timestamp")',
        idx_token_usage_agent: 'btree (agent_id)',
        idx_token_usage_project: 'btree (project_id)',
        idx_token_usage_conversation: 'btree (conversation_id)',
        idx_token_usage_date: 'btree (usage_date)',
        idx_token_usage_user: 'btree (user_id)',
        idx_token_usage_message: 'btree (message_id)',
        idx_token_usage_task: 'btree (task_id)',
      },
    });
  });

  it('budget_limits', () => {
    expect(live.tables.budget_limits).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'name character varying(100) NOT NULL',
        'scope_type character varying(20) NOT NULL',
        'scope_id uuid',
        'scope_agent_type character varying(20)',
        'amount_usd numeric(10,2) NOT NULL',
        'period character varying(20) NOT NULL',
        'alert_threshold numeric(3,2) NOT NULL DEFAULT 0.80',
        "action_on_exceed character varying(20) NOT NULL DEFAULT 'warn'::character varying",
        'is_active boolean DEFAULT true',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        budget_limits_pkey: 'PRIMARY KEY (id)',
        budget_limits_scope_type_check: "CHECK (scope_type IN ('global', 'project', 'agent', 'agent_type'))",
        budget_limits_period_check: "CHECK (period IN ('daily', 'weekly', 'monthly'))",
        budget_limits_alert_threshold_check: 'CHECK (((alert_threshold > (0)::numeric) AND (alert_threshold <= 1.0)))',
        budget_limits_action_on_exceed_check: "CHECK (action_on_exceed IN ('warn', 'block'))",
      },
      indexes: {
        idx_budget_scope: 'btree (scope_type, scope_id)',
        idx_budget_agent_type: 'btree (scope_type, scope_agent_type)',
      },
    });
  });

  it('notifications', () => {
    expect(live.tables.notifications).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'type character varying(50) NOT NULL',
        'title character varying(200) NOT NULL',
        'message text NOT NULL',
        "severity character varying(20) NOT NULL DEFAULT 'info'::character varying",
        'user_id uuid NOT NULL',
        'project_id uuid',
        'agent_id uuid',
        'is_read boolean DEFAULT false',
        'sent_telegram boolean DEFAULT false',
        'sent_email boolean DEFAULT false',
        "metadata jsonb DEFAULT '{}'::jsonb",
        'created_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        notifications_pkey: 'PRIMARY KEY (id)',
        notifications_severity_check: "CHECK (severity IN ('info', 'warning', 'critical'))",
        notifications_user_id_fkey: 'FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE',
        notifications_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id)',
        notifications_agent_id_fkey: 'FOREIGN KEY (agent_id) REFERENCES agents(id)',
      },
      indexes: {
        idx_notifications_user: 'btree (user_id)',
        idx_notifications_read: 'btree (user_id, is_read)',
        idx_notifications_created: 'btree (created_at)',
        idx_notifications_project: 'btree (project_id)',
        idx_notifications_agent: 'btree (agent_id)',
      },
    });
  });

  it('agent_memory', () => {
    expect(live.tables.agent_memory).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'agent_id uuid NOT NULL',
        'project_id uuid',
        'category character varying(50) NOT NULL',
        'key character varying(200) NOT NULL',
        'value jsonb NOT NULL',
        'importance integer NOT NULL DEFAULT 5',
        'expires_at timestamp with time zone',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        agent_memory_pkey: 'PRIMARY KEY (id)',
        agent_memory_agent_id_project_id_category_key_key:
          'UNIQUE NULLS NOT DISTINCT (agent_id, project_id, category, key)',
        agent_memory_importance_check: 'CHECK (((importance >= 1) AND (importance <= 10)))',
        agent_memory_agent_id_fkey: 'FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE',
        agent_memory_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id)',
      },
      indexes: {
        idx_agent_memory_agent: 'btree (agent_id)',
        idx_agent_memory_project: 'btree (project_id)',
        idx_agent_memory_expires: 'btree (expires_at)',
      },
    });
  });

  it('webhooks', () => {
    expect(live.tables.webhooks).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'project_id uuid NOT NULL',
        'source character varying(50) NOT NULL',
        'event_type character varying(100) NOT NULL',
        'payload jsonb NOT NULL',
        'processed boolean DEFAULT false',
        'processed_at timestamp with time zone',
        'error_message text',
        'retry_count integer DEFAULT 0',
        'max_retries integer DEFAULT 5',
        'created_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        webhooks_pkey: 'PRIMARY KEY (id)',
        webhooks_project_id_fkey: 'FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_webhooks_project: 'btree (project_id)',
        idx_webhooks_processed: 'btree (processed)',
        idx_webhooks_created: 'btree (created_at)',
      },
    });
  });
});

describe('what the schema refuses and allows', () => {
  it('a conversation that somebody has created', async () => {
    const db = await team();
    const insert = (user: string, agent: string) =>
      db.query(`INSERT INTO conversations (type, created_by_user_id, created_by_agent_id)
        VALUES ('general', ${user}, ${agent})`);
    await insert(USER, 'NULL');
    await insert('NULL', AGENT);
    await insert(USER, AGENT);
    await expect(insert('NULL', 'NULL')).rejects.toMatchObject({
      code: '23514',
      constraint_name: 'conversations_check',
    });
  });

  it('a memory once, with a project or without', async () => {
    const db = await team();
    const insert = (project: string) =>
      db.query(`INSERT INTO agent_memory (agent_id, project_id, category, key, value)
        VALUES (${AGENT}, ${project}, 'style', 'indent', '2')`);
    const refused = { code: '23505', constraint_name: 'agent_memory_agent_id_project_id_category_key_key' };
    await insert('NULL');
    await expect(insert('NULL')).rejects.toMatchObject(refused);
    await insert(PROJECT);
    await expect(insert(PROJECT)).rejects.toMatchObject(refused);
  });

  it('the edges of a threshold and of an importance, and no NULL', async () => {
    const db = await team();
    const budget = (threshold: string) =>
      db.query(`INSERT INTO budget_limits (name, scope_type, amount_usd, period, alert_threshold)
        VALUES ('b', 'global', 1, 'daily', ${threshold})`);
    const memory = (importance: string) =>
      db.query(`INSERT INTO agent_memory (agent_id, category, key, value, importance)
        VALUES (${AGENT}, 'c', 'key ' || coalesce(${importance}, 0), '1', ${importance})`);
    for (const threshold of ['0.01', '1.00', 'DEFAULT']) await budget(threshold);
    for (const threshold of ['0', '1.01']) await expect(budget(threshold)).rejects.toMatchObject({ code: '23514' });
    await expect(budget('NULL')).rejects.toMatchObject({ code: '23502', column_name: 'alert_threshold' });
    for (const importance of ['1', '10']) await memory(importance);
    for (const importance of ['0', '11']) await expect(memory(importance)).rejects.toMatchObject({ code: '23514' });
    await expect(memory('NULL')).rejects.toMatchObject({ code: '23502', column_name: 'importance' });
  });

  it('keeps the usage of what is deleted', async () => {
    const db = await team();
    await db.query(`
      INSERT INTO conversations (id, type, project_id, created_by_agent_id) VALUES (${CHAT}, 'task', ${PROJECT}, ${AGENT});
      INSERT INTO token_usage (usage_date, agent_id, conversation_id, project_id, model)
        VALUES ('2026-01-01', ${AGENT}, ${CHAT}, ${PROJECT}, 'm');
      DELETE FROM conversations; DELETE FROM projects; DELETE FROM agents`);
    expect(await db.query('SELECT agent_id, conversation_id, project_id, metadata FROM token_usage')).toEqual([
      { agent_id: null, conversation_id: null, project_id: null, metadata: {} },
    ]);
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
});

const USER = "'00000000-0000-4000-8000-000000000001'";
const PROJECT = "'00000000-0000-4000-8000-000000000002'";
const AGENT = "'00000000-0000-4000-8000-000000000003'";
const CHAT = "'00000000-0000-4000-8000-000000000004'";

/** The schema with a user, a project of theirs and an agent of no project. */
async function team(): Promise<TestDatabase> {
  const db = await freshDatabase();
  await applyAll(db, FOLDER);
  await db.query(`
    INSERT INTO users (id, username, email, password_hash) VALUES (${USER}, 'u', 'u@x', 'h');
    INSERT INTO projects (id, name, github_repo, owner_id) VALUES (${PROJECT}, 'p', 'o/p', ${USER});
    INSERT INTO agents (id, name, type) VALUES (${AGENT}, 'a', 'coder')`);
  return db;
}
