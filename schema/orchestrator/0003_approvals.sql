-- Questions whether a tool call may run, the decisions that outlive their call, and the audit log.

CREATE TABLE approvals (
  row             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  job_row         INTEGER NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  tool_call_id    TEXT NOT NULL,
  tool_name       TEXT NOT NULL,
  summary         TEXT NOT NULL,
  input           TEXT NOT NULL,
  risk            TEXT NOT NULL,
  payload_hash    TEXT NOT NULL,
  cwd             TEXT NOT NULL,
  sandbox_profile TEXT NOT NULL,
  scopes          TEXT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('pending', 'allowed', 'denied', 'expired')),
  scope           TEXT CHECK (scope IN ('once', 'session', 'always')),
  reason          TEXT,
  decider_id      TEXT,
  created_at      INTEGER NOT NULL,
  expires_at      INTEGER,
  decided_at      INTEGER,
  -- The decision's place among the job's messages; none while it waits, or when the request's answer told it.
  decision_seq    INTEGER,
  delivered       INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)),
  -- open: the call was not started. carried: nor by the attempt that asked, which was lost. closed: it was started,
  -- refused, or is asked for in another way.
  call            TEXT NOT NULL DEFAULT 'open' CHECK (call IN ('open', 'carried', 'closed')),
  CHECK ((status = 'pending') = (decided_at IS NULL)),
  CHECK ((scope IS NULL) = (status IN ('pending', 'expired')))
) STRICT;

CREATE INDEX approvals_of_job ON approvals (job_row, row);
CREATE INDEX approvals_expiring ON approvals (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;
CREATE INDEX approvals_pending ON approvals (job_row) WHERE status = 'pending';

-- What answers later requests with the same payload hash. No session key: in every session of the requester.
CREATE TABLE standing_decisions (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  decision     TEXT NOT NULL CHECK (decision IN ('allow', 'deny')),
  payload_hash TEXT NOT NULL,
  requester_id TEXT NOT NULL,
  session_key  TEXT,
  tool_name    TEXT NOT NULL,
  summary      TEXT NOT NULL,
  decider_id   TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  used_at      INTEGER NOT NULL,
  used         INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX standing_decisions_of ON standing_decisions (payload_hash, requester_id, coalesce(session_key, ''));
CREATE INDEX standing_decisions_of_sessions ON standing_decisions (used_at) WHERE session_key IS NOT NULL;

-- What this attempt's tool calls are at: ids that started and have not ended, and calls that wait for a decision.
ALTER TABLE leases ADD COLUMN open_tool_calls TEXT NOT NULL DEFAULT '[]';
ALTER TABLE leases ADD COLUMN open_approvals INTEGER NOT NULL DEFAULT 0;

-- Who did what. Each row holds the hash of the one before: a change of any row is found (docs/operations.md).
CREATE TABLE audit (
  seq      INTEGER PRIMARY KEY,
  ts       INTEGER NOT NULL,
  actor    TEXT NOT NULL,
  action   TEXT NOT NULL,
  subject  TEXT NOT NULL,
  details  TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash     TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_takes_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_takes_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
-- Also refuses INSERT OR REPLACE, which would remove a row without the trigger above.
CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
