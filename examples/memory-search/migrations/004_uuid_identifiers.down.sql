ALTER TABLE conversations DROP CONSTRAINT conversations_account_id_fkey;
ALTER TABLE memories
  DROP CONSTRAINT memories_account_id_fkey,
  DROP CONSTRAINT memories_conversation_id_fkey;

ALTER TABLE accounts ALTER COLUMN id DROP DEFAULT, ALTER COLUMN id TYPE text;
ALTER TABLE conversations
  ALTER COLUMN id DROP DEFAULT,
  ALTER COLUMN id TYPE text,
  ALTER COLUMN account_id TYPE text;
ALTER TABLE memories
  ALTER COLUMN id DROP DEFAULT,
  ALTER COLUMN id TYPE text,
  ALTER COLUMN account_id TYPE text,
  ALTER COLUMN conversation_id TYPE text;

ALTER TABLE conversations
  ADD CONSTRAINT conversations_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
ALTER TABLE memories
  ADD CONSTRAINT memories_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
  ADD CONSTRAINT memories_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE SET NULL;
