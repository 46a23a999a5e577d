#include "store/postgres_audit_log.hpp"

#include <algorithm>

#include "store/rows.hpp"

namespace butler::store {

namespace {

std::vector<api::AuditRow> read_audit_rows(const postgres::Result& result) {
  std::vector<api::AuditRow> rows;
  for (const auto row : result) rows.push_back(read_audit_row(row));
  return rows;
}

}  // namespace

void PostgresAuditLog::append(const AuditEntry& entry) {
  auto* const whole = whole_();
  if (whole == nullptr) throw std::logic_error("the audit log grows only within a transaction");
  const auto row = next_audit_row(entry, whole->last_audit_row);
  whole->last_audit_row = row;
  link_.later(
      "INSERT INTO audit (seq, ts, actor, action, subject, details, previous, hash) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      row.seq, to_milliseconds(row.ts), row.actor, row.action, row.subject, row.details, row.previous,
      row.hash);
}

std::vector<api::AuditRow> PostgresAuditLog::rows_after(std::int64_t after, std::size_t limit) {
  static const std::string sql = select_audit("WHERE seq > $1 ORDER BY seq LIMIT $2");
  return read_audit_rows(link_.query(sql, after, limit));
}

std::vector<api::AuditRow> PostgresAuditLog::last_rows(std::size_t limit) {
  static const std::string sql = select_audit("ORDER BY seq DESC LIMIT $1");
  auto rows = read_audit_rows(link_.query(sql, limit));
  std::ranges::reverse(rows);
  return rows;
}

}  // namespace butler::store
