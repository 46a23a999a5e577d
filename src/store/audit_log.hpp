#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/audit.hpp"
#include "json/value.hpp"

namespace butler::store {

/// What is written down of an action.
struct AuditEntry {
  domain::Timestamp ts{};
  std::string actor;
  std::string action;
  std::string subject;
  json::Object details = {};
};

/// Who did what: append-only, each row with the hash of the one before. A part of the JobStore: a row is
/// durable together with what it tells of.
class AuditLog {
 public:
  virtual ~AuditLog() = default;

  virtual void append(const AuditEntry& entry) = 0;
  /// At most `limit` rows with seq > after, oldest first.
  virtual std::vector<api::AuditRow> rows_after(std::int64_t after, std::size_t limit) = 0;
  /// The last `limit` rows, oldest first.
  virtual std::vector<api::AuditRow> last_rows(std::size_t limit) = 0;
};

}  // namespace butler::store
