-- Jobs, their leases, events, messages and deliveries. Times are milliseconds since 1970 in UTC.
-- The program decides every transition (src/domain/job_status.cpp); the schema refuses what can never be right.

CREATE TABLE jobs (
  row              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  kind             TEXT NOT NULL CHECK (kind IN ('task', 'run')),
  status           TEXT NOT NULL
    CHECK (status IN ('needs_approval', 'queued', 'running', 'aborting', 'completed', 'failed', 'aborted')),
  prompt           TEXT NOT NULL,
  channel          TEXT NOT NULL CHECK (channel IN ('telegram', 'cli', 'api')),
  chat_id          TEXT NOT NULL,
  requester_id     TEXT NOT NULL,
  thread_id        TEXT,
  session_key      TEXT NOT NULL,
  requires_approval INTEGER NOT NULL CHECK (requires_approval IN (0, 1)),
  metadata         TEXT,
  deliver_to       TEXT,
  labels           TEXT,
  abort_requested  INTEGER NOT NULL DEFAULT 0 CHECK (abort_requested IN (0, 1)),
  worker_id        TEXT,
  attempt          INTEGER NOT NULL DEFAULT 0,
  max_attempts     INTEGER NOT NULL,
  result_text      TEXT,
  error            TEXT,
  usage            TEXT,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  started_at       INTEGER,
  finished_at      INTEGER,
  idempotency_key  TEXT,
  -- 1 for the oldest queued job of a session in which nothing runs: what a claim may take.
  claimable        INTEGER NOT NULL DEFAULT 0 CHECK (claimable IN (0, 1)),
  CHECK ((finished_at IS NOT NULL) = (status IN ('completed', 'failed', 'aborted'))),
  CHECK (claimable = 0 OR status = 'queued')
) STRICT;

CREATE UNIQUE INDEX jobs_idempotency ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_claimable ON jobs (id) WHERE claimable = 1;
CREATE INDEX jobs_queued ON jobs (session_key, id) WHERE status = 'queued';
CREATE INDEX jobs_leased ON jobs (session_key) WHERE status IN ('running', 'aborting');

-- The latest lease of a job: what fences a worker that was cut off, and what tells a repeated call from a late one.
CREATE TABLE leases (
  job_row                INTEGER PRIMARY KEY REFERENCES jobs (row) ON DELETE CASCADE,
  token                  TEXT NOT NULL,
  worker_id              TEXT NOT NULL,
  since                  INTEGER NOT NULL,
  claim_id               TEXT,
  token_presented        INTEGER NOT NULL DEFAULT 0,
  accepted_without_token INTEGER NOT NULL DEFAULT 0,
  had_activity           INTEGER NOT NULL DEFAULT 0,
  last_batch             INTEGER NOT NULL DEFAULT 0,
  next_claim_id          TEXT  -- the claim that was made together with complete
) STRICT;

CREATE UNIQUE INDEX leases_claim ON leases (claim_id) WHERE claim_id IS NOT NULL;

CREATE TABLE events (
  job_row INTEGER NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  seq     INTEGER NOT NULL,
  type    TEXT NOT NULL,
  ts      INTEGER NOT NULL,
  message TEXT,
  data    TEXT,
  PRIMARY KEY (job_row, seq)
) STRICT, WITHOUT ROWID;

-- What the cap on events per job has taken out: how many, up to which seq, and the answer's text that they held.
CREATE TABLE dropped_events (
  job_row INTEGER PRIMARY KEY REFERENCES jobs (row) ON DELETE CASCADE,
  count   INTEGER NOT NULL,
  through INTEGER NOT NULL,
  text    TEXT NOT NULL
) STRICT;

CREATE TABLE messages (
  job_row         INTEGER NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  seq             INTEGER NOT NULL,
  mode            TEXT NOT NULL CHECK (mode IN ('steer', 'follow_up')),
  text            TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  acknowledged    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job_row, seq),
  UNIQUE (job_row, idempotency_key)
) STRICT, WITHOUT ROWID;

-- Ended jobs that somebody waits for; a row goes when it is acknowledged. AUTOINCREMENT: a seq is never used twice.
CREATE TABLE deliveries (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  job_row    INTEGER NOT NULL UNIQUE REFERENCES jobs (row) ON DELETE CASCADE,
  deliver_to TEXT NOT NULL
) STRICT;

CREATE INDEX deliveries_of_receiver ON deliveries (deliver_to, seq);

-- The agent's session lives in files of the worker that first ran it: only that store gets its jobs.
CREATE TABLE sessions (
  session_key TEXT PRIMARY KEY,
  store       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE admin (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  paused       INTEGER NOT NULL CHECK (paused IN (0, 1)),
  pause_reason TEXT,
  updated_at   INTEGER NOT NULL
) STRICT;

INSERT INTO admin (one, paused, updated_at) VALUES (1, 0, 0);
