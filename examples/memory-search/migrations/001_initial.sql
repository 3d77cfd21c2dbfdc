-- Accounts and what they remember. Identifiers are texts here; 004 makes them uuid.
CREATE TABLE accounts (
  id text PRIMARY KEY,
  email text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE conversations (
  id text PRIMARY KEY,
  account_id text NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  title text NOT NULL CHECK (title <> '')
);
CREATE INDEX conversations_account_id ON conversations (account_id);
