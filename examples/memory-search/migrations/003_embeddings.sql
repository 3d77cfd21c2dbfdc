CREATE EXTENSION IF NOT EXISTS vector;

ALTER TABLE memories ADD COLUMN embedding vector(1536);

CREATE INDEX memories_embedding ON memories USING hnsw (embedding vector_cosine_ops);
