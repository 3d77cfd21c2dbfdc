-- Amelia's first PostgreSQL schema: eleven tables, no triggers.
-- Application-made UUIDs have no default: a forgotten id must fail, not be invented here.
-- Constraint names are those PostgreSQL itself would choose, so a database made from the plain DDL compares as equal.

-- id is the profile's name, which people type, so it and every reference to it stay TEXT.
-- agents stays one document: it is small and always read and written as a whole.
CREATE TABLE profiles (
    id                TEXT        NOT NULL,
    tracker           TEXT        NOT NULL DEFAULT 'noop',
    working_dir       TEXT        NOT NULL,
    plan_output_dir   TEXT        NOT NULL DEFAULT 'docs/plans',
    plan_path_pattern TEXT        NOT NULL DEFAULT 'docs/plans/{date}-{issue_key}.md',
    agents            JSONB       NOT NULL,
    is_active         BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at        TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    updated_at        TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    CONSTRAINT profiles_pkey PRIMARY KEY (id),
    CONSTRAINT profiles_tracker_check CHECK (tracker IN ('noop', 'github', 'jira'))
);

CREATE INDEX idx_profiles_active ON profiles (is_active);

-- Instead of triggers that silently deactivate the other profiles: a second active one is an error.
CREATE UNIQUE INDEX idx_profiles_single_active ON profiles (is_active) WHERE is_active = TRUE;

-- issue_id is an issue key such as PROJ-123, hence TEXT.
-- profile_id names the profile that was active when the workflow was created: a record of the past, so no foreign key.
-- issue_cache stays TEXT: unlike plan_cache it is not among the columns that hold JSON to be queried.
-- started_at and completed_at are NULL until it has happened.
CREATE TABLE workflows (
    id             UUID        NOT NULL,
    issue_id       TEXT        NOT NULL,
    worktree_path  TEXT        NOT NULL,
    status         TEXT        NOT NULL DEFAULT 'pending',
    created_at     TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    updated_at     TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    started_at     TIMESTAMPTZ,
    completed_at   TIMESTAMPTZ,
    failure_reason TEXT,
    workflow_type  TEXT        NOT NULL DEFAULT 'full',
    profile_id     TEXT,
    plan_cache     JSONB,
    issue_cache    TEXT,
    CONSTRAINT workflows_pkey PRIMARY KEY (id),
    CONSTRAINT workflows_status_check
        CHECK (status IN ('pending', 'in_progress', 'blocked', 'completed', 'failed', 'cancelled')),
    CONSTRAINT workflows_workflow_type_check CHECK (workflow_type IN ('full', 'review'))
);

CREATE INDEX idx_workflows_issue_id ON workflows (issue_id);
CREATE INDEX idx_workflows_status ON workflows (status);
CREATE INDEX idx_workflows_worktree ON workflows (worktree_path);
CREATE INDEX idx_workflows_started_at ON workflows (started_at DESC);

-- Any number of workflows may wait for a worktree, one may be at work in it.
CREATE UNIQUE INDEX idx_workflows_active_worktree
    ON workflows (worktree_path)
    WHERE status IN ('in_progress', 'blocked');

-- correlation_id and trace_id come from other systems, hence TEXT.
-- event_type has no CHECK: new kinds of events must not need a migration.
-- A child event outlives its parent when retention deletes the parent.
-- Not partitioned: retention by month on "timestamp" can be added when volume asks for it.
CREATE TABLE events (
    id             UUID        NOT NULL,
    workflow_id    UUID        NOT NULL,
    sequence       INTEGER     NOT NULL,
    timestamp      TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    agent          TEXT        NOT NULL,
    event_type     TEXT        NOT NULL,
    level          TEXT        NOT NULL DEFAULT 'debug',
    message        TEXT        NOT NULL,
    data           JSONB,
    correlation_id TEXT,
    tool_name      TEXT,
    tool_input     JSONB,
    is_error       BOOLEAN     NOT NULL DEFAULT FALSE,
    trace_id       TEXT,
    parent_id      UUID,
    CONSTRAINT events_pkey PRIMARY KEY (id),
    CONSTRAINT events_level_check CHECK (level IN ('info', 'debug', 'trace')),
    CONSTRAINT events_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES workflows (id) ON DELETE CASCADE,
    CONSTRAINT events_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES events (id) ON DELETE SET NULL
);

-- Covers events_workflow_id_fkey too.
CREATE UNIQUE INDEX idx_events_workflow_sequence ON events (workflow_id, sequence);
CREATE INDEX idx_events_workflow ON events (workflow_id, timestamp);
CREATE INDEX idx_events_type ON events (event_type);
CREATE INDEX idx_events_level ON events (level);
CREATE INDEX idx_events_trace_id ON events (trace_id);

-- Without it each deleted event would scan this, the largest table, for its children.
CREATE INDEX idx_events_parent_id ON events (parent_id);

-- model has no default: a dated model name goes stale unnoticed.
-- The cache counts stay nullable, as they were: they carry no CHECK that a NULL could slip past.
CREATE TABLE token_usage (
    id                    UUID           NOT NULL,
    workflow_id           UUID           NOT NULL,
    agent                 TEXT           NOT NULL,
    model                 TEXT           NOT NULL,
    input_tokens          INTEGER        NOT NULL,
    output_tokens         INTEGER        NOT NULL,
    cache_read_tokens     INTEGER        DEFAULT 0,
    cache_creation_tokens INTEGER        DEFAULT 0,
    cost_usd              NUMERIC(10, 6) NOT NULL,
    duration_ms           INTEGER        NOT NULL DEFAULT 0,
    num_turns             INTEGER        NOT NULL DEFAULT 1,
    timestamp             TIMESTAMPTZ    NOT NULL DEFAULT NOW(),
    CONSTRAINT token_usage_pkey PRIMARY KEY (id),
    CONSTRAINT token_usage_workflow_id_fkey FOREIGN KEY (workflow_id) REFERENCES workflows (id) ON DELETE CASCADE
);

CREATE INDEX idx_tokens_workflow ON token_usage (workflow_id);
CREATE INDEX idx_tokens_agent ON token_usage (agent);

-- id is a prompt's key that the application seeds, so it and every reference to it stay TEXT.
CREATE TABLE prompts (
    id                 TEXT NOT NULL,
    agent              TEXT NOT NULL,
    name               TEXT NOT NULL,
    description        TEXT,
    current_version_id UUID,
    CONSTRAINT prompts_pkey PRIMARY KEY (id)
);

CREATE TABLE prompt_versions (
    id             UUID        NOT NULL,
    prompt_id      TEXT        NOT NULL,
    version_number INTEGER     NOT NULL,
    content        TEXT        NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    change_note    TEXT,
    CONSTRAINT prompt_versions_pkey PRIMARY KEY (id),
    CONSTRAINT prompt_versions_prompt_id_version_number_key UNIQUE (prompt_id, version_number),
    CONSTRAINT prompt_versions_prompt_id_fkey FOREIGN KEY (prompt_id) REFERENCES prompts (id)
);

CREATE INDEX idx_prompt_versions_prompt ON prompt_versions (prompt_id);

-- The two tables refer to each other: deferred, so that one transaction may write them in any order.
ALTER TABLE prompts
    ADD CONSTRAINT prompts_current_version_id_fkey
    FOREIGN KEY (current_version_id) REFERENCES prompt_versions (id) DEFERRABLE INITIALLY DEFERRED;

-- Every foreign key has an index on its own columns, or a change of the other table scans this one.
CREATE INDEX idx_prompts_current_version ON prompts (current_version_id);

CREATE TABLE workflow_prompt_versions (
    workflow_id UUID NOT NULL,
    prompt_id   TEXT NOT NULL,
    version_id  UUID NOT NULL,
    CONSTRAINT workflow_prompt_versions_pkey PRIMARY KEY (workflow_id, prompt_id),
    CONSTRAINT workflow_prompt_versions_workflow_id_fkey
        FOREIGN KEY (workflow_id) REFERENCES workflows (id) ON DELETE CASCADE,
    CONSTRAINT workflow_prompt_versions_prompt_id_fkey FOREIGN KEY (prompt_id) REFERENCES prompts (id),
    CONSTRAINT workflow_prompt_versions_version_id_fkey FOREIGN KEY (version_id) REFERENCES prompt_versions (id)
);

CREATE INDEX idx_workflow_prompts_workflow ON workflow_prompt_versions (workflow_id);
CREATE INDEX idx_workflow_prompts_prompt ON workflow_prompt_versions (prompt_id);
CREATE INDEX idx_workflow_prompts_version ON workflow_prompt_versions (version_id);

-- driver_session_id comes from the driver, hence TEXT; the review lists no values for driver_type, hence no CHECK.
-- No cascade: deleting a profile must not delete its sessions.
CREATE TABLE brainstorm_sessions (
    id                UUID        NOT NULL,
    profile_id        TEXT        NOT NULL,
    driver_session_id TEXT,
    driver_type       TEXT,
    status            TEXT        NOT NULL DEFAULT 'active',
    topic             TEXT,
    created_at        TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    updated_at        TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    CONSTRAINT brainstorm_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT brainstorm_sessions_status_check
        CHECK (status IN ('active', 'ready_for_handoff', 'completed', 'failed')),
    CONSTRAINT brainstorm_sessions_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES profiles (id)
);

CREATE INDEX idx_brainstorm_sessions_profile ON brainstorm_sessions (profile_id);
CREATE INDEX idx_brainstorm_sessions_status ON brainstorm_sessions (status);

-- No idx_brainstorm_messages_session: it would repeat the unique constraint's own index on (session_id, sequence).
CREATE TABLE brainstorm_messages (
    id            UUID           NOT NULL,
    session_id    UUID           NOT NULL,
    sequence      INTEGER        NOT NULL,
    role          TEXT           NOT NULL,
    content       TEXT           NOT NULL,
    parts         JSONB,
    created_at    TIMESTAMPTZ    NOT NULL DEFAULT NOW(),
    input_tokens  INTEGER,
    output_tokens INTEGER,
    cost_usd      NUMERIC(10, 6),
    is_system     BOOLEAN        NOT NULL DEFAULT FALSE,
    CONSTRAINT brainstorm_messages_pkey PRIMARY KEY (id),
    CONSTRAINT brainstorm_messages_session_id_sequence_key UNIQUE (session_id, sequence),
    CONSTRAINT brainstorm_messages_role_check CHECK (role IN ('user', 'assistant')),
    CONSTRAINT brainstorm_messages_session_id_fkey
        FOREIGN KEY (session_id) REFERENCES brainstorm_sessions (id) ON DELETE CASCADE
);

CREATE TABLE brainstorm_artifacts (
    id         UUID        NOT NULL,
    session_id UUID        NOT NULL,
    type       TEXT        NOT NULL,
    path       TEXT        NOT NULL,
    title      TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    CONSTRAINT brainstorm_artifacts_pkey PRIMARY KEY (id),
    CONSTRAINT brainstorm_artifacts_type_check CHECK (type IN ('adr', 'spec', 'readme', 'design', 'document')),
    CONSTRAINT brainstorm_artifacts_session_id_fkey
        FOREIGN KEY (session_id) REFERENCES brainstorm_sessions (id) ON DELETE CASCADE
);

CREATE INDEX idx_brainstorm_artifacts_session ON brainstorm_artifacts (session_id);

-- One row, so its id stays the INTEGER 1.
-- The timeouts were SQLite's REAL, which is eight bytes wide; PostgreSQL's REAL is four and would round them.
CREATE TABLE server_settings (
    id                             INTEGER          NOT NULL,
    log_retention_days             INTEGER          NOT NULL DEFAULT 30,
    log_retention_max_events       INTEGER          NOT NULL DEFAULT 100000,
    trace_retention_days           INTEGER          NOT NULL DEFAULT 7,
    checkpoint_retention_days      INTEGER          NOT NULL DEFAULT 0,
    checkpoint_path                TEXT             NOT NULL DEFAULT '~/.amelia/checkpoints.db',
    websocket_idle_timeout_seconds DOUBLE PRECISION NOT NULL DEFAULT 300.0,
    workflow_start_timeout_seconds DOUBLE PRECISION NOT NULL DEFAULT 60.0,
    max_concurrent                 INTEGER          NOT NULL DEFAULT 5,
    stream_tool_results            BOOLEAN          NOT NULL DEFAULT FALSE,
    created_at                     TIMESTAMPTZ      NOT NULL DEFAULT NOW(),
    updated_at                     TIMESTAMPTZ      NOT NULL DEFAULT NOW(),
    CONSTRAINT server_settings_pkey PRIMARY KEY (id),
    CONSTRAINT server_settings_id_check CHECK (id = 1)
);
