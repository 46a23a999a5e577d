-- Who was let in, by what code, and what keeps strangers from guessing and from making the bot talk.

-- People who were paired. Only the id says who somebody is; the names are for the owner's eyes.
CREATE TABLE people (
  person_id  INTEGER PRIMARY KEY,
  first_name TEXT NOT NULL,
  username   TEXT NOT NULL,
  paired_by  INTEGER,                                   -- the owner; NULL for the operator of the machine
  since      INTEGER NOT NULL
) STRICT;

-- Codes that are still good. In the clear: the outbox beside it holds the message that shows the code, a code
-- that was asked for does nothing without an owner, and an invitation is used up within the hour.
CREATE TABLE pairing_codes (
  id         INTEGER PRIMARY KEY,
  code       TEXT NOT NULL UNIQUE,
  person_id  INTEGER,                                   -- who asked for it; NULL for an invitation
  first_name TEXT NOT NULL,
  username   TEXT NOT NULL,
  invited_by INTEGER,                                   -- the owner who made an invitation
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
  CHECK ((person_id IS NULL) = (invited_by IS NOT NULL))
) STRICT;

-- Codes that were none, so that guessing ends, restarts or not.
CREATE TABLE wrong_codes (
  id        INTEGER PRIMARY KEY,
  person_id INTEGER NOT NULL,
  tried_at  INTEGER NOT NULL
) STRICT;

-- When somebody was last told something that they are not told each time.
CREATE TABLE tellings (
  what      TEXT NOT NULL CHECK (what IN ('too_many_waiting', 'rate_limit')),
  person_id INTEGER NOT NULL,
  told_at   INTEGER NOT NULL,
  PRIMARY KEY (what, person_id)
) STRICT, WITHOUT ROWID;
DROP TABLE strangers;

-- When the person sent what became a turn, by Telegram's clock: the rate limit counts these.
ALTER TABLE turns ADD COLUMN sent_at INTEGER;
CREATE INDEX turns_of_requester ON turns (requester_id, sent_at);

-- The menus of commands are noted by scope from now on.
DELETE FROM facts WHERE name LIKE 'commands:%';
