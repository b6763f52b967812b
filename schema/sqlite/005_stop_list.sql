-- Addresses to which an account sends nothing.
CREATE TABLE stop_list (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  address TEXT NOT NULL,  -- E.164 digits, or an e-mail address in lower case
  note TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (account_id, address)
) STRICT;
CREATE INDEX stop_list_account ON stop_list (account_id, id);
