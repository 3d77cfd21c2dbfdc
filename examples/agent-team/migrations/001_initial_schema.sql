-- A CHECK lets NULL pass: a column with a CHECK and a default is NOT NULL here, which the document's DDL forgets.
-- The document indexes the "important" foreign keys; here each has an index: without it, a change of the other table
-- scans this one.

CREATE TABLE users (
    id               UUID         NOT NULL DEFAULT gen_random_uuid(),
    username         VARCHAR(50)  NOT NULL,
    email            VARCHAR(255) NOT NULL,
    password_hash    VARCHAR(255) NOT NULL,
    is_2fa_enabled   BOOLEAN      DEFAULT FALSE,
    totp_secret      VARCHAR(255),
    is_active        BOOLEAN      DEFAULT TRUE,
    is_admin         BOOLEAN      DEFAULT FALSE,
    telegram_chat_id BIGINT,
    created_at       TIMESTAMPTZ  DEFAULT NOW(),
    updated_at       TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_email_key UNIQUE (email)
);

CREATE TABLE projects (
    id                     UUID         NOT NULL DEFAULT gen_random_uuid(),
    name                   VARCHAR(100) NOT NULL,
    description            TEXT,
    github_repo            VARCHAR(255) NOT NULL,
    github_app_id          VARCHAR(100),
    github_installation_id VARCHAR(100),
    local_path             VARCHAR(500),
    is_active              BOOLEAN      DEFAULT TRUE,
    owner_id               UUID         NOT NULL,
    created_at             TIMESTAMPTZ  DEFAULT NOW(),
    updated_at             TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT projects_pkey PRIMARY KEY (id),
    CONSTRAINT projects_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_projects_owner ON projects (owner_id);
CREATE INDEX idx_projects_github ON projects (github_repo);

CREATE TABLE agents (
    id              UUID         NOT NULL DEFAULT gen_random_uuid(),
    name            VARCHAR(50)  NOT NULL,
    type            VARCHAR(20)  NOT NULL,
    model_config    JSONB        NOT NULL DEFAULT '{}',
    system_prompt   TEXT,
    rules_file_path VARCHAR(500),
    is_active       BOOLEAN      DEFAULT TRUE,
    project_id      UUID,
    created_at      TIMESTAMPTZ  DEFAULT NOW(),
    updated_at      TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT agents_pkey PRIMARY KEY (id),
    CONSTRAINT agents_type_check CHECK (type IN ('orchestrator', 'architect', 'coder', 'tester', 'reviewer')),
    CONSTRAINT agents_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX idx_agents_project ON agents (project_id);
CREATE INDEX idx_agents_type ON agents (type);

-- An issue's link is github_issues.conversation_id, not here: the two tables would refer to each other.
-- Somebody has created a conversation: the document says so in a comment, here it is a CHECK.
CREATE TABLE conversations (
    id                  UUID         NOT NULL DEFAULT gen_random_uuid(),
    title               VARCHAR(200),
    type                VARCHAR(20)  NOT NULL,
    status              VARCHAR(20)  NOT NULL DEFAULT 'active',
    project_id          UUID,
    created_by_user_id  UUID,
    created_by_agent_id UUID,
    created_at          TIMESTAMPTZ  DEFAULT NOW(),
    updated_at          TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT conversations_pkey PRIMARY KEY (id),
    CONSTRAINT conversations_type_check CHECK (type IN ('issue', 'general', 'task', 'review')),
    CONSTRAINT conversations_status_check CHECK (status IN ('active', 'paused', 'completed', 'archived')),
    CONSTRAINT conversations_check CHECK (created_by_user_id IS NOT NULL OR created_by_agent_id IS NOT NULL),
    CONSTRAINT conversations_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT conversations_created_by_user_id_fkey FOREIGN KEY (created_by_user_id) REFERENCES users (id),
    CONSTRAINT conversations_created_by_agent_id_fkey FOREIGN KEY (created_by_agent_id) REFERENCES agents (id)
);

CREATE INDEX idx_conversations_project ON conversations (project_id);
CREATE INDEX idx_conversations_status ON conversations (status);
CREATE INDEX idx_conversations_created_by_user ON conversations (created_by_user_id);
CREATE INDEX idx_conversations_created_by_agent ON conversations (created_by_agent_id);

CREATE TABLE conversation_participants (
    conversation_id UUID        NOT NULL,
    agent_id        UUID        NOT NULL,
    joined_at       TIMESTAMPTZ DEFAULT NOW(),
    CONSTRAINT conversation_participants_pkey PRIMARY KEY (conversation_id, agent_id),
    CONSTRAINT conversation_participants_conversation_id_fkey
        FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT conversation_participants_agent_id_fkey
        FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE
);

CREATE INDEX idx_conversation_participants_agent ON conversation_participants (agent_id);

CREATE TABLE messages (
    id                UUID           NOT NULL DEFAULT gen_random_uuid(),
    conversation_id   UUID           NOT NULL,
    author_type       VARCHAR(20)    NOT NULL,
    user_id           UUID,
    agent_id          UUID,
    content           TEXT           NOT NULL,
    content_formatted TEXT,
    reply_to_id       UUID,
    tokens_in         INTEGER        DEFAULT 0,
    tokens_out        INTEGER        DEFAULT 0,
    cost_usd          DECIMAL(10, 6) DEFAULT 0,
    model_used        VARCHAR(100),
    is_edited         BOOLEAN        DEFAULT FALSE,
    created_at        TIMESTAMPTZ    DEFAULT NOW(),
    updated_at        TIMESTAMPTZ    DEFAULT NOW(),
    CONSTRAINT messages_pkey PRIMARY KEY (id),
    CONSTRAINT messages_author_type_check CHECK (author_type IN ('user', 'agent')),
    CONSTRAINT messages_conversation_id_fkey
        FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT messages_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT messages_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE SET NULL,
    CONSTRAINT messages_reply_to_id_fkey FOREIGN KEY (reply_to_id) REFERENCES messages (id)
);

CREATE INDEX idx_messages_conversation_created ON messages (conversation_id, created_at);
CREATE INDEX idx_messages_user ON messages (user_id);
CREATE INDEX idx_messages_agent ON messages (agent_id);
CREATE INDEX idx_messages_reply_to ON messages (reply_to_id);

CREATE TABLE github_issues (
    id                UUID         NOT NULL DEFAULT gen_random_uuid(),
    github_id         BIGINT       NOT NULL,
    number            INTEGER      NOT NULL,
    title             VARCHAR(500) NOT NULL,
    body              TEXT,
    state             VARCHAR(20)  NOT NULL DEFAULT 'open',
    labels            JSONB        DEFAULT '[]',
    assignee          VARCHAR(100),
    project_id        UUID         NOT NULL,
    conversation_id   UUID,
    created_at        TIMESTAMPTZ  DEFAULT NOW(),
    updated_at        TIMESTAMPTZ  DEFAULT NOW(),
    github_created_at TIMESTAMPTZ,
    github_updated_at TIMESTAMPTZ,
    CONSTRAINT github_issues_pkey PRIMARY KEY (id),
    CONSTRAINT github_issues_github_id_key UNIQUE (github_id),
    CONSTRAINT github_issues_project_id_number_key UNIQUE (project_id, number),
    CONSTRAINT github_issues_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT github_issues_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations (id)
);

CREATE INDEX idx_issues_project ON github_issues (project_id);
CREATE INDEX idx_issues_state ON github_issues (state);
CREATE INDEX idx_issues_conversation ON github_issues (conversation_id);

CREATE TABLE pull_requests (
    id                  UUID         NOT NULL DEFAULT gen_random_uuid(),
    github_id           BIGINT       NOT NULL,
    number              INTEGER      NOT NULL,
    title               VARCHAR(500) NOT NULL,
    body                TEXT,
    branch_from         VARCHAR(200) NOT NULL,
    branch_to           VARCHAR(200) NOT NULL,
    state               VARCHAR(20)  NOT NULL DEFAULT 'open',
    is_draft            BOOLEAN      DEFAULT FALSE,
    review_status       VARCHAR(20),
    test_status         VARCHAR(20),
    project_id          UUID         NOT NULL,
    issue_id            UUID,
    conversation_id     UUID,
    created_by_agent_id UUID,
    created_at          TIMESTAMPTZ  DEFAULT NOW(),
    updated_at          TIMESTAMPTZ  DEFAULT NOW(),
    merged_at           TIMESTAMPTZ,
    github_created_at   TIMESTAMPTZ,
    CONSTRAINT pull_requests_pkey PRIMARY KEY (id),
    CONSTRAINT pull_requests_github_id_key UNIQUE (github_id),
    CONSTRAINT pull_requests_project_id_number_key UNIQUE (project_id, number),
    CONSTRAINT pull_requests_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT pull_requests_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES github_issues (id),
    CONSTRAINT pull_requests_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations (id),
    CONSTRAINT pull_requests_created_by_agent_id_fkey FOREIGN KEY (created_by_agent_id) REFERENCES agents (id)
);

CREATE INDEX idx_prs_project ON pull_requests (project_id);
CREATE INDEX idx_prs_issue ON pull_requests (issue_id);
CREATE INDEX idx_prs_state ON pull_requests (state);
CREATE INDEX idx_prs_agent ON pull_requests (created_by_agent_id);
CREATE INDEX idx_prs_conversation ON pull_requests (conversation_id);

CREATE TABLE tasks (
    id                   UUID           NOT NULL DEFAULT gen_random_uuid(),
    title                VARCHAR(300)   NOT NULL,
    description          TEXT,
    status               VARCHAR(20)    NOT NULL DEFAULT 'pending',
    priority             VARCHAR(10)    NOT NULL DEFAULT 'medium',
    assigned_to_agent_id UUID,
    issue_id             UUID,
    project_id           UUID           NOT NULL,
    pr_id                UUID,
    definition_of_done   TEXT,
    total_tokens_used    INTEGER        DEFAULT 0,
    total_cost_usd       DECIMAL(10, 6) DEFAULT 0,
    created_at           TIMESTAMPTZ    DEFAULT NOW(),
    started_at           TIMESTAMPTZ,
    completed_at         TIMESTAMPTZ,
    updated_at           TIMESTAMPTZ    DEFAULT NOW(),
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_status_check
        CHECK (status IN ('pending', 'in_progress', 'testing', 'review', 'completed', 'failed')),
    CONSTRAINT tasks_priority_check CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    CONSTRAINT tasks_assigned_to_agent_id_fkey
        FOREIGN KEY (assigned_to_agent_id) REFERENCES agents (id) ON DELETE SET NULL,
    CONSTRAINT tasks_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES github_issues (id) ON DELETE SET NULL,
    CONSTRAINT tasks_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE,
    CONSTRAINT tasks_pr_id_fkey FOREIGN KEY (pr_id) REFERENCES pull_requests (id) ON DELETE SET NULL
);

CREATE INDEX idx_tasks_project ON tasks (project_id);
CREATE INDEX idx_tasks_agent ON tasks (assigned_to_agent_id);
CREATE INDEX idx_tasks_status_priority ON tasks (status, priority);
CREATE INDEX idx_tasks_issue ON tasks (issue_id);
CREATE INDEX idx_tasks_pr ON tasks (pr_id);

-- usage_date repeats the timestamp's day, because the MVP's SQLite has no index on DATE(timestamp).
-- metadata is described under "JSONB Usage" and missing from the document's DDL.
CREATE TABLE token_usage (
    id                  UUID           NOT NULL DEFAULT gen_random_uuid(),
    timestamp           TIMESTAMPTZ    DEFAULT NOW(),
    usage_date          DATE           NOT NULL,
    user_id             UUID,
    agent_id            UUID,
    agent_type          VARCHAR(20),
    conversation_id     UUID,
    message_id          UUID,
    project_id          UUID,
    task_id             UUID,
    model               VARCHAR(100)   NOT NULL,
    tokens_in           INTEGER        NOT NULL DEFAULT 0,
    tokens_out          INTEGER        NOT NULL DEFAULT 0,
    cost_usd            DECIMAL(10, 6) NOT NULL DEFAULT 0,
    request_duration_ms INTEGER,
    was_cached          BOOLEAN        DEFAULT FALSE,
    metadata            JSONB          DEFAULT '{}',
    CONSTRAINT token_usage_pkey PRIMARY KEY (id),
    CONSTRAINT token_usage_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT token_usage_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE SET NULL,
    CONSTRAINT token_usage_conversation_id_fkey
        FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE SET NULL,
    CONSTRAINT token_usage_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE SET NULL,
    CONSTRAINT token_usage_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE SET NULL,
    CONSTRAINT token_usage_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE SET NULL
);

CREATE INDEX idx_token_usage_timestamp ON token_usage (timestamp);
CREATE INDEX idx_token_usage_agent ON token_usage (agent_id);
CREATE INDEX idx_token_usage_project ON token_usage (project_id);
CREATE INDEX idx_token_usage_conversation ON token_usage (conversation_id);
CREATE INDEX idx_token_usage_date ON token_usage (usage_date);
CREATE INDEX idx_token_usage_user ON token_usage (user_id);
CREATE INDEX idx_token_usage_message ON token_usage (message_id);
CREATE INDEX idx_token_usage_task ON token_usage (task_id);

-- scope_id is a project's or an agent's, as scope_type says, so it cannot be a foreign key; NULL when global.
-- scope_agent_type is the type's name when scope_type is agent_type.
CREATE TABLE budget_limits (
    id               UUID           NOT NULL DEFAULT gen_random_uuid(),
    name             VARCHAR(100)   NOT NULL,
    scope_type       VARCHAR(20)    NOT NULL,
    scope_id         UUID,
    scope_agent_type VARCHAR(20),
    amount_usd       DECIMAL(10, 2) NOT NULL,
    period           VARCHAR(20)    NOT NULL,
    alert_threshold  DECIMAL(3, 2)  NOT NULL DEFAULT 0.80,
    action_on_exceed VARCHAR(20)    NOT NULL DEFAULT 'warn',
    is_active        BOOLEAN        DEFAULT TRUE,
    created_at       TIMESTAMPTZ    DEFAULT NOW(),
    updated_at       TIMESTAMPTZ    DEFAULT NOW(),
    CONSTRAINT budget_limits_pkey PRIMARY KEY (id),
    CONSTRAINT budget_limits_scope_type_check CHECK (scope_type IN ('global', 'project', 'agent', 'agent_type')),
    CONSTRAINT budget_limits_period_check CHECK (period IN ('daily', 'weekly', 'monthly')),
    CONSTRAINT budget_limits_alert_threshold_check CHECK (alert_threshold > 0 AND alert_threshold <= 1.0),
    CONSTRAINT budget_limits_action_on_exceed_check CHECK (action_on_exceed IN ('warn', 'block'))
);

CREATE INDEX idx_budget_scope ON budget_limits (scope_type, scope_id);
CREATE INDEX idx_budget_agent_type ON budget_limits (scope_type, scope_agent_type);

CREATE TABLE notifications (
    id            UUID         NOT NULL DEFAULT gen_random_uuid(),
    type          VARCHAR(50)  NOT NULL,
    title         VARCHAR(200) NOT NULL,
    message       TEXT         NOT NULL,
    severity      VARCHAR(20)  NOT NULL DEFAULT 'info',
    user_id       UUID         NOT NULL,
    project_id    UUID,
    agent_id      UUID,
    is_read       BOOLEAN      DEFAULT FALSE,
    sent_telegram BOOLEAN      DEFAULT FALSE,
    sent_email    BOOLEAN      DEFAULT FALSE,
    metadata      JSONB        DEFAULT '{}',
    created_at    TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_severity_check CHECK (severity IN ('info', 'warning', 'critical')),
    CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT notifications_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id),
    CONSTRAINT notifications_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents (id)
);

CREATE INDEX idx_notifications_user ON notifications (user_id);
CREATE INDEX idx_notifications_read ON notifications (user_id, is_read);
CREATE INDEX idx_notifications_created ON notifications (created_at);
CREATE INDEX idx_notifications_project ON notifications (project_id);
CREATE INDEX idx_notifications_agent ON notifications (agent_id);

-- NULLS NOT DISTINCT: a memory without a project could otherwise be stored twice.
CREATE TABLE agent_memory (
    id         UUID         NOT NULL DEFAULT gen_random_uuid(),
    agent_id   UUID         NOT NULL,
    project_id UUID,
    category   VARCHAR(50)  NOT NULL,
    key        VARCHAR(200) NOT NULL,
    value      JSONB        NOT NULL,
    importance INTEGER      NOT NULL DEFAULT 5,
    expires_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ  DEFAULT NOW(),
    updated_at TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT agent_memory_pkey PRIMARY KEY (id),
    CONSTRAINT agent_memory_agent_id_project_id_category_key_key
        UNIQUE NULLS NOT DISTINCT (agent_id, project_id, category, key),
    CONSTRAINT agent_memory_importance_check CHECK (importance BETWEEN 1 AND 10),
    CONSTRAINT agent_memory_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents (id) ON DELETE CASCADE,
    CONSTRAINT agent_memory_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id)
);

CREATE INDEX idx_agent_memory_agent ON agent_memory (agent_id);
CREATE INDEX idx_agent_memory_project ON agent_memory (project_id);
CREATE INDEX idx_agent_memory_expires ON agent_memory (expires_at);

CREATE TABLE webhooks (
    id            UUID         NOT NULL DEFAULT gen_random_uuid(),
    project_id    UUID         NOT NULL,
    source        VARCHAR(50)  NOT NULL,
    event_type    VARCHAR(100) NOT NULL,
    payload       JSONB        NOT NULL,
    processed     BOOLEAN      DEFAULT FALSE,
    processed_at  TIMESTAMPTZ,
    error_message TEXT,
    retry_count   INTEGER      DEFAULT 0,
    max_retries   INTEGER      DEFAULT 5,
    created_at    TIMESTAMPTZ  DEFAULT NOW(),
    CONSTRAINT webhooks_pkey PRIMARY KEY (id),
    CONSTRAINT webhooks_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
);

CREATE INDEX idx_webhooks_project ON webhooks (project_id);
CREATE INDEX idx_webhooks_processed ON webhooks (processed);
CREATE INDEX idx_webhooks_created ON webhooks (created_at);
