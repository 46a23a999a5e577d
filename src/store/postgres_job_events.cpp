#include "domain/describe.hpp"
#include "domain/enum_name.hpp"
#include "domain/limits.hpp"
#include "json/value.hpp"
#include "postgres/array.hpp"
#include "store/postgres_job_store.hpp"
#include "store/rows.hpp"

// The events of a job: appended, read by cursor, and capped.
namespace butler::store {

using domain::enum_name;

namespace {

constexpr std::string_view deltas_through =
    "SELECT data FROM events WHERE job_row = $1 AND type = 'agent_text_delta' AND seq <= $2 ORDER BY seq";

std::string joined_deltas(const postgres::Result& result) {
  std::string text;
  for (const auto row : result) {
    const auto data = json::parse(row.text(0));
    if (data) text.append(json::find_string(*data, "delta"));
  }
  return text;
}

StoredEvent read_event(const postgres::Row& row) {
  StoredEvent event;
  event.seq = row.integer(0);
  event.type = name_in<domain::EventType>(row.text(1));
  event.ts = to_timestamp(row.integer(2));
  event.message = row.optional_string(3);
  event.data = row.optional_string(4);
  return event;
}

}  // namespace

/// The transaction knows the job's last event: nobody else appends any meanwhile.
std::int64_t PostgresJobStore::append_behind(std::int64_t row, std::int64_t last,
                                             const std::vector<StoredEvent>& events) {
  for (const auto& event : events) {
    link_.later("INSERT INTO events (job_row, seq, type, ts, message, data) VALUES ($1, $2, $3, $4, $5, $6)",
                row, ++last, enum_name(event.type), to_milliseconds(event.ts), event.message, event.data);
  }
  return last;
}

std::int64_t PostgresJobStore::append_events(std::int64_t row, const std::vector<StoredEvent>& events) {
  constexpr std::size_t few = 4;  // for more, one statement with arrays costs less
  if (auto* const job = link_.known(row); job != nullptr && events.size() <= few) {
    const auto last = job->last_event = append_behind(row, job->last_event, events);
    drop_events_over_cap(row, last);
    return last;
  }
  postgres::Array types;
  postgres::Array times;
  postgres::Array messages;
  postgres::Array data;
  for (const auto& event : events) {
    types.add(enum_name(event.type));
    times.add(to_milliseconds(event.ts));
    messages.add(event.message);
    data.add(event.data);
  }
  const auto appended = link_.query(
      "INSERT INTO events (job_row, seq, type, ts, message, data) "
      "SELECT $1, last.seq + added.place, added.type, added.ts, added.message, added.data "
      "FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY "
      "AS added (type, ts, message, data, place), "
      "(SELECT coalesce(max(seq), 0) AS seq FROM events WHERE job_row = $1) AS last RETURNING seq",
      row, types.text(), times.text(), messages.text(), data.text());
  if (appended.empty()) return kept_events(row).last;
  std::int64_t seq = 0;
  for (const auto one : appended) seq = std::max(seq, one.integer(0));
  if (auto* const job = link_.known(row); job != nullptr) job->last_event = seq;
  drop_events_over_cap(row, seq);
  return seq;
}

PostgresJobStore::KeptEvents PostgresJobStore::kept_events(std::int64_t row) {
  const auto found = link_.query(
      "SELECT coalesce((SELECT max(seq) FROM events WHERE job_row = $1), 0), "
      "coalesce((SELECT count FROM dropped_events WHERE job_row = $1), 0), "
      "coalesce((SELECT through FROM dropped_events WHERE job_row = $1), 0)",
      row);
  return {.last = found[0].integer(0), .dropped = found[0].integer(1), .through = found[0].integer(2)};
}

void PostgresJobStore::drop_events_over_cap(std::int64_t row, std::int64_t last) {
  constexpr auto cap = static_cast<std::int64_t>(domain::limits::events_per_job);
  if (last <= cap) return;
  const auto kept = kept_events(row);
  const std::int64_t over = last - kept.dropped - cap;
  if (over <= 0) return;

  const auto edge = link_.query(
      "SELECT seq FROM events WHERE job_row = $1 AND seq > $2 AND type NOT IN "
      "('job_created', 'job_approved', 'job_started') ORDER BY seq LIMIT 1 OFFSET $3",
      row, kept.through, over - 1);
  if (edge.empty()) return;
  const auto through = edge[0].integer(0);
  link_.later(
      "INSERT INTO dropped_events (job_row, count, through, text) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (job_row) DO UPDATE SET count = excluded.count, through = excluded.through, "
      "text = dropped_events.text || excluded.text",
      row, kept.dropped + over, through, joined_deltas(link_.query(deltas_through, row, through)));
  link_.later(
      "DELETE FROM events WHERE job_row = $1 AND seq <= $2 AND type NOT IN "
      "('job_created', 'job_approved', 'job_started')",
      row, through);
}

StoredEventPage PostgresJobStore::events_after(std::int64_t row, std::int64_t cursor) {
  const auto kept = kept_events(row);
  StoredEventPage page;
  page.total = kept.last - kept.dropped;
  page.truncated = cursor < kept.through;
  if (cursor >= kept.last) return page;
  std::size_t bytes = 0;
  for (const auto found :
       link_.query("SELECT seq, type, ts, message, data FROM events WHERE job_row = $1 AND seq > $2 "
                   "ORDER BY seq LIMIT $3",
                   row, cursor, domain::limits::events_per_page)) {
    auto event = read_event(found);
    bytes += event.message.value_or("").size() + event.data.value_or("").size() + 100;
    if (bytes > domain::limits::event_page_bytes && !page.events.empty()) break;
    page.events.push_back(std::move(event));
  }
  return page;
}

std::string PostgresJobStore::text_so_far(std::int64_t row) {
  const auto dropped = link_.query("SELECT text FROM dropped_events WHERE job_row = $1", row);
  std::string text = dropped.empty() ? std::string{} : dropped[0].string(0);
  return text.append(joined_deltas(link_.query(deltas_through, row, INT64_MAX)));
}

bool PostgresJobStore::has_log(std::int64_t row, std::string_view message) {
  return !link_
              .query("SELECT 1 FROM events WHERE job_row = $1 AND type = 'log' AND message = $2 LIMIT 1", row,
                     message)
              .empty();
}

}  // namespace butler::store
