-- A validated constraint cannot be made NOT VALID again: it is replaced, within one statement, by one that is.

DELETE FROM schema_version WHERE version = 3;

ALTER TABLE agent_executions
    DROP CONSTRAINT agent_executions_agent_type_check,
    ADD CONSTRAINT agent_executions_agent_type_check
    CHECK (agent_type IN ('pm', 'arch', 'eng', 'qa')) NOT VALID;

ALTER TABLE artifacts
    DROP CONSTRAINT artifacts_artifact_type_check,
    ADD CONSTRAINT artifacts_artifact_type_check
    CHECK (artifact_type IN ('prd', 'tech_spec', 'scaffold', 'bug_report', 'code', 'test')) NOT VALID;

ALTER TABLE sessions
    DROP CONSTRAINT sessions_current_phase_check,
    ADD CONSTRAINT sessions_current_phase_check
    CHECK (current_phase IN ('pm', 'arch', 'human_gate', 'eng', 'qa', 'complete')) NOT VALID;

ALTER TABLE sessions
    DROP CONSTRAINT sessions_status_check,
    ADD CONSTRAINT sessions_status_check
    CHECK (status IN ('pending', 'running', 'awaiting_approval', 'completed', 'failed', 'expired')) NOT VALID;
