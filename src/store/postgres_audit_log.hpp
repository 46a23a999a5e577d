#pragma once

#include "store/audit_log.hpp"
#include "store/postgres_link.hpp"

namespace butler::store {

/// The audit log in the orchestrator's PostgreSQL database, whose triggers refuse every other change.
class PostgresAuditLog final : public AuditLog {
 public:
  explicit PostgresAuditLog(PostgresLink& link) : link_(link) {}

  void append(const AuditEntry& entry) override;
  std::vector<api::AuditRow> rows_after(std::int64_t after, std::size_t limit) override;
  std::vector<api::AuditRow> last_rows(std::size_t limit) override;

 private:
  PostgresLink& link_;
};

}  // namespace butler::store
