-- What the gateway owns: every update until it is dealt with, every request until its job is known, every
-- message until Telegram has it. Times are Unix milliseconds. Ids of chats, topics and people are Telegram's.

-- How far each bot has read: the offset of its next getUpdates.
CREATE TABLE polling (
  bot_id      INTEGER PRIMARY KEY,
  next_offset INTEGER NOT NULL CHECK (next_offset > 0)
) STRICT;

-- A conversation's place and its present session; /new counts the generation up.
CREATE TABLE sessions (
  route_key   TEXT PRIMARY KEY,                         -- chat:<chat>[:thread:<thread>]
  generation  INTEGER NOT NULL CHECK (generation >= 1),
  session_key TEXT NOT NULL,                            -- telegram:<chat>[:thread:<thread>]:v<generation>
  updated_at  INTEGER NOT NULL
) STRICT;

-- One request to the orchestrator: stored, with all that will be sent, before the job is created.
CREATE TABLE turns (
  id              INTEGER PRIMARY KEY,
  idempotency_key TEXT NOT NULL UNIQUE,                 -- tg:<bot>:<first update>
  chat_id         INTEGER NOT NULL,
  thread_id       INTEGER,
  requester_id    INTEGER NOT NULL,
  message_id      INTEGER NOT NULL,                     -- the person's message, for replies
  kind            TEXT NOT NULL CHECK (kind IN ('task', 'run')),
  body            TEXT NOT NULL,                        -- the create request, exactly as each try sends it
  state           TEXT NOT NULL CHECK (state IN ('stored', 'created', 'answered', 'refused')),
  job_id          TEXT UNIQUE,
  denied          INTEGER NOT NULL DEFAULT 0 CHECK (denied IN (0, 1)),
  told_waiting    INTEGER NOT NULL DEFAULT 0 CHECK (told_waiting IN (0, 1)),
  created_at      INTEGER NOT NULL,
  updated_at      INTEGER NOT NULL,
  CHECK ((job_id IS NOT NULL) = (state IN ('created', 'answered')))
) STRICT;
CREATE INDEX turns_to_create ON turns (chat_id, thread_id, id) WHERE state = 'stored';
CREATE INDEX turns_of_chat ON turns (chat_id, id) WHERE job_id IS NOT NULL;

-- Updates as they came. A row stays some time after it is done, so that an update that comes again is known.
CREATE TABLE inbox (
  bot_id      INTEGER NOT NULL,
  update_id   INTEGER NOT NULL,
  chat_id     INTEGER,                                  -- whose order it is part of; NULL for foreign kinds
  raw         TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('received', 'in_turn', 'control', 'done', 'dropped', 'broken')),
  note        TEXT,                                     -- why it was dropped, or what broke
  turn_id     INTEGER REFERENCES turns (id) ON DELETE SET NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (bot_id, update_id),
  CHECK (state <> 'in_turn' OR turn_id IS NOT NULL),
  CHECK (state <> 'control' OR chat_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_controls ON inbox (bot_id, chat_id, update_id) WHERE state = 'control';
CREATE INDEX inbox_of_turn ON inbox (turn_id) WHERE turn_id IS NOT NULL;

-- Messages for Telegram. The rows of a chat go out in the order of their ids, one at a time.
-- next_at is set exactly while there is something left to do.
CREATE TABLE outbox (
  id               INTEGER PRIMARY KEY,
  source           TEXT NOT NULL,                       -- the job id, or a notice's own key
  part             INTEGER NOT NULL CHECK (part >= 0),
  kind             TEXT NOT NULL CHECK (kind IN ('answer', 'notice', 'approval')),
  chat_id          INTEGER NOT NULL,
  thread_id        INTEGER,
  payload          TEXT NOT NULL,                       -- sendMessage without the chat
  state            TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'uncertain', 'dead')),
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
  CHECK (state NOT IN ('sent', 'dead') OR next_at IS NULL)
) STRICT;
CREATE INDEX outbox_to_send ON outbox (chat_id, id) WHERE next_at IS NOT NULL;

-- Strangers that were told how to get in, so that nobody can make the bot talk.
CREATE TABLE strangers (
  person_id INTEGER PRIMARY KEY,
  told_at   INTEGER NOT NULL
) STRICT;

-- Small facts about what was done at Telegram: which commands were registered.
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
