-- The gateway's state in PostgreSQL: the same tables as SQLite's files 0001 to 0010 make, for the same reasons.
-- Times are milliseconds since 1970 in UTC, flags 0 or 1. What is sorted is sorted by its bytes.

CREATE TABLE polling (
  bot_id      bigint PRIMARY KEY,
  next_offset bigint NOT NULL CHECK (next_offset > 0)
);

CREATE TABLE sessions (
  route_key   text COLLATE "C" PRIMARY KEY,
  generation  bigint NOT NULL CHECK (generation >= 1),
  session_key text NOT NULL,
  updated_at  bigint NOT NULL
);

CREATE TABLE turns (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  idempotency_key text NOT NULL UNIQUE,
  chat_id         bigint NOT NULL,
  thread_id       bigint,
  requester_id    bigint NOT NULL,
  message_id      bigint NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('task', 'run')),
  body            text NOT NULL,
  state           text NOT NULL CHECK (state IN ('stored', 'created', 'answered', 'refused')),
  job_id          text UNIQUE,
  denied          smallint NOT NULL DEFAULT 0 CHECK (denied IN (0, 1)),
  told_waiting    smallint NOT NULL DEFAULT 0 CHECK (told_waiting IN (0, 1)),
  created_at      bigint NOT NULL,
  updated_at      bigint NOT NULL,
  sent_at         bigint,
  told_state      smallint NOT NULL DEFAULT 0 CHECK (told_state IN (0, 1)),
  CHECK ((job_id IS NOT NULL) = (state IN ('created', 'answered')))
) WITH (fillfactor = 80);

CREATE INDEX turns_to_create ON turns (chat_id, thread_id, id) WHERE state = 'stored';
CREATE INDEX turns_of_chat ON turns (chat_id, id) WHERE job_id IS NOT NULL;
CREATE INDEX turns_of_requester ON turns (requester_id, sent_at);
CREATE INDEX turns_open ON turns (id) WHERE state = 'created';

CREATE TABLE inbox (
  bot_id      bigint NOT NULL,
  update_id   bigint NOT NULL,
  chat_id     bigint,
  raw         text NOT NULL,
  state       text NOT NULL CHECK (state IN ('received', 'in_turn', 'control', 'done', 'dropped', 'broken')),
  note        text,
  turn_id     bigint REFERENCES turns (id) ON DELETE SET NULL,
  received_at bigint NOT NULL,
  PRIMARY KEY (bot_id, update_id),
  CHECK (state <> 'in_turn' OR turn_id IS NOT NULL),
  CHECK (state <> 'control' OR chat_id IS NOT NULL)
) WITH (fillfactor = 80);

CREATE INDEX inbox_controls ON inbox (bot_id, chat_id, update_id) WHERE state = 'control';
CREATE INDEX inbox_of_turn ON inbox (turn_id) WHERE turn_id IS NOT NULL;

CREATE TABLE outbox (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source           text NOT NULL,
  part             bigint NOT NULL CHECK (part >= 0),
  kind             text NOT NULL CHECK (kind IN ('answer', 'failure', 'notice', 'approval')),
  about            text,
  chat_id          bigint NOT NULL,
  thread_id        bigint,
  payload          text NOT NULL,
  state            text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'uncertain', 'dead', 'discarded')),
  attempts         bigint NOT NULL DEFAULT 0,
  restarts         bigint NOT NULL DEFAULT 0,
  unknown_outcomes bigint NOT NULL DEFAULT 0,
  next_at          bigint,
  message_id       bigint,
  error            text,
  created_at       bigint NOT NULL,
  updated_at       bigint NOT NULL,
  UNIQUE (source, part),
  CHECK ((state = 'sent') = (message_id IS NOT NULL)),
  CHECK (state <> 'pending' OR next_at IS NOT NULL),
  CHECK (state <> 'sending' OR next_at IS NOT NULL),
  CHECK (state NOT IN ('sent', 'dead', 'discarded') OR next_at IS NULL)
) WITH (fillfactor = 80);

CREATE INDEX outbox_to_send ON outbox (chat_id, id) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_given_up ON outbox (id) WHERE next_at IS NULL AND state IN ('dead', 'uncertain');
CREATE INDEX outbox_about ON outbox (about) WHERE about IS NOT NULL AND next_at IS NOT NULL;
CREATE INDEX outbox_of_message ON outbox (chat_id, message_id) WHERE about IS NOT NULL AND message_id IS NOT NULL;

CREATE TABLE facts (
  name  text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE people (
  person_id  bigint PRIMARY KEY,
  first_name text NOT NULL,
  username   text NOT NULL,
  paired_by  bigint,
  since      bigint NOT NULL
);

CREATE TABLE pairing_codes (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code       text NOT NULL UNIQUE,
  person_id  bigint,
  first_name text NOT NULL,
  username   text NOT NULL,
  invited_by bigint,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL CHECK (expires_at > created_at),
  CHECK ((person_id IS NULL) = (invited_by IS NOT NULL))
);

CREATE TABLE wrong_codes (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person_id bigint NOT NULL,
  tried_at  bigint NOT NULL
);

CREATE TABLE tellings (
  what      text NOT NULL CHECK (what IN ('too_many_waiting', 'rate_limit')),
  person_id bigint NOT NULL,
  told_at   bigint NOT NULL,
  PRIMARY KEY (what, person_id)
);

CREATE TABLE open_texts (
  turn_id       bigint PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
  due_at        bigint NOT NULL,
  parts         bigint NOT NULL CHECK (parts >= 1),
  part_sent_at  bigint NOT NULL,
  part_units    bigint NOT NULL,
  burst         smallint NOT NULL DEFAULT 0 CHECK (burst IN (0, 1)),
  album         text NOT NULL DEFAULT ''
);

CREATE TABLE parked_chats (
  chat_id   bigint PRIMARY KEY,
  reason    text NOT NULL,
  parked_at bigint NOT NULL
);

CREATE TABLE moved_chats (
  old_chat_id bigint PRIMARY KEY,
  new_chat_id bigint NOT NULL CHECK (new_chat_id <> old_chat_id)
);

CREATE TABLE approvals (
  approval_id text COLLATE "C" PRIMARY KEY,
  job_id      text NOT NULL,
  summary     text NOT NULL,
  over        smallint NOT NULL DEFAULT 0 CHECK (over IN (0, 1)),
  asked_at    bigint NOT NULL,
  over_at     bigint,
  CHECK ((over = 1) = (over_at IS NOT NULL))
);

CREATE INDEX approvals_waiting ON approvals (job_id) WHERE over = 0;

CREATE TABLE approval_places (
  approval_id text COLLATE "C" NOT NULL REFERENCES approvals (approval_id) ON DELETE CASCADE,
  chat_id     bigint NOT NULL,
  thread_id   bigint,
  source      text NOT NULL,
  asks        smallint NOT NULL CHECK (asks IN (0, 1)),
  PRIMARY KEY (approval_id, chat_id)
);

CREATE INDEX approval_places_of_chat ON approval_places (chat_id);

CREATE TABLE approval_commands (
  bot_id      bigint NOT NULL,
  update_id   bigint NOT NULL,
  approval_id text COLLATE "C" NOT NULL REFERENCES approvals (approval_id) ON DELETE CASCADE,
  person_id   bigint NOT NULL,
  person_name text NOT NULL,
  PRIMARY KEY (bot_id, update_id)
);

CREATE INDEX approval_commands_of_approval ON approval_commands (approval_id, person_id);

CREATE TABLE keyboards (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chat_id    bigint NOT NULL,
  thread_id  bigint,
  message_id bigint,
  person_id  bigint,
  job_id     text NOT NULL,
  expires_at bigint,
  outcome    text,
  shown      smallint NOT NULL DEFAULT 1 CHECK (shown IN (0, 1)),
  created_at bigint NOT NULL
);

CREATE INDEX keyboards_of_message ON keyboards (chat_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX keyboards_of_job ON keyboards (job_id) WHERE job_id <> '' AND outcome IS NULL;
CREATE INDEX keyboards_that_expire ON keyboards (expires_at) WHERE expires_at IS NOT NULL AND outcome IS NULL;
CREATE INDEX keyboards_to_show ON keyboards (chat_id, id) WHERE shown = 0 AND message_id IS NOT NULL;

CREATE TABLE buttons (
  token       text PRIMARY KEY,
  keyboard_id bigint NOT NULL REFERENCES keyboards (id) ON DELETE CASCADE,
  place       bigint NOT NULL CHECK (place >= 0),
  label       text NOT NULL,
  style       text NOT NULL CHECK (style IN ('plain', 'primary', 'success', 'danger')),
  action      text NOT NULL CHECK (action IN ('approve_job', 'deny_job', 'allow_once', 'allow_session', 'allow_always',
                                              'deny_tool', 'stop', 'retry', 'details', 'status', 'pair', 'refuse_pair',
                                              'setting')),
  subject     text NOT NULL,
  matter      text NOT NULL,
  used        smallint NOT NULL DEFAULT 0 CHECK (used IN (0, 1)),
  used_label  text,
  UNIQUE (keyboard_id, place)
);

CREATE INDEX buttons_of_matter ON buttons (matter) WHERE used = 0;

CREATE TABLE button_presses (
  matter      text PRIMARY KEY,
  bot_id      bigint NOT NULL,
  update_id   bigint NOT NULL,
  token       text NOT NULL REFERENCES buttons (token) ON DELETE CASCADE,
  person_name text NOT NULL,
  UNIQUE (bot_id, update_id)
);

CREATE TABLE chat_settings (
  chat_id   bigint PRIMARY KEY,
  live_mode text NOT NULL CHECK (live_mode IN ('off', 'status', 'draft', 'edit')),
  set_by    bigint NOT NULL,
  set_at    bigint NOT NULL
);

CREATE TABLE live_previews (
  job_id     text COLLATE "C" PRIMARY KEY,
  chat_id    bigint NOT NULL,
  thread_id  bigint,
  reacted_to bigint NOT NULL,
  draft_id   bigint NOT NULL CHECK (draft_id <> 0),
  message_id bigint,
  edits      bigint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL
);

CREATE INDEX live_previews_of_chat ON live_previews (chat_id);

CREATE TABLE draft_latches (
  chat_id bigint PRIMARY KEY,
  until   bigint NOT NULL,
  reason  text NOT NULL
);

CREATE TABLE turn_parts (
  turn_id    bigint NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
  position   bigint NOT NULL CHECK (position >= 0),
  message_id bigint NOT NULL,
  form       text NOT NULL CHECK (form IN ('said', 'fresh', 'rest', 'command')),
  joint      text NOT NULL,
  text       text NOT NULL,
  PRIMARY KEY (turn_id, position)
);

CREATE INDEX turn_parts_of_message ON turn_parts (message_id);

CREATE TABLE edits (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  turn_id    bigint NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
  message_id bigint NOT NULL,
  update_id  bigint NOT NULL,
  text       text NOT NULL,
  UNIQUE (turn_id, message_id)
);

CREATE TABLE turn_files (
  turn_id    bigint NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
  number     bigint NOT NULL CHECK (number >= 1),
  name       text NOT NULL,
  file_id    text NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('photo', 'document', 'voice', 'audio', 'video')),
  file_name  text NOT NULL,
  mime_type  text NOT NULL,
  size       bigint NOT NULL CHECK (size >= 0),
  seconds    bigint,
  is_sticker smallint NOT NULL DEFAULT 0 CHECK (is_sticker IN (0, 1)),
  state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'handed_over', 'missing', 'of_no_use')),
  problem    text,
  PRIMARY KEY (turn_id, number)
);

CREATE INDEX turn_files_waiting ON turn_files (turn_id, number) WHERE state = 'waiting';

CREATE TABLE file_checks (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id    text NOT NULL UNIQUE,
  chat_id   bigint NOT NULL,
  thread_id bigint
);

CREATE TABLE languages (
  chat_id  bigint PRIMARY KEY,
  code     text NOT NULL CHECK (length(code) BETWEEN 1 AND 35),
  noted_at bigint NOT NULL
);
