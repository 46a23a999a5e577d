#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::Timestamp;
using domain::to_milliseconds;
using domain::to_timestamp;

/// A part that was given up, in SQL.
constexpr std::string_view is_dead_letter = " next_at IS NULL AND state IN ('dead', 'uncertain') ";

DeadLetter read_letter(const sql::Statement& row) {
  return {.id = row.integer(0),
          .source = row.string(1),
          .part = row.integer(2),
          .kind = stored_enum<MessageKind>(row.text(3)),
          .to = {row.integer(4), row.optional_integer(5)},
          .state = stored_enum<OutboxState>(row.text(6)),
          .reason = row.optional_string(7).value_or(""),
          .payload = row.string(8),
          .given_up_at = to_timestamp(row.integer(9))};
}

}  // namespace

std::int64_t SqlGatewayStore::current_chat(std::int64_t chat_id) {
  auto& statement =
      database_.prepared("SELECT new_chat_id FROM moved_chats WHERE old_chat_id = ?").bind(chat_id);
  const std::int64_t current = statement.step() ? statement.integer(0) : chat_id;
  statement.reset();
  return current;
}

bool SqlGatewayStore::park_chat(std::int64_t chat_id, std::string_view reason, Timestamp now) {
  bool parked = false;
  change([&] {
    parked = database_
                 .prepared(
                     "INSERT INTO parked_chats (chat_id, reason, parked_at) VALUES (?, ?, ?) "
                     "ON CONFLICT DO NOTHING")
                 .bind(chat_id, reason, to_milliseconds(now))
                 .run() == 1;
  });
  return parked;
}

bool SqlGatewayStore::revive_chat(std::int64_t chat_id, Timestamp now) {
  bool revived = false;
  change([&] {
    revived = database_.prepared("DELETE FROM parked_chats WHERE chat_id = ?").bind(chat_id).run() == 1;
    if (!revived) return;
    database_
        .prepared(
            "UPDATE outbox SET next_at = ? WHERE chat_id = ? AND state = 'pending' AND next_at IS NOT NULL")
        .bind(to_milliseconds(now), chat_id)
        .run();
  });
  return revived;
}

std::vector<ParkedChat> SqlGatewayStore::parked_chats() {
  std::vector<ParkedChat> chats;
  auto& statement =
      database_.prepared("SELECT chat_id, reason, parked_at FROM parked_chats ORDER BY parked_at, chat_id")
          .bind();
  while (statement.step()) {
    chats.push_back({.chat_id = statement.integer(0),
                     .reason = statement.string(1),
                     .parked_at = to_timestamp(statement.integer(2))});
  }
  return chats;
}

std::size_t SqlGatewayStore::give_up_parked(Timestamp before, Timestamp now) {
  std::int64_t given_up = 0;
  change([&] {
    database_
        .prepared(
            "DELETE FROM outbox WHERE kind = 'notice' AND state = 'pending' AND next_at IS NOT NULL "
            "AND created_at < ? "
            "AND chat_id IN (SELECT chat_id FROM parked_chats)")
        .bind(to_milliseconds(before))
        .run();
    given_up =
        database_
            .prepared(
                "UPDATE outbox SET state = 'dead', next_at = NULL, updated_at = ?, error = 'kept in vain: ' "
                "|| (SELECT reason FROM parked_chats AS parked WHERE parked.chat_id = outbox.chat_id) "
                "WHERE state IN ('pending', 'uncertain') AND next_at IS NOT NULL AND created_at < ? "
                "AND chat_id IN (SELECT chat_id FROM parked_chats)")
            .bind(to_milliseconds(now), to_milliseconds(before))
            .run();
  });
  return static_cast<std::size_t>(given_up);
}

std::vector<DeadLetter> SqlGatewayStore::dead_letters(std::size_t limit) {
  static const std::string sql =
      std::string{
          "SELECT id, source, part, kind, chat_id, thread_id, state, error, payload, updated_at FROM outbox "
          "WHERE"}
          .append(is_dead_letter)
          .append("ORDER BY id LIMIT ?");
  std::vector<DeadLetter> letters;
  auto& statement = database_.prepared(sql).bind(limit);
  while (statement.step()) letters.push_back(read_letter(statement));
  return letters;
}

std::optional<std::int64_t> SqlGatewayStore::retry_dead_letter(std::int64_t id, Timestamp now) {
  static const std::string sql =
      std::string{
          "UPDATE outbox SET state = 'pending', next_at = ?1, created_at = ?1, updated_at = ?1, attempts = "
          "0, "
          "restarts = 0, unknown_outcomes = 0, error = NULL WHERE id = ?2 AND"}
          .append(is_dead_letter);
  std::optional<std::int64_t> chat_id;
  change([&] {
    if (database_.prepared(sql).bind(to_milliseconds(now), id).run() != 1) return;
    auto& statement = database_.prepared("SELECT chat_id FROM outbox WHERE id = ?").bind(id);
    if (statement.step()) chat_id = statement.integer(0);
    statement.reset();
  });
  return chat_id;
}

bool SqlGatewayStore::discard_dead_letter(std::int64_t id, Timestamp now) {
  static const std::string sql =
      std::string{"UPDATE outbox SET state = 'discarded', updated_at = ? WHERE id = ? AND"}.append(
          is_dead_letter);
  bool discarded = false;
  change([&] { discarded = database_.prepared(sql).bind(to_milliseconds(now), id).run() == 1; });
  return discarded;
}

StoreDepths SqlGatewayStore::depths() {
  static const std::string sql =
      std::string{
          // Not one look through all that ever came: of the open updates each kind has its index.
          "SELECT (SELECT count(*) FROM inbox INDEXED BY inbox_controls WHERE state = 'control') + "
          "(SELECT count(*) FROM turns INDEXED BY turns_to_create CROSS JOIN inbox WHERE turn_id = turns.id "
          "AND turns.state = 'stored' AND inbox.state = 'in_turn'), "
          "(SELECT count(*) FROM turns WHERE state = 'stored'), "
          "(SELECT count(*) FROM turns WHERE state = 'created'), "
          "(SELECT count(*) FROM outbox WHERE next_at IS NOT NULL), (SELECT count(*) FROM parked_chats), "
          "(SELECT count(*) FROM outbox WHERE"}
          .append(is_dead_letter)
          .append(")");
  auto& statement = database_.prepared(sql).bind();
  statement.step();
  const StoreDepths depths{.inbox = statement.integer(0),
                           .stored_turns = statement.integer(1),
                           .open_turns = statement.integer(2),
                           .outbox = statement.integer(3),
                           .parked_chats = statement.integer(4),
                           .dead_letters = statement.integer(5)};
  statement.reset();
  return depths;
}

}  // namespace butler::gateway
