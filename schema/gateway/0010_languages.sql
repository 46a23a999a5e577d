-- The language in which a chat is spoken to: of each person (whose id is that of their private chat), and of each group
-- that of the one who spoke there last. Notices that no message triggers have it from here. Times are Unix milliseconds.
CREATE TABLE languages (
  chat_id  INTEGER PRIMARY KEY,
  code     TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 35),  -- as Telegram's language_code has it
  noted_at INTEGER NOT NULL
) STRICT;
