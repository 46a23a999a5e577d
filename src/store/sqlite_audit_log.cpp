#include "store/sqlite_audit_log.hpp"

#include <algorithm>
#include <utility>

#include "store/rows.hpp"

namespace butler::store {

namespace {

std::vector<api::AuditRow> read_rows(sqlite::Statement& statement) {
  std::vector<api::AuditRow> rows;
  while (statement.step()) rows.push_back(read_audit_row(statement));
  return rows;
}

}  // namespace

void SqliteAuditLog::append(const AuditEntry& entry) {
  if (!last_) {
    auto last = last_rows(1);
    if (!last.empty()) last_ = std::move(last.front());
  }
  auto row = next_audit_row(entry, last_);
  last_.reset();
  database_
      .prepared(
          "INSERT INTO audit (seq, ts, actor, action, subject, details, previous, hash) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(row.seq, to_milliseconds(row.ts), row.actor, row.action, row.subject, row.details, row.previous,
            row.hash)
      .run();
  last_ = std::move(row);
}

std::vector<api::AuditRow> SqliteAuditLog::rows_after(std::int64_t after, std::size_t limit) {
  static const std::string sql = select_audit("WHERE seq > ? ORDER BY seq LIMIT ?");
  return read_rows(database_.prepared(sql).bind(after, limit));
}

std::vector<api::AuditRow> SqliteAuditLog::last_rows(std::size_t limit) {
  static const std::string sql = select_audit("ORDER BY seq DESC LIMIT ?");
  auto rows = read_rows(database_.prepared(sql).bind(limit));
  std::ranges::reverse(rows);
  return rows;
}

}  // namespace butler::store
