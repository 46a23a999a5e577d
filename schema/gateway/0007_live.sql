-- What is shown of a job while it runs, and how a chat wants to see it. Times are Unix milliseconds.

-- What a chat has chosen for itself; without a row it has the defaults.
CREATE TABLE chat_settings (
  chat_id   INTEGER PRIMARY KEY,
  live_mode TEXT NOT NULL CHECK (live_mode IN ('off', 'status', 'draft', 'edit')),
  set_by    INTEGER NOT NULL,                           -- the person
  set_at    INTEGER NOT NULL
) STRICT;

-- What is, or may be, shown of a job: written before it is shown, deleted when it is gone from the chat.
CREATE TABLE live_previews (
  job_id     TEXT PRIMARY KEY,
  chat_id    INTEGER NOT NULL,
  thread_id  INTEGER,
  reacted_to INTEGER NOT NULL,                          -- the person's message under the reaction; 0: none
  draft_id   INTEGER NOT NULL CHECK (draft_id <> 0),
  message_id INTEGER,                                   -- the status message, once Telegram has it
  edits      INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX live_previews_of_chat ON live_previews (chat_id);

-- Chats for which Telegram takes no drafts, and until when that is believed.
CREATE TABLE draft_latches (
  chat_id INTEGER PRIMARY KEY,
  until   INTEGER NOT NULL,
  reason  TEXT NOT NULL                                 -- Telegram's words
) STRICT;
