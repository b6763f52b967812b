-- How often a message was sent again by hand: its reference names it, so that a receipt of what was
-- sent before does not end what is sent now.
ALTER TABLE message ADD COLUMN round INTEGER NOT NULL DEFAULT 0;

-- Its recipient was erased: no word of anybody is kept for it.
ALTER TABLE message ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;

UPDATE message SET erased = 1 WHERE id IN (SELECT id FROM message_body WHERE recipient = '');

-- One retry of a campaign at a time: where several run, the first goes on.
UPDATE operation SET state = 4, end_time = update_time WHERE kind = 2 AND state = 1 AND id NOT IN (
  SELECT min(id) FROM operation WHERE kind = 2 AND state = 1 GROUP BY campaign_id);

CREATE INDEX upload_account ON upload (account_id, id);

CREATE UNIQUE INDEX operation_retry ON operation (campaign_id)
  WHERE kind = 2 AND state = 1 AND campaign_id > 0;
