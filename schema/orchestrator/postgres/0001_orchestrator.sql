-- The orchestrator's state in PostgreSQL: the same tables as SQLite's files 0001 to 0005 make, for the same reasons.
-- Times are milliseconds since 1970 in UTC, flags 0 or 1. What is sorted is sorted by its bytes.

CREATE TABLE jobs (
  row               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id                text COLLATE "C" NOT NULL UNIQUE,
  kind              text NOT NULL CHECK (kind IN ('task', 'run')),
  status            text NOT NULL
    CHECK (status IN ('needs_approval', 'queued', 'running', 'aborting', 'completed', 'failed', 'aborted')),
  prompt            text NOT NULL,
  channel           text NOT NULL CHECK (channel IN ('telegram', 'cli', 'api')),
  chat_id           text NOT NULL,
  requester_id      text NOT NULL,
  thread_id         text,
  session_key       text NOT NULL,
  requires_approval smallint NOT NULL CHECK (requires_approval IN (0, 1)),
  metadata          text,
  deliver_to        text,
  labels            text,
  attachments       text,
  attachments_due   bigint,
  abort_requested   smallint NOT NULL DEFAULT 0 CHECK (abort_requested IN (0, 1)),
  worker_id         text,
  attempt           bigint NOT NULL DEFAULT 0,
  max_attempts      bigint NOT NULL,
  result_text       text,
  error             text,
  usage             text,
  created_at        bigint NOT NULL,
  updated_at        bigint NOT NULL,
  started_at        bigint,
  finished_at       bigint,
  idempotency_key   text,
  -- 1 for the oldest queued job of a session in which nothing runs: what a claim may take.
  claimable         smallint NOT NULL DEFAULT 0 CHECK (claimable IN (0, 1)),
  CHECK ((finished_at IS NOT NULL) = (status IN ('completed', 'failed', 'aborted'))),
  CHECK (claimable = 0 OR status = 'queued')
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX jobs_idempotency ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_claimable ON jobs (id) WHERE claimable = 1;
CREATE INDEX jobs_queued ON jobs (session_key, id) WHERE status = 'queued';
CREATE INDEX jobs_leased ON jobs (session_key) WHERE status IN ('running', 'aborting');
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_needing_approval ON jobs (id) WHERE status = 'needs_approval';
CREATE INDEX jobs_unsuccessful ON jobs (id) WHERE status IN ('failed', 'aborted');
CREATE INDEX jobs_listed ON jobs (id, chat_id, requester_id, session_key);
CREATE INDEX jobs_awaiting_attachments ON jobs (attachments_due) WHERE attachments_due IS NOT NULL;

CREATE TABLE leases (
  job_row                bigint PRIMARY KEY REFERENCES jobs (row) ON DELETE CASCADE,
  token                  text NOT NULL,
  worker_id              text NOT NULL,
  since                  bigint NOT NULL,
  claim_id               text,
  token_presented        smallint NOT NULL DEFAULT 0,
  accepted_without_token smallint NOT NULL DEFAULT 0,
  had_activity           smallint NOT NULL DEFAULT 0,
  last_batch             bigint NOT NULL DEFAULT 0,
  open_tool_calls        text NOT NULL DEFAULT '[]',
  next_claim_id          text
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX leases_claim ON leases (claim_id) WHERE claim_id IS NOT NULL;

CREATE TABLE events (
  job_row bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  seq     bigint NOT NULL,
  type    text NOT NULL,
  ts      bigint NOT NULL,
  message text,
  data    text,
  PRIMARY KEY (job_row, seq)
);

CREATE TABLE dropped_events (
  job_row bigint PRIMARY KEY REFERENCES jobs (row) ON DELETE CASCADE,
  count   bigint NOT NULL,
  through bigint NOT NULL,
  text    text NOT NULL
);

CREATE TABLE messages (
  job_row         bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  seq             bigint NOT NULL,
  mode            text NOT NULL CHECK (mode IN ('steer', 'follow_up')),
  text            text NOT NULL,
  idempotency_key text NOT NULL,
  created_at      bigint NOT NULL,
  acknowledged    smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (job_row, seq),
  UNIQUE (job_row, idempotency_key)
);

-- A row goes when it is acknowledged; a seq is never used twice.
CREATE TABLE deliveries (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_row    bigint NOT NULL UNIQUE REFERENCES jobs (row) ON DELETE CASCADE,
  deliver_to text NOT NULL
);

CREATE INDEX deliveries_of_receiver ON deliveries (deliver_to, seq);

CREATE TABLE sessions (
  session_key text PRIMARY KEY,
  store       text NOT NULL,
  used_at     bigint NOT NULL
);

CREATE INDEX sessions_used ON sessions (used_at);

CREATE TABLE admin (
  one          smallint PRIMARY KEY CHECK (one = 1),
  paused       smallint NOT NULL CHECK (paused IN (0, 1)),
  pause_reason text,
  updated_at   bigint NOT NULL
);

INSERT INTO admin (one, paused, updated_at) VALUES (1, 0, 0);

CREATE TABLE approvals (
  row             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id              text NOT NULL UNIQUE,
  job_row         bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  tool_call_id    text NOT NULL,
  tool_name       text NOT NULL,
  summary         text NOT NULL,
  input           text NOT NULL,
  risk            text NOT NULL,
  payload_hash    text NOT NULL,
  cwd             text NOT NULL,
  sandbox_profile text NOT NULL,
  scopes          text NOT NULL,
  status          text NOT NULL CHECK (status IN ('pending', 'allowed', 'denied', 'expired')),
  scope           text CHECK (scope IN ('once', 'session', 'always')),
  reason          text,
  decider_id      text,
  created_at      bigint NOT NULL,
  expires_at      bigint,
  decided_at      bigint,
  decision_seq    bigint,
  delivered       smallint NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1)),
  call            text NOT NULL DEFAULT 'open' CHECK (call IN ('open', 'carried', 'closed')),
  CHECK ((status = 'pending') = (decided_at IS NULL)),
  CHECK ((scope IS NULL) = (status IN ('pending', 'expired')))
);

CREATE INDEX approvals_of_job ON approvals (job_row, row);
CREATE INDEX approvals_expiring ON approvals (expires_at) WHERE status = 'pending' AND expires_at IS NOT NULL;
CREATE INDEX approvals_pending ON approvals (job_row) WHERE status = 'pending';

CREATE TABLE standing_decisions (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  decision     text NOT NULL CHECK (decision IN ('allow', 'deny')),
  payload_hash text NOT NULL,
  requester_id text NOT NULL,
  session_key  text,
  tool_name    text NOT NULL,
  summary      text NOT NULL,
  decider_id   text NOT NULL,
  created_at   bigint NOT NULL,
  used_at      bigint NOT NULL,
  used         bigint NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX standing_decisions_of ON standing_decisions (payload_hash, requester_id, coalesce(session_key, ''));
CREATE INDEX standing_decisions_of_sessions ON standing_decisions (used_at) WHERE session_key IS NOT NULL;

-- Who did what. Each row holds the hash of the one before: a change of any row is found (docs/operations.md).
CREATE TABLE audit (
  seq      bigint PRIMARY KEY,
  ts       bigint NOT NULL,
  actor    text NOT NULL,
  action   text NOT NULL,
  subject  text NOT NULL,
  details  text NOT NULL,
  previous text NOT NULL,
  hash     text NOT NULL
);

CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;

CREATE FUNCTION check_next_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit) THEN
    RAISE EXCEPTION 'the audit log is append-only';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER audit_takes_no_change BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
FOR EACH ROW EXECUTE FUNCTION check_next_of_audit();

-- Files of jobs: the rows here, the bytes under <home>/artifacts/<job id>/<name>. A row is written when its file is on
-- the disk; a file without a row is removed.
CREATE TABLE artifacts (
  row          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_row      bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  name         text COLLATE "C" NOT NULL,
  size         bigint NOT NULL CHECK (size >= 0),
  sha256       text NOT NULL CHECK (length(sha256) = 64),
  content_type text NOT NULL,
  kind         text CHECK (kind IN ('photo', 'document', 'voice', 'audio', 'video')),
  caption      text,
  source       text NOT NULL CHECK (source IN ('gateway', 'worker')),
  created_at   bigint NOT NULL,
  UNIQUE (job_row, name)
);

-- What all of them occupy, so that the quota is asked without a sum over everything.
CREATE TABLE artifact_bytes (
  one   smallint PRIMARY KEY CHECK (one = 1),
  bytes bigint NOT NULL CHECK (bytes >= 0)
);

INSERT INTO artifact_bytes (one, bytes) VALUES (1, 0);

CREATE FUNCTION count_artifact_bytes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    UPDATE artifact_bytes SET bytes = bytes + NEW.size WHERE one = 1;
  ELSE
    UPDATE artifact_bytes SET bytes = bytes - OLD.size WHERE one = 1;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER artifacts_count AFTER INSERT OR DELETE ON artifacts
FOR EACH ROW EXECUTE FUNCTION count_artifact_bytes();
