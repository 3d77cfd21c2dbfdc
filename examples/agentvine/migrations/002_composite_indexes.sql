-- The document's "Composite Indexes (Future)".
-- Not CONCURRENTLY, so that the three come or fail together; writers wait while they are built.

CREATE INDEX idx_tasks_status_priority ON tasks (status, priority);
CREATE INDEX idx_workers_type_status ON workers (worker_type, status);
CREATE INDEX idx_executions_task_status ON executions (task_id, status);
