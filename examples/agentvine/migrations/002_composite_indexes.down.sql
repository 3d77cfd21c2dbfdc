DROP INDEX idx_executions_task_status;
DROP INDEX idx_workers_type_status;
DROP INDEX idx_tasks_status_priority;
