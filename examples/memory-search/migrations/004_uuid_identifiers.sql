-- A foreign key holds both of its columns to one type: it goes, the columns change, it comes back.
ALTER TABLE conversations DROP CONSTRAINT conversations_account_id_fkey;
ALTER TABLE memories
  DROP CONSTRAINT memories_account_id_fkey,
  DROP CONSTRAINT memories_conversation_id_fkey;

ALTER TABLE accounts ALTER COLUMN id TYPE uuid USING id::uuid, ALTER COLUMN id SET DEFAULT gen_random_uuid();
ALTER TABLE conversations
  ALTER COLUMN id TYPE uuid USING id::uuid,
  ALTER COLUMN id SET DEFAULT gen_random_uuid(),
  ALTER COLUMN account_id TYPE uuid USING account_id::uuid;
ALTER TABLE memories
  ALTER COLUMN id TYPE uuid USING id::uuid,
  ALTER COLUMN id SET DEFAULT gen_random_uuid(),
  ALTER COLUMN account_id TYPE uuid USING account_id::uuid,
  ALTER COLUMN conversation_id TYPE uuid USING conversation_id::uuid;

ALTER TABLE conversations
  ADD CONSTRAINT conversations_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
ALTER TABLE memories
  ADD CONSTRAINT memories_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
  ADD CONSTRAINT memories_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE SET NULL;
