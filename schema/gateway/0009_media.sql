-- Files that people sent with a request: fetched from Telegram and handed to the job once it is known. The rows are
-- what a restart goes on from.
CREATE TABLE turn_files (
  turn_id    INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
  number     INTEGER NOT NULL CHECK (number >= 1),     -- within the turn
  name       TEXT NOT NULL,                            -- as an attachment of the job
  file_id    TEXT NOT NULL,                            -- what getFile wants
  kind       TEXT NOT NULL CHECK (kind IN ('photo', 'document', 'voice', 'audio', 'video')),
  file_name  TEXT NOT NULL,
  mime_type  TEXT NOT NULL,                            -- '' when not told
  size       INTEGER NOT NULL CHECK (size >= 0),       -- bytes, 0 when not told
  seconds    INTEGER,
  is_sticker INTEGER NOT NULL DEFAULT 0 CHECK (is_sticker IN (0, 1)),
  state      TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'handed_over', 'missing', 'of_no_use')),
  problem    TEXT,                                     -- why it is missing, or of no use any more
  PRIMARY KEY (turn_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_files_waiting ON turn_files (turn_id, number) WHERE state = 'waiting';

-- Jobs that have ended and whose files, if there are any, are still to be put into the outbox, after the answer.
CREATE TABLE file_checks (
  id        INTEGER PRIMARY KEY,
  job_id    TEXT NOT NULL UNIQUE,
  chat_id   INTEGER NOT NULL,
  thread_id INTEGER
) STRICT;
