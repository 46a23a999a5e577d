-- Messages that are one request, and messages that a person has changed. Times are Unix milliseconds.

-- What each message of a turn has given to its prompt, so that one of them can be changed while the turn waits.
CREATE TABLE turn_parts (
  turn_id    INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL CHECK (position >= 0),
  message_id INTEGER NOT NULL,                          -- 0 when the chat has moved since
  form       TEXT NOT NULL CHECK (form IN ('said', 'fresh', 'rest', 'command')),
  joint      TEXT NOT NULL,                             -- what stands between it and what came before it
  text       TEXT NOT NULL,
  PRIMARY KEY (turn_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_parts_of_message ON turn_parts (message_id);

-- Changes that could not be made at once, because the orchestrator may know the request already: its job is stopped if
-- it still waits, and another takes its place.
CREATE TABLE edits (
  id         INTEGER PRIMARY KEY,
  turn_id    INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
  message_id INTEGER NOT NULL,
  update_id  INTEGER NOT NULL,                          -- the edit's: the job that takes the place is created once for it
  text       TEXT NOT NULL,
  UNIQUE (turn_id, message_id)
) STRICT;

-- Open turns are more than cut texts from now on.
ALTER TABLE open_texts ADD COLUMN burst INTEGER NOT NULL DEFAULT 0 CHECK (burst IN (0, 1));
ALTER TABLE open_texts ADD COLUMN album TEXT NOT NULL DEFAULT '';

-- Replies to a notice about a job mean the job.
CREATE INDEX outbox_of_message ON outbox (chat_id, message_id) WHERE about IS NOT NULL AND message_id IS NOT NULL;
