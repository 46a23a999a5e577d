#include "store/sqlite_audit_log.hpp"

#include <algorithm>

#include "store/sqlite_rows.hpp"

namespace butler::store {

namespace {

std::vector<api::AuditRow> read_rows(sqlite::Statement& statement) {
  std::vector<api::AuditRow> rows;
  while (statement.step()) {
    rows.push_back({.seq = statement.integer(0),
                    .ts = to_timestamp(statement.integer(1)),
                    .actor = statement.string(2),
                    .action = statement.string(3),
                    .subject = statement.string(4),
                    .details = statement.string(5),
                    .previous = statement.string(6),
                    .hash = statement.string(7)});
  }
  return rows;
}

}  // namespace

void SqliteAuditLog::append(const AuditEntry& entry) {
  auto& last = database_.prepared("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").bind();
  api::AuditRow row{.seq = 1,
                    .ts = entry.ts,
                    .actor = entry.actor,
                    .action = entry.action,
                    .subject = entry.subject,
                    .details = json::serialize(entry.details),
                    .previous = std::string{api::audit_start}};
  if (last.step()) {
    row.seq = last.integer(0) + 1;
    row.previous = last.string(1);
    last.reset();
  }
  database_
      .prepared(
          "INSERT INTO audit (seq, ts, actor, action, subject, details, previous, hash) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(row.seq, to_milliseconds(row.ts), row.actor, row.action, row.subject, row.details, row.previous,
            api::audit_hash(row))
      .run();
}

std::vector<api::AuditRow> SqliteAuditLog::rows_after(std::int64_t after, std::size_t limit) {
  return read_rows(database_
                       .prepared("SELECT seq, ts, actor, action, subject, details, previous, hash FROM audit "
                                 "WHERE seq > ? ORDER BY seq LIMIT ?")
                       .bind(after, limit));
}

std::vector<api::AuditRow> SqliteAuditLog::last_rows(std::size_t limit) {
  auto rows =
      read_rows(database_
                    .prepared("SELECT seq, ts, actor, action, subject, details, previous, hash FROM audit "
                              "ORDER BY seq DESC LIMIT ?")
                    .bind(limit));
  std::ranges::reverse(rows);
  return rows;
}

}  // namespace butler::store
