-- Files of jobs: the rows here, the bytes under <home>/artifacts/<job id>/<name>. A row is written when its file is on
-- the disk; a file without a row is removed.

CREATE TABLE artifacts (
  row          INTEGER PRIMARY KEY,
  job_row      INTEGER NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  name         TEXT NOT NULL,
  size         INTEGER NOT NULL CHECK (size >= 0),
  sha256       TEXT NOT NULL CHECK (length(sha256) = 64),
  content_type TEXT NOT NULL,
  kind         TEXT CHECK (kind IN ('photo', 'document', 'voice', 'audio', 'video')),
  caption      TEXT,
  source       TEXT NOT NULL CHECK (source IN ('gateway', 'worker')),
  created_at   INTEGER NOT NULL,
  UNIQUE (job_row, name)
) STRICT;

-- What all of them occupy, so that the quota is asked without a sum over everything.
CREATE TABLE artifact_bytes (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  bytes INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

INSERT INTO artifact_bytes (one, bytes) VALUES (1, 0);

CREATE TRIGGER artifacts_count_in AFTER INSERT ON artifacts
BEGIN UPDATE artifact_bytes SET bytes = bytes + NEW.size WHERE one = 1; END;
CREATE TRIGGER artifacts_count_out AFTER DELETE ON artifacts
BEGIN UPDATE artifact_bytes SET bytes = bytes - OLD.size WHERE one = 1; END;

-- The artifacts that a job waits for, and until when: no time once all of them are there, or the job has ended.
ALTER TABLE jobs ADD COLUMN attachments TEXT;
ALTER TABLE jobs ADD COLUMN attachments_due INTEGER;
CREATE INDEX jobs_awaiting_attachments ON jobs (attachments_due) WHERE attachments_due IS NOT NULL;
