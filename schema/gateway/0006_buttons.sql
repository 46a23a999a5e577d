-- Inline keyboards under our messages: who may press what, once; and what each keyboard has become. Times are Unix
-- milliseconds.
CREATE TABLE keyboards (
  id         INTEGER PRIMARY KEY,
  chat_id    INTEGER NOT NULL,
  thread_id  INTEGER,
  message_id INTEGER,                                   -- NULL until Telegram is known to have the message
  person_id  INTEGER,                                   -- who alone may press
  job_id     TEXT NOT NULL,                             -- whose end takes the keyboard away; '' for none
  expires_at INTEGER,
  outcome    TEXT,                                      -- what became of it, as it is shown; '' for no button at all
  shown      INTEGER NOT NULL DEFAULT 1 CHECK (shown IN (0, 1)), -- the message shows it as it is now
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX keyboards_of_message ON keyboards (chat_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX keyboards_of_job ON keyboards (job_id) WHERE job_id <> '' AND outcome IS NULL;
CREATE INDEX keyboards_that_expire ON keyboards (expires_at) WHERE expires_at IS NOT NULL AND outcome IS NULL;
CREATE INDEX keyboards_to_show ON keyboards (chat_id, id) WHERE shown = 0 AND message_id IS NOT NULL;

CREATE TABLE buttons (
  token       TEXT PRIMARY KEY,                         -- callback_data: random, and nothing else
  keyboard_id INTEGER NOT NULL REFERENCES keyboards (id) ON DELETE CASCADE,
  place       INTEGER NOT NULL CHECK (place >= 0),      -- 8 in each row
  label       TEXT NOT NULL,
  style       TEXT NOT NULL CHECK (style IN ('plain', 'primary', 'success', 'danger')),
  action      TEXT NOT NULL CHECK (action IN ('approve_job', 'deny_job', 'allow_once', 'allow_session', 'allow_always',
                                              'deny_tool', 'stop', 'retry', 'details', 'status', 'pair', 'refuse_pair',
                                              'setting')),
  subject     TEXT NOT NULL,                            -- the job, the approval, the pairing's code, the setting
  matter      TEXT NOT NULL,                            -- what is decided by pressing it, on whatever keyboard
  used        INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1)),
  used_label  TEXT,                                     -- shown in its place, without effect; NULL: it goes away
  UNIQUE (keyboard_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX buttons_of_matter ON buttons (matter) WHERE used = 0;

-- Presses whose outcome is not known: no other press on the same matter does anything meanwhile.
CREATE TABLE button_presses (
  matter      TEXT PRIMARY KEY,
  bot_id      INTEGER NOT NULL,
  update_id   INTEGER NOT NULL,
  token       TEXT NOT NULL REFERENCES buttons (token) ON DELETE CASCADE,
  person_name TEXT NOT NULL,                            -- as others are told
  UNIQUE (bot_id, update_id)
) STRICT, WITHOUT ROWID;
