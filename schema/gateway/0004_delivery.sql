-- Messages that could not be delivered, chats that take nothing, groups that moved, and what people were told
-- of a job that waits.

-- As before, with the kind `failure`, the state `discarded` and the job that a notice is about.
CREATE TABLE outbox_with_discarded (
  id               INTEGER PRIMARY KEY,
  source           TEXT NOT NULL,                       -- the job id, or a notice's own key
  part             INTEGER NOT NULL CHECK (part >= 0),
  kind             TEXT NOT NULL CHECK (kind IN ('answer', 'failure', 'notice', 'approval')),
  about            TEXT,                                -- of a notice: the job whose end makes it pointless
  chat_id          INTEGER NOT NULL,
  thread_id        INTEGER,
  payload          TEXT NOT NULL,                       -- sendMessage, or sendDocument, without the chat
  state            TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'uncertain', 'dead', 'discarded')),
  attempts         INTEGER NOT NULL DEFAULT 0,
  restarts         INTEGER NOT NULL DEFAULT 0,          -- "500 Internal Server Error: restart" answers
  unknown_outcomes INTEGER NOT NULL DEFAULT 0,
  next_at          INTEGER,
  message_id       INTEGER,
  error            TEXT,
  created_at       INTEGER NOT NULL,
  updated_at       INTEGER NOT NULL,
  UNIQUE (source, part),
  CHECK ((state = 'sent') = (message_id IS NOT NULL)),
  CHECK (state <> 'pending' OR next_at IS NOT NULL),
  CHECK (state <> 'sending' OR next_at IS NOT NULL),
  CHECK (state NOT IN ('sent', 'dead', 'discarded') OR next_at IS NULL)
) STRICT;
INSERT INTO outbox_with_discarded
  (id, source, part, kind, chat_id, thread_id, payload, state, attempts, restarts, unknown_outcomes, next_at,
   message_id, error, created_at, updated_at)
  SELECT id, source, part, kind, chat_id, thread_id, payload, state, attempts, restarts, unknown_outcomes, next_at,
         message_id, error, created_at, updated_at
  FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_discarded RENAME TO outbox;
CREATE INDEX outbox_to_send ON outbox (chat_id, id) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_given_up ON outbox (id) WHERE next_at IS NULL AND state IN ('dead', 'uncertain');
CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL AND next_at IS NOT NULL;

-- Chats that refuse what we send (blocked, kicked, not found), until something shows that they take it again.
CREATE TABLE parked_chats (
  chat_id   INTEGER PRIMARY KEY,
  reason    TEXT NOT NULL,                              -- Telegram's words
  parked_at INTEGER NOT NULL
) STRICT;

-- Groups that became supergroups: answers to what was asked before go to the new chat.
CREATE TABLE moved_chats (
  old_chat_id INTEGER PRIMARY KEY,
  new_chat_id INTEGER NOT NULL CHECK (new_chat_id <> old_chat_id)
) STRICT;

-- Whether the person knows that the job waits, and for what.
ALTER TABLE turns ADD COLUMN told_state INTEGER NOT NULL DEFAULT 0 CHECK (told_state IN (0, 1));
CREATE INDEX turns_open ON turns (id) WHERE state = 'created';
