// AgentVine's schema, table by table, as its document describes it.
import { beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase, type TestDatabase } from '../../support/database.ts';
import { applyAll, EMPTY, readSchema, type Schema, schemaOf, thereAndBack } from './schema.ts';

const FOLDER = 'examples/agentvine/migrations';

describe('the schema', () => {
  let live: Schema;
  beforeAll(async () => {
    live = await schemaOf(FOLDER);
  });

  it('is twelve tables, without triggers, functions or views', () => {
    const { tables, ...others } = live;
    expect(Object.keys(tables)).toEqual([
      'chat_attachments',
      'chat_messages',
      'context_documents',
      'execution_logs',
      'executions',
      'task_dependencies',
      'tasks',
      'users',
      'work_orders',
      'worker_assignments',
      'worker_capabilities',
      'workers',
    ]);
    expect(others).toEqual({ triggers: {}, functions: {}, views: {}, sequences: ['execution_logs_id_seq'] });
  });

  it('users', () => {
    expect(live.tables.users).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'username character varying(50) NOT NULL',
        'email character varying(255) NOT NULL',
        'hashed_password character varying(255) NOT NULL',
        'full_name character varying(255)',
        'role character varying(20) NOT NULL',
        'is_active boolean DEFAULT true',
        'is_verified boolean DEFAULT false',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
        'last_login_at timestamp with time zone',
        "settings jsonb DEFAULT '{}'::jsonb",
      ],
      constraints: {
        users_pkey: 'PRIMARY KEY (id)',
        users_username_key: 'UNIQUE (username)',
        users_email_key: 'UNIQUE (email)',
        users_role_check: "CHECK (role IN ('admin', 'developer', 'viewer'))",
      },
      // idx_users_email and idx_users_username would repeat the unique constraints' own indexes.
      indexes: { idx_users_role: 'btree (role)' },
    });
  });

  it('workers', () => {
    expect(live.tables.workers).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'name character varying(100) NOT NULL',
        'worker_type character varying(20) NOT NULL',
        'status character varying(20) NOT NULL',
        'version character varying(50)',
        'max_concurrent_tasks integer DEFAULT 1',
        'timeout_seconds integer DEFAULT 3600',
        'context_window_size integer DEFAULT 200000',
        "config jsonb DEFAULT '{}'::jsonb",
        "capabilities jsonb DEFAULT '[]'::jsonb",
        'last_heartbeat_at timestamp with time zone',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        workers_pkey: 'PRIMARY KEY (id)',
        workers_worker_type_check: "CHECK (worker_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review'))",
        workers_status_check: "CHECK (status IN ('idle', 'busy', 'offline', 'error'))",
      },
      indexes: {
        idx_workers_type: 'btree (worker_type)',
        idx_workers_status: 'btree (status)',
        idx_workers_heartbeat: 'btree (last_heartbeat_at)',
        idx_workers_type_status: 'btree (worker_type, status)',
      },
    });
  });

  it('tasks', () => {
    expect(live.tables.tasks).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'title character varying(255) NOT NULL',
        'description text',
        'task_type character varying(20) NOT NULL',
        'permission_level character varying(20) NOT NULL',
        "priority character varying(10) NOT NULL DEFAULT 'normal'::character varying",
        "status character varying(20) NOT NULL DEFAULT 'pending'::character varying",
        'repository_url character varying(500)',
        'branch_name character varying(255)',
        'issue_number integer',
        'pr_number integer',
        "context jsonb DEFAULT '{}'::jsonb",
        "metadata jsonb DEFAULT '{}'::jsonb",
        'created_by uuid',
        'assigned_to uuid',
        'parent_task_id uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
        'started_at timestamp with time zone',
        'completed_at timestamp with time zone',
      ],
      constraints: {
        tasks_pkey: 'PRIMARY KEY (id)',
        tasks_task_type_check: "CHECK (task_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review'))",
        tasks_permission_level_check: "CHECK (permission_level IN ('autonomous', 'supervised', 'human_required'))",
        tasks_priority_check: "CHECK (priority IN ('low', 'normal', 'high', 'critical'))",
        tasks_status_check:
          "CHECK (status IN ('pending', 'queued', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled'))",
        tasks_created_by_fkey: 'FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL',
        tasks_assigned_to_fkey: 'FOREIGN KEY (assigned_to) REFERENCES workers(id) ON DELETE SET NULL',
        tasks_parent_task_id_fkey: 'FOREIGN KEY (parent_task_id) REFERENCES tasks(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_tasks_status: 'btree (status)',
        idx_tasks_type: 'btree (task_type)',
        idx_tasks_priority: 'btree (priority)',
        idx_tasks_created_by: 'btree (created_by)',
        idx_tasks_assigned_to: 'btree (assigned_to)',
        idx_tasks_parent: 'btree (parent_task_id)',
        idx_tasks_status_priority: 'btree (status, priority)',
      },
    });
  });

  it('work_orders', () => {
    expect(live.tables.work_orders).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'task_id uuid NOT NULL',
        'queue_name character varying(50) NOT NULL',
        "status character varying(20) NOT NULL DEFAULT 'pending'::character varying",
        'payload jsonb NOT NULL',
        'result jsonb',
        'error_message text',
        'retry_count integer DEFAULT 0',
        'max_retries integer DEFAULT 3',
        'timeout_seconds integer DEFAULT 3600',
        'enqueued_at timestamp with time zone DEFAULT now()',
        'claimed_at timestamp with time zone',
        'completed_at timestamp with time zone',
        'expires_at timestamp with time zone',
      ],
      constraints: {
        work_orders_pkey: 'PRIMARY KEY (id)',
        work_orders_status_check: "CHECK (status IN ('pending', 'claimed', 'completed', 'failed', 'expired'))",
        work_orders_task_id_fkey: 'FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_work_orders_task: 'btree (task_id)',
        idx_work_orders_queue: 'btree (queue_name)',
        idx_work_orders_status: 'btree (status)',
        idx_work_orders_enqueued: 'btree (enqueued_at)',
        idx_work_orders_expires: 'btree (expires_at)',
      },
    });
  });

  it('worker_assignments', () => {
    expect(live.tables.worker_assignments).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'worker_id uuid NOT NULL',
        'work_order_id uuid NOT NULL',
        "status character varying(20) NOT NULL DEFAULT 'active'::character varying",
        'assigned_at timestamp with time zone DEFAULT now()',
        'completed_at timestamp with time zone',
      ],
      constraints: {
        worker_assignments_pkey: 'PRIMARY KEY (id)',
        worker_assignments_worker_id_work_order_id_key: 'UNIQUE (worker_id, work_order_id)',
        worker_assignments_status_check: "CHECK (status IN ('active', 'completed', 'failed', 'timeout'))",
        worker_assignments_worker_id_fkey: 'FOREIGN KEY (worker_id) REFERENCES workers(id) ON DELETE CASCADE',
        worker_assignments_work_order_id_fkey:
          'FOREIGN KEY (work_order_id) REFERENCES work_orders(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_assignments_worker: 'btree (worker_id)',
        idx_assignments_order: 'btree (work_order_id)',
        idx_assignments_status: 'btree (status)',
      },
    });
  });

  it('executions', () => {
    expect(live.tables.executions).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'task_id uuid NOT NULL',
        'worker_id uuid NOT NULL',
        "status character varying(20) NOT NULL DEFAULT 'running'::character varying",
        'exit_code integer',
        'stdout_log text',
        'stderr_log text',
        "metrics jsonb DEFAULT '{}'::jsonb",
        'started_at timestamp with time zone DEFAULT now()',
        'completed_at timestamp with time zone',
        'duration_seconds integer',
      ],
      constraints: {
        executions_pkey: 'PRIMARY KEY (id)',
        executions_status_check: "CHECK (status IN ('running', 'completed', 'failed', 'timeout', 'cancelled'))",
        executions_task_id_fkey: 'FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE CASCADE',
        executions_worker_id_fkey: 'FOREIGN KEY (worker_id) REFERENCES workers(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_executions_task: 'btree (task_id)',
        idx_executions_worker: 'btree (worker_id)',
        idx_executions_status: 'btree (status)',
        idx_executions_started: 'btree (started_at)',
        idx_executions_task_status: 'btree (task_id, status)',
      },
    });
  });

  it('execution_logs', () => {
    expect(live.tables.execution_logs).toEqual({
      columns: [
        "id bigint NOT NULL DEFAULT nextval('execution_logs_id_seq'::regclass)",
        'execution_id uuid NOT NULL',
        'level character varying(10) NOT NULL',
        'message text NOT NULL',
        "metadata jsonb DEFAULT '{}'::jsonb",
        'logged_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        execution_logs_pkey: 'PRIMARY KEY (id)',
        execution_logs_level_check: "CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'))",
        execution_logs_execution_id_fkey: 'FOREIGN KEY (execution_id) REFERENCES executions(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_execution_logs_execution: 'btree (execution_id)',
        idx_execution_logs_level: 'btree (level)',
        idx_execution_logs_logged_at: 'btree (logged_at)',
      },
    });
  });

  it('chat_messages', () => {
    expect(live.tables.chat_messages).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'conversation_id uuid NOT NULL',
        'sender_type character varying(10) NOT NULL',
        'sender_id uuid',
        'message text NOT NULL',
        "message_type character varying(20) NOT NULL DEFAULT 'text'::character varying",
        "metadata jsonb DEFAULT '{}'::jsonb",
        'parent_message_id uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'edited_at timestamp with time zone',
      ],
      constraints: {
        chat_messages_pkey: 'PRIMARY KEY (id)',
        chat_messages_sender_type_check: "CHECK (sender_type IN ('user', 'worker', 'system', 'controller'))",
        chat_messages_message_type_check: "CHECK (message_type IN ('text', 'question', 'response', 'status', 'error'))",
        chat_messages_parent_message_id_fkey:
          'FOREIGN KEY (parent_message_id) REFERENCES chat_messages(id) ON DELETE SET NULL',
      },
      indexes: {
        idx_chat_messages_conversation: 'btree (conversation_id)',
        idx_chat_messages_sender: 'btree (sender_type, sender_id)',
        idx_chat_messages_created: 'btree (created_at)',
        idx_chat_messages_parent: 'btree (parent_message_id)',
      },
    });
  });

  it('chat_attachments', () => {
    expect(live.tables.chat_attachments).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'message_id uuid NOT NULL',
        'file_name character varying(255) NOT NULL',
        'file_path character varying(500) NOT NULL',
        'file_type character varying(50)',
        'file_size_bytes bigint',
        "metadata jsonb DEFAULT '{}'::jsonb",
        'created_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        chat_attachments_pkey: 'PRIMARY KEY (id)',
        chat_attachments_message_id_fkey: 'FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE CASCADE',
      },
      indexes: { idx_chat_attachments_message: 'btree (message_id)' },
    });
  });

  it('context_documents', () => {
    expect(live.tables.context_documents).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'title character varying(255) NOT NULL',
        'document_type character varying(50) NOT NULL',
        'content text NOT NULL',
        'repository_url character varying(500)',
        "tags character varying(50)[] DEFAULT '{}'::character varying[]",
        "metadata jsonb DEFAULT '{}'::jsonb",
        'created_by uuid',
        'created_at timestamp with time zone DEFAULT now()',
        'updated_at timestamp with time zone DEFAULT now()',
        'version integer DEFAULT 1',
      ],
      constraints: {
        context_documents_pkey: 'PRIMARY KEY (id)',
        context_documents_document_type_check:
          "CHECK (document_type IN ('design', 'plan', 'specification', 'guide', 'reference'))",
        context_documents_created_by_fkey: 'FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL',
      },
      indexes: {
        idx_context_docs_type: 'btree (document_type)',
        idx_context_docs_repo: 'btree (repository_url)',
        idx_context_docs_tags: 'gin (tags)',
        idx_context_docs_created_by: 'btree (created_by)',
      },
    });
  });

  it('task_dependencies', () => {
    expect(live.tables.task_dependencies).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'task_id uuid NOT NULL',
        'depends_on_task_id uuid NOT NULL',
        "dependency_type character varying(20) NOT NULL DEFAULT 'blocks'::character varying",
        'created_at timestamp with time zone DEFAULT now()',
      ],
      constraints: {
        task_dependencies_pkey: 'PRIMARY KEY (id)',
        task_dependencies_task_id_depends_on_task_id_key: 'UNIQUE (task_id, depends_on_task_id)',
        task_dependencies_dependency_type_check: "CHECK (dependency_type IN ('blocks', 'related', 'duplicate'))",
        task_dependencies_check: 'CHECK ((task_id <> depends_on_task_id))',
        task_dependencies_task_id_fkey: 'FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE CASCADE',
        task_dependencies_depends_on_task_id_fkey:
          'FOREIGN KEY (depends_on_task_id) REFERENCES tasks(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_task_deps_task: 'btree (task_id)',
        idx_task_deps_depends_on: 'btree (depends_on_task_id)',
      },
    });
  });

  it('worker_capabilities', () => {
    expect(live.tables.worker_capabilities).toEqual({
      columns: [
        'id uuid NOT NULL DEFAULT gen_random_uuid()',
        'worker_id uuid NOT NULL',
        'capability_name character varying(100) NOT NULL',
        "capability_level character varying(20) NOT NULL DEFAULT 'intermediate'::character varying",
        "metadata jsonb DEFAULT '{}'::jsonb",
      ],
      constraints: {
        worker_capabilities_pkey: 'PRIMARY KEY (id)',
        worker_capabilities_worker_id_capability_name_key: 'UNIQUE (worker_id, capability_name)',
        worker_capabilities_capability_level_check:
          "CHECK (capability_level IN ('beginner', 'intermediate', 'advanced', 'expert'))",
        worker_capabilities_worker_id_fkey: 'FOREIGN KEY (worker_id) REFERENCES workers(id) ON DELETE CASCADE',
      },
      indexes: {
        idx_worker_caps_worker: 'btree (worker_id)',
        idx_worker_caps_name: 'btree (capability_name)',
      },
    });
  });
});

describe('what the schema refuses and allows', () => {
  it('a task that depends on another, not on itself, and on none twice', async () => {
    const db = await agentvine();
    await db.query(`INSERT INTO tasks (id, title, task_type, permission_level) VALUES
      ('${uuid(1)}', 'a', 'feature', 'supervised'), ('${uuid(2)}', 'b', 'test', 'autonomous')`);
    const depend = (task: string, on: string) =>
      db.query(`INSERT INTO task_dependencies (task_id, depends_on_task_id) VALUES ('${task}', '${on}')`);
    await depend(uuid(1), uuid(2));
    await expect(depend(uuid(1), uuid(1))).rejects.toMatchObject({
      code: '23514',
      constraint_name: 'task_dependencies_check',
    });
    await expect(depend(uuid(1), uuid(2))).rejects.toMatchObject({
      code: '23505',
      constraint_name: 'task_dependencies_task_id_depends_on_task_id_key',
    });
    await db.query(`DELETE FROM tasks WHERE id = '${uuid(2)}'`);
    expect(await db.query('SELECT id FROM task_dependencies')).toEqual([]);
  });

  it('keeps a task without its author, and no task without its parent', async () => {
    const db = await agentvine();
    await db.query(`
      INSERT INTO users (id, username, email, hashed_password, role) VALUES ('${uuid(1)}', 'u', 'u@x', 'h', 'admin');
      INSERT INTO tasks (id, title, task_type, permission_level, created_by, parent_task_id) VALUES
        ('${uuid(2)}', 'parent', 'docs', 'supervised', '${uuid(1)}', NULL),
        ('${uuid(3)}', 'child', 'docs', 'supervised', NULL, '${uuid(2)}');
      DELETE FROM users`);
    expect(await db.query("SELECT created_by FROM tasks WHERE title = 'parent'")).toEqual([{ created_by: null }]);
    await db.query("DELETE FROM tasks WHERE title = 'parent'");
    expect(await db.query('SELECT id FROM tasks')).toEqual([]);
  });

  it('a capability with a level', async () => {
    const db = await agentvine();
    await db.query(`
      INSERT INTO workers (id, name, worker_type, status) VALUES ('${uuid(1)}', 'w', 'feature', 'idle');
      INSERT INTO worker_capabilities (worker_id, capability_name) VALUES ('${uuid(1)}', 'Python')`);
    expect(await db.query('SELECT capability_level FROM worker_capabilities')).toEqual([
      { capability_level: 'intermediate' },
    ]);
    await expect(db.query('UPDATE worker_capabilities SET capability_level = NULL')).rejects.toMatchObject({
      code: '23502',
      column_name: 'capability_level',
    });
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

function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

async function agentvine(): Promise<TestDatabase> {
  const db = await freshDatabase();
  await applyAll(db, FOLDER);
  return db;
}
