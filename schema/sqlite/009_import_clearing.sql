-- An import that replaces is still ending the old messages: until then its campaign does not run.
ALTER TABLE import ADD COLUMN is_clearing INTEGER NOT NULL DEFAULT 0 CHECK (is_clearing IN (0, 1));
UPDATE import SET is_clearing = 1
WHERE replaces = 1 AND operation_id IN (
  SELECT id FROM operation WHERE state = 1 AND kind = 1 AND CAST(checkpoint AS TEXT) = 'clear');

-- What runs, account by account: each has its share.
DROP INDEX operation_running;
CREATE INDEX operation_running ON operation (account_id, id) WHERE state = 1;
