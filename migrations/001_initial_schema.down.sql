-- Neither CASCADE nor IF EXISTS: a database that holds something else is left as it is, with an error.

DROP TABLE server_settings;
DROP TABLE brainstorm_artifacts;
DROP TABLE brainstorm_messages;
DROP TABLE brainstorm_sessions;
DROP TABLE workflow_prompt_versions;

-- Opens the circle, so that either table can go.
ALTER TABLE prompts DROP CONSTRAINT prompts_current_version_id_fkey;
DROP TABLE prompt_versions;
DROP TABLE prompts;

DROP TABLE token_usage;
DROP TABLE events;
DROP TABLE workflows;
DROP TABLE profiles;
