-- Neither CASCADE nor IF EXISTS: a database that holds something else is left as it is, with an error.

DROP TABLE worker_capabilities;
DROP TABLE task_dependencies;
DROP TABLE context_documents;
DROP TABLE chat_attachments;
DROP TABLE chat_messages;
DROP TABLE execution_logs;
DROP TABLE executions;
DROP TABLE worker_assignments;
DROP TABLE work_orders;
DROP TABLE tasks;
DROP TABLE workers;
DROP TABLE users;
