CREATE TABLE memories (
  id text PRIMARY KEY,
  account_id text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  conversation_id text REFERENCES conversations (id) ON DELETE SET NULL,
  kind text NOT NULL DEFAULT 'fact' CHECK (kind IN ('fact', 'preference', 'task')),
  content text NOT NULL
);
CREATE INDEX memories_account_id ON memories (account_id);
CREATE INDEX memories_conversation_id ON memories (conversation_id);
