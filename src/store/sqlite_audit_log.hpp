#pragma once

#include <optional>

#include "store/audit_log.hpp"
#include "store/sqlite_link.hpp"

namespace butler::store {

/// The audit log in the orchestrator's SQLite file, whose triggers refuse every other change.
class SqliteAuditLog final : public AuditLog {
 public:
  explicit SqliteAuditLog(SqliteLink& database) : database_(database) {}

  void append(const AuditEntry& entry) override;
  std::vector<api::AuditRow> rows_after(std::int64_t after, std::size_t limit) override;
  std::vector<api::AuditRow> last_rows(std::size_t limit) override;

  /// At the begin of a transaction, and after anything was undone in it.
  void forget_last_row() { last_.reset(); }

 private:
  SqliteLink& database_;
  /// What this transaction has appended last: while it is open, nobody else can append behind it.
  std::optional<api::AuditRow> last_;
};

}  // namespace butler::store
