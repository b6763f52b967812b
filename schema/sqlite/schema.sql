-- Made from the migrations: shown here to be read, and compared by a test.

CREATE TABLE account (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  display_name TEXT NOT NULL,
  default_region TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  is_operator INTEGER NOT NULL CHECK (is_operator IN (0, 1)),
  webhook_secret BLOB NOT NULL,
  previous_webhook_secret BLOB NOT NULL DEFAULT x'',
  previous_webhook_secret_expire_time INTEGER,
  create_time INTEGER NOT NULL
, rate_limit INTEGER NOT NULL DEFAULT 0, rate_period INTEGER NOT NULL DEFAULT 1000000, rate_unit INTEGER NOT NULL DEFAULT 1) STRICT;

CREATE TABLE address_run (
  bucket INTEGER NOT NULL,
  first_message_id INTEGER NOT NULL,
  last_message_id INTEGER NOT NULL,
  entries BLOB NOT NULL,  -- ascending pairs of 32 bits, little-endian: hash, id less the first id
  PRIMARY KEY (bucket, first_message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  display_name TEXT NOT NULL,
  scope INTEGER NOT NULL CHECK (scope BETWEEN 1 AND 3),
  client_networks TEXT NOT NULL,  -- JSON array of strings
  messages_per_second_max INTEGER NOT NULL,
  expire_time INTEGER,
  prefix TEXT NOT NULL,
  secret_hash BLOB NOT NULL UNIQUE,
  create_time INTEGER NOT NULL,
  revoke_time INTEGER
) STRICT;

CREATE INDEX api_key_account ON api_key (account_id, id);

CREATE TABLE attempt (
  message_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  route_id INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  provider_message_id TEXT NOT NULL,
  detail TEXT NOT NULL,
  start_time INTEGER NOT NULL,
  end_time INTEGER NOT NULL, receipt_detail TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (message_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  display_name TEXT NOT NULL,
  channel TEXT NOT NULL,
  sender TEXT NOT NULL,
  template_version INTEGER NOT NULL,
  webhook_url TEXT NOT NULL,
  webhook_endpoint_id INTEGER REFERENCES webhook_endpoint (id),
  priority INTEGER NOT NULL,  -- "Order"; 0 is the lowest of all
  message_attempts INTEGER NOT NULL,
  sending_timeout INTEGER NOT NULL,
  status_timeout INTEGER NOT NULL,
  retry_interval INTEGER NOT NULL,
  start_time INTEGER,
  finish_time INTEGER,
  schedule TEXT,  -- 168 times 0 or 1, from Monday 00:00
  time_zone TEXT NOT NULL,
  rate_limit INTEGER NOT NULL,
  rate_period INTEGER NOT NULL,
  api_key_ids TEXT NOT NULL,  -- JSON array of numbers
  state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  -- The open clock: what it showed when it last stopped, and since when it runs.
  open_time INTEGER NOT NULL DEFAULT 0,
  open_since INTEGER
, missing_values INTEGER NOT NULL DEFAULT 1, quiet_start_minute INTEGER, quiet_end_minute INTEGER, quiet_fallback_zone TEXT NOT NULL DEFAULT '', late_start INTEGER NOT NULL DEFAULT 1, late_start_after INTEGER NOT NULL DEFAULT 900000000, rate_unit INTEGER NOT NULL DEFAULT 1, webhook_events INTEGER NOT NULL DEFAULT 1, finish_when_sent INTEGER NOT NULL DEFAULT 0 CHECK (finish_when_sent IN (0, 1))) STRICT;

CREATE INDEX campaign_account ON campaign (account_id, id);

CREATE INDEX campaign_active ON campaign (id) WHERE state IN (2, 3, 4, 5);

CREATE TABLE campaign_counter (
  campaign_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  segments INTEGER NOT NULL, cost INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (campaign_id, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_series (
  campaign_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,  -- since 1970
  state INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  segments INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, minute, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_template (
  campaign_id INTEGER NOT NULL REFERENCES campaign (id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (campaign_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
  id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  lease_end INTEGER NOT NULL,
  message_ids BLOB NOT NULL  -- ascending: the first id, then the steps, as base-128 varints
) STRICT;

CREATE INDEX claim_lease ON claim (lease_end, id);

CREATE TABLE idempotency (
  account_id INTEGER NOT NULL,  -- 0 for the making of accounts
  kind INTEGER NOT NULL,        -- 1 account, 2 campaign, 3 messages
  request_id TEXT NOT NULL,
  request_hash BLOB NOT NULL,
  first_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  PRIMARY KEY (account_id, kind, request_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_create_time ON idempotency (create_time);

CREATE TABLE import (
  operation_id INTEGER PRIMARY KEY,
  upload_id INTEGER NOT NULL,
  file_name TEXT NOT NULL,
  replaces INTEGER NOT NULL CHECK (replaces IN (0, 1)),
  row_count INTEGER NOT NULL DEFAULT 0,
  accepted INTEGER NOT NULL DEFAULT 0,
  duplicates INTEGER NOT NULL DEFAULT 0,
  stop_listed INTEGER NOT NULL DEFAULT 0,
  invalid INTEGER NOT NULL DEFAULT 0,
  rejected_kept INTEGER NOT NULL DEFAULT 0
, is_clearing INTEGER NOT NULL DEFAULT 0 CHECK (is_clearing IN (0, 1))) STRICT;

CREATE INDEX import_upload ON import (upload_id);

CREATE TABLE installation_secret (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  campaign_id INTEGER NOT NULL,
  route_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  reason INTEGER NOT NULL DEFAULT 0,
  attempt_count INTEGER NOT NULL DEFAULT 0,
  claim_id INTEGER NOT NULL DEFAULT 0,  -- 0: none
  -- ACCEPTED: NULL is ready, else when it will be. SENT, PARTIALLY_DELIVERED: the status deadline.
  due INTEGER,
  eligible_open INTEGER,  -- what the open clock showed when it became ready for the first time
  segments INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  send_time INTEGER,
  final_time INTEGER
, cost INTEGER NOT NULL DEFAULT 0, attempt_base INTEGER NOT NULL DEFAULT 0, round INTEGER NOT NULL DEFAULT 0, erased INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX message_due ON message (due, id) WHERE state = 1 AND due IS NOT NULL;

CREATE INDEX message_ready ON message (campaign_id, route_id, eligible_open, id)
  WHERE state = 1 AND due IS NULL;

CREATE INDEX message_status ON message (due, id) WHERE state IN (3, 4);

CREATE INDEX message_waiting ON message (campaign_id, route_id, id)
  WHERE state = 1 AND due IS NOT NULL;

CREATE TABLE message_body (
  id INTEGER PRIMARY KEY,
  recipient TEXT NOT NULL,
  external_id TEXT NOT NULL,
  external_id_is_number INTEGER NOT NULL,
  text TEXT,
  template_version INTEGER NOT NULL,
  fields TEXT,  -- JSON object of strings; NULL: none
  schedule_time INTEGER
) STRICT;

CREATE TABLE message_extent (
  campaign_id INTEGER NOT NULL,
  first_id INTEGER NOT NULL,
  last_id INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, first_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT;

CREATE TABLE operation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  campaign_id INTEGER NOT NULL,  -- 0: not about one campaign
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  request BLOB NOT NULL,         -- in the kind's own form, as is the checkpoint
  checkpoint BLOB NOT NULL,
  steps INTEGER NOT NULL DEFAULT 0,
  done_units INTEGER NOT NULL DEFAULT 0,
  total_units INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  error_code INTEGER NOT NULL DEFAULT 0,
  error_message TEXT NOT NULL DEFAULT '',
  error_reason TEXT NOT NULL DEFAULT '',
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  end_time INTEGER
) STRICT;

CREATE INDEX operation_account ON operation (account_id, id);

CREATE INDEX operation_campaign ON operation (campaign_id, id);

CREATE INDEX operation_end ON operation (end_time, id) WHERE end_time IS NOT NULL;

CREATE UNIQUE INDEX operation_import ON operation (campaign_id) WHERE kind = 1 AND state = 1;

CREATE UNIQUE INDEX operation_retry ON operation (campaign_id)
  WHERE kind = 2 AND state = 1 AND campaign_id > 0;

CREATE INDEX operation_running ON operation (account_id, id) WHERE state = 1;

CREATE TABLE rejected_row (
  operation_id INTEGER NOT NULL,
  row_number INTEGER NOT NULL,
  reason TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (operation_id, row_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE route (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE sequence (
  name TEXT PRIMARY KEY,
  next_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stop_list (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  address TEXT NOT NULL,  -- E.164 digits, or an e-mail address in lower case
  note TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (account_id, address)
) STRICT;

CREATE INDEX stop_list_account ON stop_list (account_id, id);

CREATE TABLE tally (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE upload (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL,
  file_name TEXT NOT NULL,
  is_finished INTEGER NOT NULL DEFAULT 0 CHECK (is_finished IN (0, 1)),
  bytes INTEGER NOT NULL DEFAULT 0,
  sha256 BLOB NOT NULL DEFAULT x'',
  create_time INTEGER NOT NULL,
  use_time INTEGER NOT NULL
) STRICT;

CREATE INDEX upload_account ON upload (account_id, id);

CREATE INDEX upload_use_time ON upload (use_time, id);

CREATE TABLE webhook_delivery (
  id INTEGER PRIMARY KEY,
  endpoint_id INTEGER NOT NULL,
  campaign_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempt_count INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL,
  payload TEXT NOT NULL,
  last_http_status INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  create_time INTEGER NOT NULL,
  last_attempt_time INTEGER
) STRICT;

CREATE INDEX webhook_delivery_campaign ON webhook_delivery (campaign_id, id);

CREATE INDEX webhook_delivery_failed ON webhook_delivery (campaign_id, id) WHERE state = 3;

CREATE INDEX webhook_delivery_message ON webhook_delivery (message_id);

CREATE INDEX webhook_delivery_pending ON webhook_delivery (endpoint_id, due, id) WHERE state = 1;

CREATE TABLE webhook_endpoint (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES account (id),
  url TEXT NOT NULL,
  UNIQUE (account_id, url)
) STRICT;
