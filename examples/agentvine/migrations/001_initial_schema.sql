-- The document writes INDEX inside CREATE TABLE, which PostgreSQL refuses: here they are CREATE INDEX.
-- idx_users_email and idx_users_username are left out: each would repeat a unique constraint's own index.

CREATE TABLE users (
    id              UUID         NOT NULL DEFAULT gen_random_uuid(),
    username        VARCHAR(50)  NOT NULL,
    email           VARCHAR(255) NOT NULL,
    hashed_password VARCHAR(255) NOT NULL,
    full_name       VARCHAR(255),
    role            VARCHAR(20)  NOT NULL,
    is_active       BOOLEAN      DEFAULT TRUE,
    is_verified     BOOLEAN      DEFAULT FALSE,
    created_at      TIMESTAMPTZ  DEFAULT NOW(),
    updated_at      TIMESTAMPTZ  DEFAULT NOW(),
    last_login_at   TIMESTAMPTZ,
    settings        JSONB        DEFAULT '{}'::jsonb,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_role_check CHECK (role IN ('admin', 'developer', 'viewer'))
);

CREATE INDEX idx_users_role ON users (role);

CREATE TABLE workers (
    id                   UUID         NOT NULL DEFAULT gen_random_uuid(),
    name                 VARCHAR(100) NOT NULL,
    worker_type          VARCHAR(20)  NOT NULL,
    status               VARCHAR(20)  NOT NULL,
    version              VARCHAR(50),
    max_concurrent_tasks INTEGER      DEFAULT 1,
    timeout_seconds      INTEGER      DEFAULT 3600,
    context_window_size  INTEGER      DEFAULT 200000,
    config               JSONB        DEFAULT '{}'::jsonb,
    capabilities         JSONB        DEFAULT '[]'::jsonb,
    last_heartbeat_at    TIMESTAMPTZ,
    created_at           TIMESTAMPTZ  DEFAULT NOW(),
    updated_at           TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT workers_pkey PRIMARY KEY (id),
    CONSTRAINT workers_worker_type_check
        CHECK (worker_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review')),
    CONSTRAINT workers_status_check CHECK (status IN ('idle', 'busy', 'offline', 'error'))
);

CREATE INDEX idx_workers_type ON workers (worker_type);
CREATE INDEX idx_workers_status ON workers (status);
CREATE INDEX idx_workers_heartbeat ON workers (last_heartbeat_at);

CREATE TABLE tasks (
    id               UUID         NOT NULL DEFAULT gen_random_uuid(),
    title            VARCHAR(255) NOT NULL,
    description      TEXT,
    task_type        VARCHAR(20)  NOT NULL,
    permission_level VARCHAR(20)  NOT NULL,
    priority         VARCHAR(10)  NOT NULL DEFAULT 'normal',
    status           VARCHAR(20)  NOT NULL DEFAULT 'pending',
    repository_url   VARCHAR(500),
    branch_name      VARCHAR(255),
    issue_number     INTEGER,
    pr_number        INTEGER,
    context          JSONB        DEFAULT '{}'::jsonb,
    metadata         JSONB        DEFAULT '{}'::jsonb,
    created_by       UUID,
    assigned_to      UUID,
    parent_task_id   UUID,
    created_at       TIMESTAMPTZ  DEFAULT NOW(),
    updated_at       TIMESTAMPTZ  DEFAULT NOW(),
    started_at       TIMESTAMPTZ,
    completed_at     TIMESTAMPTZ,
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_task_type_check
        CHECK (task_type IN ('feature', 'bugfix', 'test', 'docs', 'refactor', 'review')),
    CONSTRAINT tasks_permission_level_check
        CHECK (permission_level IN ('autonomous', 'supervised', 'human_required')),
    CONSTRAINT tasks_priority_check CHECK (priority IN ('low', 'normal', 'high', 'critical')),
    CONSTRAINT tasks_status_check
        CHECK (status IN ('pending', 'queued', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled')),
    CONSTRAINT tasks_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT tasks_assigned_to_fkey FOREIGN KEY (assigned_to) REFERENCES workers (id) ON DELETE SET NULL,
    CONSTRAINT tasks_parent_task_id_fkey FOREIGN KEY (parent_task_id) REFERENCES tasks (id) ON DELETE CASCADE
);

CREATE INDEX idx_tasks_status ON tasks (status);
CREATE INDEX idx_tasks_type ON tasks (task_type);
CREATE INDEX idx_tasks_priority ON tasks (priority);
CREATE INDEX idx_tasks_created_by ON tasks (created_by);
CREATE INDEX idx_tasks_assigned_to ON tasks (assigned_to);
CREATE INDEX idx_tasks_parent ON tasks (parent_task_id);

CREATE TABLE work_orders (
    id              UUID        NOT NULL DEFAULT gen_random_uuid(),
    task_id         UUID        NOT NULL,
    queue_name      VARCHAR(50) NOT NULL,
    status          VARCHAR(20) NOT NULL DEFAULT 'pending',
    payload         JSONB       NOT NULL,
    result          JSONB,
    error_message   TEXT,
    retry_count     INTEGER     DEFAULT 0,
    max_retries     INTEGER     DEFAULT 3,
    timeout_seconds INTEGER     DEFAULT 3600,
    enqueued_at     TIMESTAMPTZ DEFAULT NOW(),
    claimed_at      TIMESTAMPTZ,
    completed_at    TIMESTAMPTZ,
    expires_at      TIMESTAMPTZ,
    CONSTRAINT work_orders_pkey PRIMARY KEY (id),
    CONSTRAINT work_orders_status_check
        CHECK (status IN ('pending', 'claimed', 'completed', 'failed', 'expired')),
    CONSTRAINT work_orders_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE
);

CREATE INDEX idx_work_orders_task ON work_orders (task_id);
CREATE INDEX idx_work_orders_queue ON work_orders (queue_name);
CREATE INDEX idx_work_orders_status ON work_orders (status);
CREATE INDEX idx_work_orders_enqueued ON work_orders (enqueued_at);
CREATE INDEX idx_work_orders_expires ON work_orders (expires_at);

CREATE TABLE worker_assignments (
    id            UUID        NOT NULL DEFAULT gen_random_uuid(),
    worker_id     UUID        NOT NULL,
    work_order_id UUID        NOT NULL,
    status        VARCHAR(20) NOT NULL DEFAULT 'active',
    assigned_at   TIMESTAMPTZ DEFAULT NOW(),
    completed_at  TIMESTAMPTZ,
    CONSTRAINT worker_assignments_pkey PRIMARY KEY (id),
    CONSTRAINT worker_assignments_worker_id_work_order_id_key UNIQUE (worker_id, work_order_id),
    CONSTRAINT worker_assignments_status_check CHECK (status IN ('active', 'completed', 'failed', 'timeout')),
    CONSTRAINT worker_assignments_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES workers (id) ON DELETE CASCADE,
    CONSTRAINT worker_assignments_work_order_id_fkey
        FOREIGN KEY (work_order_id) REFERENCES work_orders (id) ON DELETE CASCADE
);

CREATE INDEX idx_assignments_worker ON worker_assignments (worker_id);
CREATE INDEX idx_assignments_order ON worker_assignments (work_order_id);
CREATE INDEX idx_assignments_status ON worker_assignments (status);

CREATE TABLE executions (
    id               UUID        NOT NULL DEFAULT gen_random_uuid(),
    task_id          UUID        NOT NULL,
    worker_id        UUID        NOT NULL,
    status           VARCHAR(20) NOT NULL DEFAULT 'running',
    exit_code        INTEGER,
    stdout_log       TEXT,
    stderr_log       TEXT,
    metrics          JSONB       DEFAULT '{}'::jsonb,
    started_at       TIMESTAMPTZ DEFAULT NOW(),
    completed_at     TIMESTAMPTZ,
    duration_seconds INTEGER,
    CONSTRAINT executions_pkey PRIMARY KEY (id),
    CONSTRAINT executions_status_check
        CHECK (status IN ('running', 'completed', 'failed', 'timeout', 'cancelled')),
    CONSTRAINT executions_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    CONSTRAINT executions_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES workers (id) ON DELETE CASCADE
);

CREATE INDEX idx_executions_task ON executions (task_id);
CREATE INDEX idx_executions_worker ON executions (worker_id);
CREATE INDEX idx_executions_status ON executions (status);
CREATE INDEX idx_executions_started ON executions (started_at);

CREATE TABLE execution_logs (
    id           BIGSERIAL   NOT NULL,
    execution_id UUID        NOT NULL,
    level        VARCHAR(10) NOT NULL,
    message      TEXT        NOT NULL,
    metadata     JSONB       DEFAULT '{}'::jsonb,
    logged_at    TIMESTAMPTZ DEFAULT NOW(),
    CONSTRAINT execution_logs_pkey PRIMARY KEY (id),
    CONSTRAINT execution_logs_level_check CHECK (level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    CONSTRAINT execution_logs_execution_id_fkey
        FOREIGN KEY (execution_id) REFERENCES executions (id) ON DELETE CASCADE
);

CREATE INDEX idx_execution_logs_execution ON execution_logs (execution_id);
CREATE INDEX idx_execution_logs_level ON execution_logs (level);
CREATE INDEX idx_execution_logs_logged_at ON execution_logs (logged_at);

-- sender_id is a user's or a worker's, as sender_type says, so it cannot be a foreign key.
CREATE TABLE chat_messages (
    id                UUID        NOT NULL DEFAULT gen_random_uuid(),
    conversation_id   UUID        NOT NULL,
    sender_type       VARCHAR(10) NOT NULL,
    sender_id         UUID,
    message           TEXT        NOT NULL,
    message_type      VARCHAR(20) NOT NULL DEFAULT 'text',
    metadata          JSONB       DEFAULT '{}'::jsonb,
    parent_message_id UUID,
    created_at        TIMESTAMPTZ DEFAULT NOW(),
    edited_at         TIMESTAMPTZ,
    CONSTRAINT chat_messages_pkey PRIMARY KEY (id),
    CONSTRAINT chat_messages_sender_type_check CHECK (sender_type IN ('user', 'worker', 'system', 'controller')),
    CONSTRAINT chat_messages_message_type_check
        CHECK (message_type IN ('text', 'question', 'response', 'status', 'error')),
    CONSTRAINT chat_messages_parent_message_id_fkey
        FOREIGN KEY (parent_message_id) REFERENCES chat_messages (id) ON DELETE SET NULL
);

CREATE INDEX idx_chat_messages_conversation ON chat_messages (conversation_id);
CREATE INDEX idx_chat_messages_sender ON chat_messages (sender_type, sender_id);
CREATE INDEX idx_chat_messages_created ON chat_messages (created_at);
CREATE INDEX idx_chat_messages_parent ON chat_messages (parent_message_id);

CREATE TABLE chat_attachments (
    id              UUID         NOT NULL DEFAULT gen_random_uuid(),
    message_id      UUID         NOT NULL,
    file_name       VARCHAR(255) NOT NULL,
    file_path       VARCHAR(500) NOT NULL,
    file_type       VARCHAR(50),
    file_size_bytes BIGINT,
    metadata        JSONB        DEFAULT '{}'::jsonb,
    created_at      TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT chat_attachments_pkey PRIMARY KEY (id),
    CONSTRAINT chat_attachments_message_id_fkey
        FOREIGN KEY (message_id) REFERENCES chat_messages (id) ON DELETE CASCADE
);

CREATE INDEX idx_chat_attachments_message ON chat_attachments (message_id);

CREATE TABLE context_documents (
    id             UUID          NOT NULL DEFAULT gen_random_uuid(),
    title          VARCHAR(255)  NOT NULL,
    document_type  VARCHAR(50)   NOT NULL,
    content        TEXT          NOT NULL,
    repository_url VARCHAR(500),
    tags           VARCHAR(50)[] DEFAULT '{}',
    metadata       JSONB         DEFAULT '{}'::jsonb,
    created_by     UUID,
    created_at     TIMESTAMPTZ   DEFAULT NOW(),
    updated_at     TIMESTAMPTZ   DEFAULT NOW(),
    version        INTEGER       DEFAULT 1,
    CONSTRAINT context_documents_pkey PRIMARY KEY (id),
    CONSTRAINT context_documents_document_type_check
        CHECK (document_type IN ('design', 'plan', 'specification', 'guide', 'reference')),
    CONSTRAINT context_documents_created_by_fkey FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX idx_context_docs_type ON context_documents (document_type);
CREATE INDEX idx_context_docs_repo ON context_documents (repository_url);
CREATE INDEX idx_context_docs_tags ON context_documents USING GIN (tags);
CREATE INDEX idx_context_docs_created_by ON context_documents (created_by);

CREATE TABLE task_dependencies (
    id                 UUID        NOT NULL DEFAULT gen_random_uuid(),
    task_id            UUID        NOT NULL,
    depends_on_task_id UUID        NOT NULL,
    dependency_type    VARCHAR(20) NOT NULL DEFAULT 'blocks',
    created_at         TIMESTAMPTZ DEFAULT NOW(),
    CONSTRAINT task_dependencies_pkey PRIMARY KEY (id),
    CONSTRAINT task_dependencies_task_id_depends_on_task_id_key UNIQUE (task_id, depends_on_task_id),
    CONSTRAINT task_dependencies_dependency_type_check
        CHECK (dependency_type IN ('blocks', 'related', 'duplicate')),
    CONSTRAINT task_dependencies_check CHECK (task_id != depends_on_task_id),
    CONSTRAINT task_dependencies_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
    CONSTRAINT task_dependencies_depends_on_task_id_fkey
        FOREIGN KEY (depends_on_task_id) REFERENCES tasks (id) ON DELETE CASCADE
);

CREATE INDEX idx_task_deps_task ON task_dependencies (task_id);
CREATE INDEX idx_task_deps_depends_on ON task_dependencies (depends_on_task_id);

-- capability_level is NOT NULL although the DDL forgets it: it has a default, and a CHECK lets NULL pass.
CREATE TABLE worker_capabilities (
    id               UUID         NOT NULL DEFAULT gen_random_uuid(),
    worker_id        UUID         NOT NULL,
    capability_name  VARCHAR(100) NOT NULL,
    capability_level VARCHAR(20)  NOT NULL DEFAULT 'intermediate',
    metadata         JSONB        DEFAULT '{}'::jsonb,
    CONSTRAINT worker_capabilities_pkey PRIMARY KEY (id),
    CONSTRAINT worker_capabilities_worker_id_capability_name_key UNIQUE (worker_id, capability_name),
    CONSTRAINT worker_capabilities_capability_level_check
        CHECK (capability_level IN ('beginner', 'intermediate', 'advanced', 'expert')),
    CONSTRAINT worker_capabilities_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES workers (id) ON DELETE CASCADE
);

CREATE INDEX idx_worker_caps_worker ON worker_capabilities (worker_id);
CREATE INDEX idx_worker_caps_name ON worker_capabilities (capability_name);
