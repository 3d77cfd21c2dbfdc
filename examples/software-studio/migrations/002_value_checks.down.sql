DELETE FROM schema_version WHERE version = 2;

ALTER TABLE agent_executions DROP CONSTRAINT agent_executions_agent_type_check;
ALTER TABLE artifacts DROP CONSTRAINT artifacts_artifact_type_check;
ALTER TABLE sessions DROP CONSTRAINT sessions_current_phase_check;
ALTER TABLE sessions DROP CONSTRAINT sessions_status_check;
