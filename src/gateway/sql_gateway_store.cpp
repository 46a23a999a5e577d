#include "gateway/sql_gateway_store.hpp"

#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "domain/describe.hpp"
#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "json/value.hpp"
#include "sql/sqlite.hpp"
#include "sqlite/migrations.hpp"

namespace butler::gateway {

namespace {

using domain::enum_name;
using domain::Timestamp;
using domain::to_milliseconds;

constexpr std::chrono::days kept_updates{30};
constexpr std::chrono::days kept_turns{90};
constexpr std::chrono::days kept_messages{30};

std::string place(Lane lane) {
  std::string text = std::to_string(lane.chat_id);
  if (lane.thread_id) text += ":thread:" + std::to_string(*lane.thread_id);
  return text;
}

std::string route_key(Lane lane) { return "chat:" + place(lane); }

Session generation(std::int64_t number, Lane lane, Timestamp now) {
  return {
      .generation = number, .key = "telegram:" + place(lane) + ":v" + std::to_string(number), .since = now};
}

}  // namespace

GatewayDatabase GatewayDatabase::open(const std::filesystem::path& home, Timestamp now) {
  if (std::filesystem::create_directories(home)) {
    std::filesystem::permissions(home, std::filesystem::perms::owner_all);
  }
  const auto file = home / "gateway.db";
  sqlite::FileLock lock(file);
  auto database = sqlite::Database::open(file);
  sqlite::migrate(database, gateway_migrations(), now);
  return {.lock = std::move(lock),
          .database = std::make_unique<sql::SqliteDatabase>(std::move(database)),
          .server = nullptr};
}

void SqlGatewayStore::unit(const std::function<void()>& changes) {
  const std::size_t actions_before = after_commit_.size();
  const bool inner = std::exchange(in_unit_, true);
  try {
    inner ? database_.part(changes) : database_.transact(changes);
  } catch (const sql::Error& error) {
    in_unit_ = inner;
    after_commit_.resize(actions_before);
    throw StoreFault(error.what());
  } catch (...) {
    in_unit_ = inner;
    after_commit_.resize(actions_before);
    throw;
  }
  in_unit_ = inner;
  if (inner) return;
  for (const auto& action : std::exchange(after_commit_, {})) action();
}

void SqlGatewayStore::after_commit(std::function<void()> action) {
  if (!in_unit_) return action();
  after_commit_.push_back(std::move(action));
}

void SqlGatewayStore::change(const std::function<void()>& changes) {
  if (!in_unit_) return unit(changes);
  try {
    changes();
  } catch (const sql::Error& error) {
    throw StoreFault(error.what());
  }
}

void SqlGatewayStore::change_row(std::string_view what, sql::Statement& bound) {
  if (bound.run() != 1) throw std::logic_error("gateway.db: no row to change: " + std::string{what});
}

std::int64_t SqlGatewayStore::insert(sql::Statement& bound) {
  std::int64_t id = 0;
  while (bound.step()) id = bound.integer(0);
  return id;
}

// The inbox.

std::int64_t SqlGatewayStore::next_offset() {
  auto& statement = database_.prepared("SELECT next_offset FROM polling WHERE bot_id = ?").bind(bot_id_);
  const std::int64_t offset = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return offset;
}

void SqlGatewayStore::set_next_offset(std::int64_t offset) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO polling (bot_id, next_offset) VALUES (?, ?) "
            "ON CONFLICT (bot_id) DO UPDATE SET next_offset = excluded.next_offset")
        .bind(bot_id_, offset)
        .run();
  });
}

void SqlGatewayStore::forget_offset() {
  change([&] { database_.prepared("DELETE FROM polling WHERE bot_id = ?").bind(bot_id_).run(); });
}

bool SqlGatewayStore::add_update(const InboxUpdate& update, Timestamp now) {
  bool added = false;
  change([&] {
    added = database_
                .prepared(
                    "INSERT INTO inbox (bot_id, update_id, raw, state, received_at) "
                    "VALUES (?, ?, ?, 'received', ?) ON CONFLICT DO NOTHING")
                .bind(bot_id_, update.update_id, update.raw, to_milliseconds(now))
                .run() == 1;
  });
  return added;
}

void SqlGatewayStore::keep_as_control(std::int64_t update_id, std::int64_t chat_id) {
  change([&] {
    change_row("control", database_
                              .prepared("UPDATE inbox SET state = 'control', chat_id = ? "
                                        "WHERE bot_id = ? AND update_id = ?")
                              .bind(chat_id, bot_id_, update_id));
  });
}

void SqlGatewayStore::end_update(std::int64_t update_id, InboxState state, std::string_view note) {
  change([&] {
    change_row("update", database_
                             .prepared("UPDATE inbox SET state = ?, note = nullif(?, '') "
                                       "WHERE bot_id = ? AND update_id = ?")
                             .bind(enum_name(state), note, bot_id_, update_id));
  });
}

std::optional<InboxUpdate> SqlGatewayStore::first_control(std::int64_t chat_id) {
  auto& statement = database_
                        .prepared(
                            "SELECT update_id, raw FROM inbox WHERE bot_id = ? AND chat_id = ? "
                            "AND state = 'control' ORDER BY update_id LIMIT 1")
                        .bind(bot_id_, chat_id);
  std::optional<InboxUpdate> update;
  if (statement.step()) update = InboxUpdate{statement.integer(0), statement.string(1)};
  statement.reset();
  return update;
}

std::vector<std::int64_t> SqlGatewayStore::chats_with_controls() {
  std::vector<std::int64_t> chats;
  auto& statement =
      database_.prepared("SELECT DISTINCT chat_id FROM inbox WHERE bot_id = ? AND state = 'control'")
          .bind(bot_id_);
  while (statement.step()) chats.push_back(statement.integer(0));
  return chats;
}

// Sessions.

std::optional<Session> SqlGatewayStore::find_session(Lane lane) {
  auto& found =
      database_.prepared("SELECT generation, session_key, updated_at FROM sessions WHERE route_key = ?")
          .bind(route_key(lane));
  std::optional<Session> session;
  if (found.step()) {
    session =
        Session{found.integer(0), found.string(1), Timestamp{std::chrono::milliseconds{found.integer(2)}}};
  }
  found.reset();
  return session;
}

void SqlGatewayStore::put_session(Lane lane, const Session& session) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO sessions (route_key, generation, session_key, updated_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (route_key) DO UPDATE SET generation = excluded.generation, "
            "session_key = excluded.session_key, updated_at = excluded.updated_at")
        .bind(route_key(lane), session.generation, session.key, to_milliseconds(session.since))
        .run();
  });
}

Session SqlGatewayStore::session(Lane lane, Timestamp now) {
  if (const auto present = find_session(lane)) return *present;
  const Session first = generation(1, lane, now);
  put_session(lane, first);
  return first;
}

Session SqlGatewayStore::rotate_session(Lane lane, Timestamp now) {
  const auto present = find_session(lane);
  const Session next = generation(present ? present->generation + 1 : 1, lane, now);
  put_session(lane, next);
  return next;
}

void SqlGatewayStore::move_sessions(std::int64_t from, std::int64_t to) {
  // Only the way to the session changes: its key is the agent's memory and stays.
  const std::string old_key = "chat:" + std::to_string(from);
  const std::string new_key = "chat:" + std::to_string(to);
  database_
      .prepared(
          "UPDATE sessions SET route_key = ? || substr(route_key, ?) "
          "WHERE (route_key = ? OR substr(route_key, 1, ?) = ?) AND NOT EXISTS "
          "(SELECT 1 FROM sessions AS taken WHERE taken.route_key = ? || substr(sessions.route_key, ?))")
      .bind(new_key, old_key.size() + 1, old_key, old_key.size() + 1, old_key + ":", new_key,
            old_key.size() + 1)
      .run();
}

/// What is still to be sent to a chat replies to nothing any more.
void SqlGatewayStore::drop_replies(std::int64_t chat_id) {
  std::vector<std::pair<std::int64_t, std::string>> without;
  auto& row = database_
                  .prepared(
                      "SELECT id, payload FROM outbox WHERE chat_id = ? AND state <> 'sent' "
                      "AND payload LIKE '%reply_parameters%'")
                  .bind(chat_id);
  while (row.step()) {
    auto payload = json::parse(row.text(1));
    if (!payload || !payload->is_object() || !payload->get_object().erase("reply_parameters")) continue;
    without.emplace_back(row.integer(0), json::serialize(*payload));
  }
  for (const auto& [id, payload] : without) {
    database_.prepared("UPDATE outbox SET payload = ? WHERE id = ?").bind(payload, id).run();
  }
}

void SqlGatewayStore::move_chat(std::int64_t from, std::int64_t to) {
  change([&] {
    move_sessions(from, to);
    move_keyboards(from, to);
    database_.prepared("UPDATE moved_chats SET new_chat_id = ? WHERE new_chat_id = ?").bind(to, from).run();
    database_
        .prepared(
            "INSERT INTO moved_chats (old_chat_id, new_chat_id) VALUES (?, ?) "
            "ON CONFLICT (old_chat_id) DO UPDATE SET new_chat_id = excluded.new_chat_id")
        .bind(from, to)
        .run();
    database_.prepared("DELETE FROM parked_chats WHERE chat_id = ?").bind(from).run();
    database_
        .prepared(
            "DELETE FROM languages WHERE chat_id = ? "
            "AND EXISTS (SELECT 1 FROM languages AS moved WHERE moved.chat_id = ?)")
        .bind(to, from)
        .run();
    database_.prepared("UPDATE languages SET chat_id = ? WHERE chat_id = ?").bind(to, from).run();
    // Message ids begin anew in a supergroup: the old ones would name somebody else's words. As negative
    // ones they name no message of Telegram's, and an edit that waits still finds its part.
    for (const char* ids : {"UPDATE turn_parts SET message_id = -abs(message_id) ",
                            "UPDATE edits SET message_id = -abs(message_id) "}) {
      database_.prepared(std::string{ids} + "WHERE turn_id IN (SELECT id FROM turns WHERE chat_id = ?)")
          .bind(from)
          .run();
    }
    database_.prepared("UPDATE turns SET chat_id = ?, message_id = 0 WHERE chat_id = ?").bind(to, from).run();
    database_.prepared("DELETE FROM live_previews WHERE chat_id = ?").bind(from).run();
    database_
        .prepared(
            "UPDATE chat_settings SET chat_id = ? WHERE chat_id = ? "
            "AND NOT EXISTS (SELECT 1 FROM chat_settings AS taken WHERE taken.chat_id = ?)")
        .bind(to, from, to)
        .run();
    database_.prepared("UPDATE inbox SET chat_id = ? WHERE chat_id = ? AND state = 'control'")
        .bind(to, from)
        .run();
    database_
        .prepared(
            "UPDATE approval_places SET chat_id = ? WHERE chat_id = ? AND NOT EXISTS (SELECT 1 FROM "
            "approval_places AS taken WHERE taken.approval_id = approval_places.approval_id "
            "AND taken.chat_id = ?)")
        .bind(to, from, to)
        .run();
    drop_replies(from);
    database_.prepared("UPDATE outbox SET chat_id = ? WHERE chat_id = ? AND state <> 'sent'")
        .bind(to, from)
        .run();
  });
}

// Facts, and the end of all rows.

std::optional<std::string> SqlGatewayStore::fact(std::string_view name) {
  auto& statement = database_.prepared("SELECT value FROM facts WHERE name = ?").bind(name);
  std::optional<std::string> value;
  if (statement.step()) value = statement.string(0);
  statement.reset();
  return value;
}

void SqlGatewayStore::set_fact(std::string_view name, std::string_view value) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO facts (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name, value)
        .run();
  });
}

void SqlGatewayStore::remove_fact(std::string_view name) {
  change([&] { database_.prepared("DELETE FROM facts WHERE name = ?").bind(name).run(); });
}

std::vector<std::string> SqlGatewayStore::facts_that_begin(std::string_view prefix) {
  std::vector<std::string> names;
  auto& row =
      database_.prepared("SELECT name FROM facts WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name")
          .bind(prefix);
  while (row.step()) names.push_back(row.string(0));
  return names;
}

void SqlGatewayStore::prune(Timestamp now) {
  change([&] {
    database_.prepared("DELETE FROM inbox WHERE state IN ('done', 'dropped', 'broken') AND received_at < ?")
        .bind(to_milliseconds(now - kept_updates))
        .run();
    database_.prepared("DELETE FROM turns WHERE state IN ('answered', 'refused') AND updated_at < ?")
        .bind(to_milliseconds(now - kept_turns))
        .run();
    database_.prepared("DELETE FROM approvals WHERE over_at < ?")
        .bind(to_milliseconds(now - kept_turns))
        .run();
    database_.prepared("DELETE FROM draft_latches WHERE until < ?").bind(to_milliseconds(now)).run();
    database_.prepared("DELETE FROM outbox WHERE next_at IS NULL AND updated_at < ?")
        .bind(to_milliseconds(now - kept_messages))
        .run();
    prune_keyboards(now - kept_messages);
  });
}

}  // namespace butler::gateway
