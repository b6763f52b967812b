-- What is counted over all starts.
CREATE TABLE tally (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tally (name, value)
SELECT 'unknown_outcomes', count(*) FROM attempt WHERE outcome = 7;
