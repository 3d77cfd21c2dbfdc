-- Reads every row, under a lock that lets readers and writers pass.

ALTER TABLE sessions VALIDATE CONSTRAINT sessions_status_check;
ALTER TABLE sessions VALIDATE CONSTRAINT sessions_current_phase_check;
ALTER TABLE artifacts VALIDATE CONSTRAINT artifacts_artifact_type_check;
ALTER TABLE agent_executions VALIDATE CONSTRAINT agent_executions_agent_type_check;

INSERT INTO schema_version (version, description) VALUES (3, 'Checks on listed values, all rows');
