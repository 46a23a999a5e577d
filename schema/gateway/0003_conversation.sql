-- Turns whose text may still go on: Telegram's clients cut a long paste into several messages. While its row is
-- here, a turn waits, and so does what comes after it in its lane. Times are Unix milliseconds.
CREATE TABLE open_texts (
  turn_id       INTEGER PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
  due_at        INTEGER NOT NULL,                      -- complete then, if nothing more comes
  parts         INTEGER NOT NULL CHECK (parts >= 1),
  part_sent_at  INTEGER NOT NULL,                      -- the last part's own time
  part_units    INTEGER NOT NULL                       -- and its length in UTF-16 units
) STRICT;
