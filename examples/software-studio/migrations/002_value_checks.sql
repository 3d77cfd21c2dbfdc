-- amelia-db: no-transaction
-- The document lists the values of four columns and gives its DDL no CHECK.
-- NOT VALID: new rows are held to them at once, and the exclusive lock lasts no longer than it takes to say so.
-- VALIDATE reads the rows from before under a lock that lets readers and writers pass. In one transaction with
-- the first step the exclusive lock would be kept while they are read: so each statement below is its own.

BEGIN;

ALTER TABLE sessions
    ADD CONSTRAINT sessions_status_check
    CHECK (status IN ('pending', 'running', 'awaiting_approval', 'completed', 'failed', 'expired')) NOT VALID;

ALTER TABLE sessions
    ADD CONSTRAINT sessions_current_phase_check
    CHECK (current_phase IN ('pm', 'arch', 'human_gate', 'eng', 'qa', 'complete')) NOT VALID;

ALTER TABLE artifacts
    ADD CONSTRAINT artifacts_artifact_type_check
    CHECK (artifact_type IN ('prd', 'tech_spec', 'scaffold', 'bug_report', 'code', 'test')) NOT VALID;

ALTER TABLE agent_executions
    ADD CONSTRAINT agent_executions_agent_type_check
    CHECK (agent_type IN ('pm', 'arch', 'eng', 'qa')) NOT VALID;

INSERT INTO schema_version (version, description) VALUES (2, 'Checks on listed values');

COMMIT;

ALTER TABLE sessions VALIDATE CONSTRAINT sessions_status_check;
ALTER TABLE sessions VALIDATE CONSTRAINT sessions_current_phase_check;
ALTER TABLE artifacts VALIDATE CONSTRAINT artifacts_artifact_type_check;
ALTER TABLE agent_executions VALIDATE CONSTRAINT agent_executions_agent_type_check;
