#pragma once

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

 private:
  SqliteLink& database_;
};

}  // namespace butler::store
