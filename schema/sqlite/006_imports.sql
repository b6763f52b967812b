-- Long work with progress: imports, retries, erasures.
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
CREATE INDEX operation_running ON operation (id) WHERE state = 1;
CREATE INDEX operation_end ON operation (end_time, id) WHERE end_time IS NOT NULL;
-- At most one import of a campaign runs.
CREATE UNIQUE INDEX operation_import ON operation (campaign_id) WHERE kind = 1 AND state = 1;

-- Files that were uploaded; they lie in a folder under their ids.
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
CREATE INDEX upload_use_time ON upload (use_time, id);

-- What an import has besides its operation.
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
) STRICT;
CREATE INDEX import_upload ON import (upload_id);

-- Rows that did not become messages.
CREATE TABLE rejected_row (
  operation_id INTEGER NOT NULL,
  row_number INTEGER NOT NULL,
  reason TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (operation_id, row_number)
) STRICT, WITHOUT ROWID;
