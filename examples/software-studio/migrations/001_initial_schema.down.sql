-- Neither CASCADE nor IF EXISTS: a database that holds something else is left as it is, with an error.

DROP FUNCTION reset_daily_usage();

DROP TRIGGER update_agent_settings_updated_at ON agent_settings;
DROP TRIGGER update_sessions_updated_at ON sessions;
DROP FUNCTION update_updated_at_column();

DROP VIEW agent_performance;
DROP VIEW session_metrics;
DROP VIEW active_sessions;

DROP TABLE metrics;
DROP TABLE audit_log;
DROP TABLE prompt_versions;
DROP TABLE agent_settings;
DROP TABLE agent_executions;
DROP TABLE artifacts;
DROP TABLE checkpoints;
DROP TABLE sessions;
DROP TABLE schema_version;
