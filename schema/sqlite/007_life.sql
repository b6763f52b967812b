-- What a message costs by its route's price, in millionths of the currency.
ALTER TABLE message ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;

-- Attempts made before it was last sent again by hand: they no longer count.
ALTER TABLE message ADD COLUMN attempt_base INTEGER NOT NULL DEFAULT 0;

ALTER TABLE campaign_counter ADD COLUMN cost INTEGER NOT NULL DEFAULT 0;

-- What came into each state in a minute. Written once per group, like the counters.
CREATE TABLE campaign_series (
  campaign_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,  -- since 1970
  state INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  segments INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, minute, state)
) STRICT, WITHOUT ROWID;

-- Which messages go to an address. A run holds the messages from one id to another, as 256 rows, one
-- for each bucket of addresses; the newest messages are not in a run yet.
CREATE TABLE address_run (
  bucket INTEGER NOT NULL,
  first_message_id INTEGER NOT NULL,
  last_message_id INTEGER NOT NULL,
  entries BLOB NOT NULL,  -- ascending pairs of 32 bits, little-endian: hash, id less the first id
  PRIMARY KEY (bucket, first_message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_delivery_message ON webhook_delivery (message_id);
