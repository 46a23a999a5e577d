#include <algorithm>

#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "json/value.hpp"
#include "store/rows.hpp"
#include "store/sqlite_job_store.hpp"

// The events of a job: appended, read by cursor, and capped.
namespace butler::store {

using domain::enum_name;

namespace {

constexpr std::string_view text_of_deltas =
    "SELECT data FROM events WHERE job_row = ? AND type = 'agent_text_delta' AND seq <= ? ORDER BY seq";

std::string_view delta_text(const json::Value& data) { return json::find_string(data, "delta"); }

void append_deltas(sqlite::Statement& statement, std::string& text) {
  while (statement.step()) {
    const auto data = json::parse(statement.text(0));
    if (data) text.append(delta_text(*data));
  }
}

struct Dropped {
  std::int64_t count = 0;
  std::int64_t through = 0;
};

Dropped dropped_events(SqliteLink& database, std::int64_t row) {
  auto& statement =
      database.prepared("SELECT count, through FROM dropped_events WHERE job_row = ?").bind(row);
  if (!statement.step()) return {};
  const Dropped dropped{statement.integer(0), statement.integer(1)};
  statement.reset();
  return dropped;
}

std::int64_t last_seq(SqliteLink& database, std::int64_t row) {
  auto& statement = database.prepared("SELECT coalesce(max(seq), 0) FROM events WHERE job_row = ?").bind(row);
  statement.step();
  const auto seq = statement.integer(0);
  statement.reset();
  return seq;
}

}  // namespace

std::int64_t SqliteJobStore::append_events(std::int64_t row, const std::vector<StoredEvent>& events) {
  std::int64_t seq = last_seq(database_, row);
  auto& insert = database_.prepared(
      "INSERT INTO events (job_row, seq, type, ts, message, data) VALUES (?, ?, ?, ?, ?, ?)");
  for (const auto& event : events) {
    insert.bind(row, ++seq, enum_name(event.type), to_milliseconds(event.ts), event.message, event.data)
        .run();
  }
  drop_events_over_cap(row, seq);
  return seq;
}

void SqliteJobStore::drop_events_over_cap(std::int64_t row, std::int64_t last) {
  constexpr auto cap = static_cast<std::int64_t>(domain::limits::events_per_job);
  if (last <= cap) return;
  const auto dropped = dropped_events(database_, row);
  const std::int64_t over = last - dropped.count - cap;
  if (over <= 0) return;

  auto& find_edge = database_
                        .prepared(
                            "SELECT seq FROM events WHERE job_row = ? AND seq > ? AND type NOT IN "
                            "('job_created', 'job_approved', 'job_started') ORDER BY seq LIMIT 1 OFFSET ?")
                        .bind(row, dropped.through, over - 1);
  if (!find_edge.step()) return;
  const auto through = find_edge.integer(0);
  find_edge.reset();

  std::string text;
  append_deltas(database_.prepared(text_of_deltas).bind(row, through), text);
  database_
      .prepared(
          "INSERT INTO dropped_events (job_row, count, through, text) VALUES (?1, ?2, ?3, ?4) "
          "ON CONFLICT (job_row) DO UPDATE SET count = ?2, through = ?3, text = text || ?4")
      .bind(row, dropped.count + over, through, text)
      .run();
  database_
      .prepared(
          "DELETE FROM events WHERE job_row = ? AND seq <= ? AND type NOT IN "
          "('job_created', 'job_approved', 'job_started')")
      .bind(row, through)
      .run();
}

StoredEventPage SqliteJobStore::events_after(std::int64_t row, std::int64_t cursor) {
  const auto dropped = dropped_events(database_, row);
  StoredEventPage page;
  page.total = last_seq(database_, row) - dropped.count;
  page.truncated = cursor < dropped.through;

  auto& statement = database_
                        .prepared(
                            "SELECT seq, type, ts, message, data FROM events WHERE job_row = ? AND seq > ? "
                            "ORDER BY seq LIMIT ?")
                        .bind(row, cursor, domain::limits::events_per_page);
  std::size_t bytes = 0;
  while (statement.step()) {
    StoredEvent event;
    event.seq = statement.integer(0);
    event.type =
        domain::enum_from_name<domain::EventType>(statement.text(1)).value_or(domain::EventType::log);
    event.ts = to_timestamp(statement.integer(2));
    event.message = statement.optional_string(3);
    event.data = statement.optional_string(4);
    bytes += event.message.value_or("").size() + event.data.value_or("").size() + 100;
    if (bytes > domain::limits::event_page_bytes && !page.events.empty()) {
      statement.reset();
      break;
    }
    page.events.push_back(std::move(event));
  }
  return page;
}

std::string SqliteJobStore::text_so_far(std::int64_t row) {
  std::string text;
  auto& kept = database_.prepared("SELECT text FROM dropped_events WHERE job_row = ?").bind(row);
  if (kept.step()) text = kept.string(0);
  kept.reset();
  append_deltas(database_.prepared(text_of_deltas).bind(row, INT64_MAX), text);
  return text;
}

bool SqliteJobStore::has_log(std::int64_t row, std::string_view message) {
  auto& statement =
      database_.prepared("SELECT 1 FROM events WHERE job_row = ? AND type = 'log' AND message = ? LIMIT 1")
          .bind(row, message);
  const bool found = statement.step();
  statement.reset();
  return found;
}

}  // namespace butler::store
