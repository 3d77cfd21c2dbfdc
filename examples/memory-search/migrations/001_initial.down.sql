DROP TABLE conversations, accounts;
