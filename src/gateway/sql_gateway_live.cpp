#include "domain/timestamp.hpp"
#include "gateway/describe.hpp"
#include "gateway/sql_gateway_store.hpp"

namespace butler::gateway {

namespace {

using domain::to_milliseconds;

constexpr std::string_view live_columns =
    "SELECT live_previews.job_id, live_previews.chat_id, live_previews.thread_id, reacted_to, draft_id, "
    "live_previews.message_id, edits FROM live_previews ";

std::vector<LiveRow> read_live(sql::Statement& row) {
  std::vector<LiveRow> rows;
  while (row.step()) {
    rows.push_back({.job_id = row.string(0),
                    .lane = {row.integer(1), row.optional_integer(2)},
                    .reacted_to = row.integer(3),
                    .draft_id = row.integer(4),
                    .message_id = row.optional_integer(5),
                    .edits = static_cast<int>(row.integer(6))});
  }
  return rows;
}

std::optional<LiveRow> read_one_live(sql::Statement& bound) {
  auto rows = read_live(bound);
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::string select_live(std::string_view rest) { return std::string{live_columns}.append(rest); }

}  // namespace

std::optional<LiveMode> SqlGatewayStore::live_mode(std::int64_t chat_id) {
  auto& statement = database_.prepared("SELECT live_mode FROM chat_settings WHERE chat_id = ?").bind(chat_id);
  std::optional<LiveMode> mode;
  if (statement.step()) mode = stored_enum<LiveMode>(statement.text(0));
  statement.reset();
  return mode;
}

void SqlGatewayStore::set_live_mode(std::int64_t chat_id, LiveMode mode, std::int64_t person_id,
                                    domain::Timestamp now) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO chat_settings (chat_id, live_mode, set_by, set_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET live_mode = excluded.live_mode, set_by = excluded.set_by, "
            "set_at = excluded.set_at")
        .bind(chat_id, domain::enum_name(mode), person_id, to_milliseconds(now))
        .run();
  });
}

LiveRow SqlGatewayStore::add_live(const LiveRow& row, domain::Timestamp now) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO live_previews (job_id, chat_id, thread_id, reacted_to, draft_id, message_id, edits, "
            "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(row.job_id, row.lane.chat_id, row.lane.thread_id, row.reacted_to, row.draft_id, row.message_id,
              row.edits, to_milliseconds(now))
        .run();
  });
  return live(row.job_id).value_or(row);
}

void SqlGatewayStore::set_live_message(const std::string& job_id, std::int64_t message_id) {
  change([&] {
    database_.prepared("UPDATE live_previews SET message_id = ? WHERE job_id = ?")
        .bind(message_id, job_id)
        .run();
  });
}

void SqlGatewayStore::set_live_edits(const std::string& job_id, int edits) {
  change([&] {
    database_.prepared("UPDATE live_previews SET edits = ? WHERE job_id = ?").bind(edits, job_id).run();
  });
}

void SqlGatewayStore::remove_live(const std::string& job_id) {
  change([&] { database_.prepared("DELETE FROM live_previews WHERE job_id = ?").bind(job_id).run(); });
}

std::optional<LiveRow> SqlGatewayStore::live(const std::string& job_id) {
  return read_one_live(database_.prepared(select_live("WHERE job_id = ?")).bind(job_id));
}

std::optional<LiveRow> SqlGatewayStore::live_of_draft(std::int64_t chat_id, std::int64_t draft_id) {
  return read_one_live(
      database_.prepared(select_live("WHERE chat_id = ? AND draft_id = ?")).bind(chat_id, draft_id));
}

std::optional<LiveRow> SqlGatewayStore::live_of_message(std::int64_t chat_id, std::int64_t message_id) {
  return read_one_live(
      database_.prepared(select_live("WHERE chat_id = ? AND message_id = ?")).bind(chat_id, message_id));
}

std::vector<LiveRow> SqlGatewayStore::live_left_over() {
  return read_live(
      database_
          .prepared(select_live(
              "LEFT JOIN turns ON turns.job_id = live_previews.job_id "
              "WHERE turns.state IS NULL OR turns.state <> 'created' ORDER BY live_previews.job_id"))
          .bind());
}

void SqlGatewayStore::latch_drafts(std::int64_t chat_id, domain::Timestamp until, std::string_view reason) {
  change([&] {
    database_
        .prepared(
            "INSERT INTO draft_latches (chat_id, until, reason) VALUES (?, ?, ?) "
            "ON CONFLICT (chat_id) DO UPDATE SET until = excluded.until, reason = excluded.reason")
        .bind(chat_id, to_milliseconds(until), reason)
        .run();
  });
}

bool SqlGatewayStore::drafts_latched(std::int64_t chat_id, domain::Timestamp now) {
  auto& statement = database_.prepared("SELECT 1 FROM draft_latches WHERE chat_id = ? AND until > ?")
                        .bind(chat_id, to_milliseconds(now));
  const bool latched = statement.step();
  statement.reset();
  return latched;
}

}  // namespace butler::gateway
