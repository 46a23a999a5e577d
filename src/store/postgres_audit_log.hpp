#pragma once

#include "store/audit_log.hpp"
#include "store/postgres_link.hpp"

namespace butler::store {

/// The audit log in the orchestrator's PostgreSQL database, whose triggers refuse every other change.
class PostgresAuditLog final : public AuditLog {
 public:
  /// @param whole  what the transaction knows of the whole, read if need be; nullptr outside of one
  PostgresAuditLog(PostgresLink& link, std::function<WholeState*()> whole)
      : link_(link), whole_(std::move(whole)) {}

  void append(const AuditEntry& entry) override;
  std::vector<api::AuditRow> rows_after(std::int64_t after, std::size_t limit) override;
  std::vector<api::AuditRow> last_rows(std::size_t limit) override;

 private:
  PostgresLink& link_;
  std::function<WholeState*()> whole_;
};

}  // namespace butler::store
