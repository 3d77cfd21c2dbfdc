ALTER TABLE memories DROP COLUMN embedding;
DROP EXTENSION vector;
