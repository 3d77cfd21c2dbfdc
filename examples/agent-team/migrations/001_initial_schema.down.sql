-- Neither CASCADE nor IF EXISTS: a database that holds something else is left as it is, with an error.

DROP TABLE webhooks;
DROP TABLE agent_memory;
DROP TABLE notifications;
DROP TABLE budget_limits;
DROP TABLE token_usage;
DROP TABLE tasks;
DROP TABLE pull_requests;
DROP TABLE github_issues;
DROP TABLE messages;
DROP TABLE conversation_participants;
DROP TABLE conversations;
DROP TABLE agents;
DROP TABLE projects;
DROP TABLE users;
