-- What a provider's receipts say, beside what it said to the submission.
ALTER TABLE attempt ADD COLUMN receipt_detail TEXT NOT NULL DEFAULT '';
