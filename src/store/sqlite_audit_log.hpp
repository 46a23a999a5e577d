#pragma once

#include "sqlite/database.hpp"
#include "store/audit_log.hpp"

namespace butler::store {

/// The audit log in the orchestrator's SQLite file, whose triggers refuse every other change.
class SqliteAuditLog final : public AuditLog {
 public:
  explicit SqliteAuditLog(sqlite::Database& database) : database_(database) {}

  void append(const AuditEntry& entry) override;
  std::vector<api::AuditRow> rows_after(std::int64_t after, std::size_t limit) override;
  std::vector<api::AuditRow> last_rows(std::size_t limit) override;

 private:
  sqlite::Database& database_;
};

}  // namespace butler::store
