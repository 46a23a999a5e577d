-- Tool calls that were asked about in the chats. The approvals themselves are the orchestrator's; here is what must
-- not happen twice: asking, and telling what came of it. Times are Unix milliseconds.
CREATE TABLE approvals (
  approval_id TEXT PRIMARY KEY,
  job_id      TEXT NOT NULL,
  summary     TEXT NOT NULL,                            -- the tool and what it is to do, in a few visible words
  over        INTEGER NOT NULL DEFAULT 0 CHECK (over IN (0, 1)),
  asked_at    INTEGER NOT NULL,
  over_at     INTEGER,
  CHECK ((over = 1) = (over_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_waiting ON approvals (job_id) WHERE over = 0;

-- Where it was asked, or told that an owner was asked.
CREATE TABLE approval_places (
  approval_id TEXT NOT NULL REFERENCES approvals (approval_id) ON DELETE CASCADE,
  chat_id     INTEGER NOT NULL,
  thread_id   INTEGER,
  source      TEXT NOT NULL,                            -- of the message in the outbox
  asks        INTEGER NOT NULL CHECK (asks IN (0, 1)),  -- 0: it only tells
  PRIMARY KEY (approval_id, chat_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_places_of_chat ON approval_places (chat_id);

-- Which approval a command decides: noted before the orchestrator hears of it, so that the same command means the same
-- one after a restart.
CREATE TABLE approval_commands (
  bot_id      INTEGER NOT NULL,
  update_id   INTEGER NOT NULL,
  approval_id TEXT NOT NULL REFERENCES approvals (approval_id) ON DELETE CASCADE,
  person_id   INTEGER NOT NULL,
  person_name TEXT NOT NULL,                            -- as others are told
  PRIMARY KEY (bot_id, update_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX approval_commands_of_approval ON approval_commands (approval_id, person_id);
