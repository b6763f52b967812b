-- Settings of campaigns with a list. Numbers are those of server/domain.
ALTER TABLE campaign ADD COLUMN missing_values INTEGER NOT NULL DEFAULT 1;
ALTER TABLE campaign ADD COLUMN quiet_start_minute INTEGER;  -- NULL: no quiet hours
ALTER TABLE campaign ADD COLUMN quiet_end_minute INTEGER;
ALTER TABLE campaign ADD COLUMN quiet_fallback_zone TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign ADD COLUMN late_start INTEGER NOT NULL DEFAULT 1;
ALTER TABLE campaign ADD COLUMN late_start_after INTEGER NOT NULL DEFAULT 900000000;
ALTER TABLE campaign ADD COLUMN rate_unit INTEGER NOT NULL DEFAULT 1;
ALTER TABLE campaign ADD COLUMN webhook_events INTEGER NOT NULL DEFAULT 1;
ALTER TABLE campaign ADD COLUMN finish_when_sent INTEGER NOT NULL DEFAULT 0 CHECK (finish_when_sent IN (0, 1));

ALTER TABLE account ADD COLUMN rate_limit INTEGER NOT NULL DEFAULT 0;  -- 0: none
ALTER TABLE account ADD COLUMN rate_period INTEGER NOT NULL DEFAULT 1000000;
ALTER TABLE account ADD COLUMN rate_unit INTEGER NOT NULL DEFAULT 1;
