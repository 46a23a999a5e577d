#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::enum_name;
using domain::Timestamp;
using domain::to_milliseconds;

OutboxRow read_row(const sql::Statement& row) {
  return {.id = row.integer(0),
          .source = row.string(1),
          .part = row.integer(2),
          .kind = stored_enum<MessageKind>(row.text(3)),
          .to = {row.integer(4), row.optional_integer(5)},
          .payload = row.string(6),
          .state = stored_enum<OutboxState>(row.text(7)),
          .attempts = static_cast<int>(row.integer(8)),
          .restarts = static_cast<int>(row.integer(9)),
          .unknown_outcomes = static_cast<int>(row.integer(10)),
          .next_at = Timestamp{std::chrono::milliseconds{row.integer(11)}}};
}

}  // namespace

bool SqlGatewayStore::add_outgoing(const Outgoing& message, FirstPart first, Timestamp now) {
  bool added = false;
  change([&] {
    auto& known = database_.prepared("SELECT 1 FROM outbox WHERE source = ? LIMIT 1").bind(message.source);
    added = !known.step();
    known.reset();
    if (!added) return;
    std::int64_t part = 0;
    for (const std::string& payload : message.payloads) {
      const bool leaves = part == 0 && first == FirstPart::is_being_sent;
      database_
          .prepared(
              "INSERT INTO outbox (source, part, kind, about, chat_id, thread_id, payload, state, attempts, "
              "next_at, created_at, updated_at) VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?)")
          .bind(message.source, part, enum_name(message.kind), message.about, message.to.chat_id,
                message.to.thread_id, payload,
                enum_name(leaves ? OutboxState::sending : OutboxState::pending), leaves ? 1 : 0,
                to_milliseconds(now), to_milliseconds(now), to_milliseconds(now))
          .run();
      ++part;
    }
  });
  return added;
}

std::optional<OutboxRow> SqlGatewayStore::first_unsent(std::int64_t chat_id) {
  auto& statement =
      database_
          .prepared(
              "SELECT id, source, part, kind, chat_id, thread_id, payload, state, attempts, restarts, "
              "unknown_outcomes, next_at FROM outbox WHERE chat_id = ? AND next_at IS NOT NULL "
              "ORDER BY state <> 'sending', attempts > 0 AND source LIKE 'files:%', kind = 'notice', id "
              "LIMIT 1")
          .bind(chat_id);
  std::optional<OutboxRow> row;
  if (statement.step()) row = read_row(statement);
  statement.reset();
  return row;
}

std::vector<std::int64_t> SqlGatewayStore::chats_with_unsent() {
  std::vector<std::int64_t> chats;
  auto& statement =
      database_.prepared("SELECT DISTINCT chat_id FROM outbox WHERE next_at IS NOT NULL").bind();
  while (statement.step()) chats.push_back(statement.integer(0));
  return chats;
}

void SqlGatewayStore::mark_sending(std::int64_t row_id, Timestamp now) {
  change([&] {
    change_row("part",
               database_
                   .prepared("UPDATE outbox SET state = 'sending', attempts = attempts + 1, updated_at = ? "
                             "WHERE id = ? AND next_at IS NOT NULL")
                   .bind(to_milliseconds(now), row_id));
  });
}

void SqlGatewayStore::mark_sent(std::int64_t row_id, std::int64_t message_id, Timestamp now) {
  change([&] {
    change_row(
        "part",
        database_
            .prepared("UPDATE outbox SET state = 'sent', message_id = ?, next_at = NULL, error = NULL, "
                      "updated_at = ? WHERE id = ? AND state = 'sending'")
            .bind(message_id, to_milliseconds(now), row_id));
  });
}

void SqlGatewayStore::mark_pending(std::int64_t row_id, Timestamp next_at, int restarts,
                                   std::string_view error) {
  change([&] {
    change_row("part",
               database_
                   .prepared("UPDATE outbox SET state = 'pending', next_at = ?, restarts = ?, error = ? "
                             "WHERE id = ? AND state = 'sending'")
                   .bind(to_milliseconds(next_at), restarts, error, row_id));
  });
}

void SqlGatewayStore::mark_uncertain(std::int64_t row_id, std::optional<Timestamp> retry_at,
                                     std::string_view error, Timestamp now) {
  std::optional<std::int64_t> next_at;
  if (retry_at) next_at = to_milliseconds(*retry_at);
  change([&] {
    change_row("part",
               database_
                   .prepared("UPDATE outbox SET state = 'uncertain', next_at = ?, error = ?, updated_at = ?, "
                             "unknown_outcomes = unknown_outcomes + 1 WHERE id = ? AND state = 'sending'")
                   .bind(next_at, error, to_milliseconds(now), row_id));
  });
}

void SqlGatewayStore::mark_dead(std::int64_t row_id, std::string_view error, Timestamp now) {
  change([&] {
    change_row("part",
               database_
                   .prepared("UPDATE outbox SET state = 'dead', next_at = NULL, error = ?, updated_at = ? "
                             "WHERE id = ? AND state = 'sending'")
                   .bind(error, to_milliseconds(now), row_id));
  });
}

void SqlGatewayStore::replace_part(std::int64_t row_id, const std::string& payload, Lane to, Timestamp now) {
  change([&] {
    change_row("part",
               database_
                   .prepared("UPDATE outbox SET state = 'pending', payload = ?, chat_id = ?, thread_id = ?, "
                             "next_at = ? WHERE id = ? AND state = 'sending'")
                   .bind(payload, to.chat_id, to.thread_id, to_milliseconds(now), row_id));
  });
}

std::size_t SqlGatewayStore::recover_sending(Timestamp retry_at) {
  std::int64_t recovered = 0;
  change([&] {
    recovered =
        database_
            .prepared(
                "UPDATE outbox INDEXED BY outbox_to_send SET state = 'uncertain', "
                "unknown_outcomes = unknown_outcomes + 1, error = 'the gateway ended while it was being "
                "sent', "
                "next_at = CASE WHEN kind IN ('answer', 'failure') AND unknown_outcomes = 0 "
                "THEN CAST(? AS bigint) END "
                "WHERE state = 'sending' AND next_at IS NOT NULL")
            .bind(to_milliseconds(retry_at))
            .run();
  });
  return static_cast<std::size_t>(recovered);
}

std::vector<SentMessage> SqlGatewayStore::sent_since(Timestamp since) {
  // More than can have left in a minute: what is older does not have to be looked at.
  constexpr std::int64_t latest_rows = 4'000;
  std::vector<SentMessage> sent;
  auto& statement =
      database_
          .prepared(
              "SELECT chat_id, updated_at FROM outbox WHERE id > (SELECT max(id) FROM outbox) - ? "
              "AND state IN ('sending', 'sent', 'uncertain') AND updated_at >= ? ORDER BY updated_at")
          .bind(latest_rows, to_milliseconds(since));
  while (statement.step()) {
    sent.push_back(
        {.chat_id = statement.integer(0), .at = Timestamp{std::chrono::milliseconds{statement.integer(1)}}});
  }
  return sent;
}

Seen SqlGatewayStore::seen_before(std::string_view source, std::int64_t chat_id, std::int64_t message_id) {
  // An unknown outcome leaves no message id: what nobody is sure to have seen counts as not seen.
  auto& statement =
      database_
          .prepared(
              "SELECT CASE WHEN state = 'sending' THEN 1 ELSE 0 END, CASE WHEN message_id < ? THEN 1 ELSE 0 "
              "END FROM outbox WHERE source "
              "= ? AND part = 0 "
              "AND chat_id = ?")
          .bind(message_id, source, chat_id);
  Seen seen = Seen::no;
  if (statement.step()) {
    if (statement.integer(0) != 0) seen = Seen::soon_known;
    if (statement.integer(1) != 0) seen = Seen::yes;
  }
  statement.reset();
  return seen;
}

void SqlGatewayStore::withdraw_notices(const std::string& job_id) {
  change([&] {
    database_
        .prepared(
            "DELETE FROM outbox WHERE about = ? AND next_at IS NOT NULL AND state = 'pending' AND attempts = "
            "0")
        .bind(job_id)
        .run();
  });
}

}  // namespace butler::gateway
