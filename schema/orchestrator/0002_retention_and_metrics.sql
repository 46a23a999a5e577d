-- What has ended is found by its age, and removed when it is old; what is open is counted without a look at the rest.

CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_needing_approval ON jobs (id) WHERE status = 'needs_approval';

-- When a job of the session was last started, to the day: a claim writes it only when a day has passed.
ALTER TABLE sessions ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET used_at = unixepoch() * 1000;
CREATE INDEX sessions_used ON sessions (used_at);
