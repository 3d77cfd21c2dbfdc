-- Where the document's column table says "Nullable: No" and its DDL forgets NOT NULL, the column table is the intent.
-- metrics and schema_version have no column table: their DDL is what counts.

CREATE TABLE schema_version (
    version     INTEGER     NOT NULL,
    applied_at  TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP,
    description TEXT,
    CONSTRAINT schema_version_pkey PRIMARY KEY (version)
);

-- The values of status and current_phase are checked from migration 002 on.
CREATE TABLE sessions (
    session_id      VARCHAR(64)  NOT NULL,
    user_mission    TEXT         NOT NULL,
    project_name    VARCHAR(255),
    status          VARCHAR(50)  NOT NULL DEFAULT 'pending',
    current_phase   VARCHAR(50)  NOT NULL DEFAULT 'pm',
    created_at      TIMESTAMPTZ  NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at      TIMESTAMPTZ  NOT NULL DEFAULT CURRENT_TIMESTAMP,
    iteration_count INTEGER      NOT NULL DEFAULT 0,
    qa_passed       BOOLEAN      NOT NULL DEFAULT FALSE,
    work_dir        TEXT,
    state_json      JSONB,
    metadata        JSONB        NOT NULL DEFAULT '{}'::jsonb,
    CONSTRAINT sessions_pkey PRIMARY KEY (session_id)
);

CREATE INDEX idx_sessions_status ON sessions (status);
CREATE INDEX idx_sessions_updated ON sessions (updated_at DESC);
CREATE INDEX idx_sessions_created ON sessions (created_at DESC);
CREATE INDEX idx_sessions_phase ON sessions (current_phase);
CREATE INDEX idx_sessions_project ON sessions (project_name);

-- Written by LangGraph, in its own order and with its own ids: no foreign key, not even to the parent checkpoint.
CREATE TABLE checkpoints (
    id                   SERIAL      NOT NULL,
    thread_id            VARCHAR(64) NOT NULL,
    checkpoint_id        VARCHAR(64) NOT NULL,
    parent_checkpoint_id VARCHAR(64),
    checkpoint_data      JSONB       NOT NULL,
    metadata             JSONB       NOT NULL DEFAULT '{}'::jsonb,
    created_at           TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (id),
    CONSTRAINT checkpoints_thread_id_checkpoint_id_key UNIQUE (thread_id, checkpoint_id)
);

CREATE INDEX idx_checkpoints_thread ON checkpoints (thread_id);
CREATE INDEX idx_checkpoints_parent ON checkpoints (parent_checkpoint_id);
CREATE INDEX idx_checkpoints_created ON checkpoints (created_at DESC);

CREATE TABLE artifacts (
    id            SERIAL      NOT NULL,
    session_id    VARCHAR(64) NOT NULL,
    artifact_type VARCHAR(50) NOT NULL,
    file_path     TEXT        NOT NULL,
    content_hash  VARCHAR(64),
    version       INTEGER     NOT NULL DEFAULT 1,
    created_at    TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata      JSONB       NOT NULL DEFAULT '{}'::jsonb,
    CONSTRAINT artifacts_pkey PRIMARY KEY (id),
    CONSTRAINT artifacts_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions (session_id) ON DELETE CASCADE
);

CREATE INDEX idx_artifacts_session ON artifacts (session_id);
CREATE INDEX idx_artifacts_type ON artifacts (artifact_type);

-- status is described as "Execution status" without a list of values, hence no CHECK, here or in 002.
CREATE TABLE agent_executions (
    id               SERIAL         NOT NULL,
    session_id       VARCHAR(64)    NOT NULL,
    agent_type       VARCHAR(50)    NOT NULL,
    started_at       TIMESTAMPTZ    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    completed_at     TIMESTAMPTZ,
    status           VARCHAR(50)    NOT NULL DEFAULT 'running',
    input_summary    TEXT,
    output_summary   TEXT,
    error_message    TEXT,
    tokens_used      INTEGER        NOT NULL DEFAULT 0,
    duration_seconds NUMERIC(10, 2),
    metadata         JSONB          NOT NULL DEFAULT '{}'::jsonb,
    CONSTRAINT agent_executions_pkey PRIMARY KEY (id),
    CONSTRAINT agent_executions_session_id_fkey
        FOREIGN KEY (session_id) REFERENCES sessions (session_id) ON DELETE CASCADE
);

CREATE INDEX idx_executions_session ON agent_executions (session_id);
CREATE INDEX idx_executions_agent ON agent_executions (agent_type);
CREATE INDEX idx_executions_status ON agent_executions (status);
CREATE INDEX idx_executions_started ON agent_executions (started_at DESC);

CREATE TABLE agent_settings (
    id                 SERIAL       NOT NULL,
    profile_name       VARCHAR(50)  NOT NULL,
    provider           VARCHAR(50)  NOT NULL DEFAULT 'anthropic',
    model              VARCHAR(100),
    auth_type          VARCHAR(50)  NOT NULL DEFAULT 'api_key',
    api_key_encrypted  TEXT,
    daily_limit        INTEGER      NOT NULL DEFAULT 0,
    hard_limit         BOOLEAN      NOT NULL DEFAULT FALSE,
    usage_unit         VARCHAR(20)  NOT NULL DEFAULT 'runs',
    usage_today        INTEGER      NOT NULL DEFAULT 0,
    last_reset_date    DATE         NOT NULL DEFAULT CURRENT_DATE,
    env_overrides      JSONB        NOT NULL DEFAULT '{}'::jsonb,
    active_prompt_path TEXT,
    created_at         TIMESTAMPTZ  NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at         TIMESTAMPTZ  NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT agent_settings_pkey PRIMARY KEY (id),
    CONSTRAINT agent_settings_profile_name_key UNIQUE (profile_name)
);

CREATE TABLE prompt_versions (
    id             SERIAL      NOT NULL,
    profile_name   VARCHAR(50) NOT NULL,
    version_number INTEGER     NOT NULL,
    prompt_content TEXT        NOT NULL,
    note           TEXT,
    is_active      BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT prompt_versions_pkey PRIMARY KEY (id),
    CONSTRAINT prompt_versions_profile_name_version_number_key UNIQUE (profile_name, version_number)
);

CREATE INDEX idx_prompts_profile ON prompt_versions (profile_name);

-- Not unique, as documented: it finds the active versions of a profile, it does not limit them to one.
CREATE INDEX idx_prompts_active ON prompt_versions (profile_name) WHERE is_active = TRUE;

-- No foreign key: the trail of a session outlives the session.
-- event_type has no CHECK, here or in 002: new kinds of events must not need a migration.
CREATE TABLE audit_log (
    id          SERIAL       NOT NULL,
    event_type  VARCHAR(100) NOT NULL,
    session_id  VARCHAR(64),
    user_action VARCHAR(255),
    details     JSONB        NOT NULL DEFAULT '{}'::jsonb,
    ip_address  INET,
    created_at  TIMESTAMPTZ  NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);

CREATE INDEX idx_audit_event ON audit_log (event_type);
CREATE INDEX idx_audit_session ON audit_log (session_id);
CREATE INDEX idx_audit_created ON audit_log (created_at DESC);

CREATE TABLE metrics (
    id           SERIAL       NOT NULL,
    metric_name  VARCHAR(100) NOT NULL,
    metric_value NUMERIC      NOT NULL,
    labels       JSONB        DEFAULT '{}'::jsonb,
    recorded_at  TIMESTAMPTZ  DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT metrics_pkey PRIMARY KEY (id)
);

CREATE INDEX idx_metrics_name ON metrics (metric_name);
CREATE INDEX idx_metrics_recorded ON metrics (recorded_at DESC);

CREATE VIEW active_sessions AS
SELECT
    session_id,
    user_mission,
    project_name,
    status,
    current_phase,
    created_at,
    updated_at,
    iteration_count,
    qa_passed
FROM sessions
WHERE status IN ('pending', 'running', 'awaiting_approval')
ORDER BY updated_at DESC;

CREATE VIEW session_metrics AS
SELECT
    status,
    COUNT(*) AS count,
    AVG(iteration_count) AS avg_iterations,
    COUNT(*) FILTER (WHERE qa_passed) AS qa_passed_count
FROM sessions
GROUP BY status;

CREATE VIEW agent_performance AS
SELECT
    agent_type,
    COUNT(*) AS total_runs,
    COUNT(*) FILTER (WHERE status = 'completed') AS successful_runs,
    AVG(duration_seconds) AS avg_duration_seconds,
    SUM(tokens_used) AS total_tokens
FROM agent_executions
WHERE started_at > CURRENT_TIMESTAMP - INTERVAL '7 days'
GROUP BY agent_type;

-- Not OR REPLACE, as the document has it: another function of this name would be lost, and the rollback would drop it.
CREATE FUNCTION update_updated_at_column() RETURNS TRIGGER AS $$
BEGIN
    NEW.updated_at = CURRENT_TIMESTAMP;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER update_sessions_updated_at
    BEFORE UPDATE ON sessions
    FOR EACH ROW
    EXECUTE FUNCTION update_updated_at_column();

CREATE TRIGGER update_agent_settings_updated_at
    BEFORE UPDATE ON agent_settings
    FOR EACH ROW
    EXECUTE FUNCTION update_updated_at_column();

CREATE FUNCTION reset_daily_usage() RETURNS VOID AS $$
BEGIN
    UPDATE agent_settings
    SET usage_today = 0, last_reset_date = CURRENT_DATE
    WHERE last_reset_date < CURRENT_DATE;
END;
$$ LANGUAGE plpgsql;

INSERT INTO agent_settings (profile_name, provider, model) VALUES
    ('pm', 'anthropic', 'claude-sonnet-4-20250514'),
    ('arch', 'anthropic', 'claude-sonnet-4-20250514'),
    ('eng', 'anthropic', 'claude-sonnet-4-20250514'),
    ('qa', 'anthropic', 'claude-sonnet-4-20250514');

INSERT INTO schema_version (version, description) VALUES (1, 'Initial schema');
