#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/timestamp.hpp"

/// Rows of the orchestrator's audit log: who did what. Each holds the hash of the one before.
namespace butler::api {

struct AuditRow {
  std::int64_t seq = 0;  ///< 1, 2, 3…
  domain::Timestamp ts{};
  std::string actor = {};     ///< a person's id, "worker:<id>", "gateway" or "orchestrator"
  std::string action = {};    ///< "approval.decided"
  std::string subject = {};   ///< a job's id, or what else it was done to
  std::string details = {};   ///< JSON text, an object
  std::string previous = {};  ///< hash of the row before; of the first row audit_start
  std::string hash = {};
};

/// What the first row has as the hash of the row before.
inline constexpr std::string_view audit_start =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash that the row must have: SHA-256 in hex over the netstrings ("<bytes>:<text>,") of seq, ts in
/// milliseconds since 1970, actor, action, subject, details and previous, one after the other.
std::string audit_hash(const AuditRow& row);

/// Follows the chain, row by row.
class AuditCheck {
 public:
  /// A sentence when the row does not fit behind the rows before; from then on nothing fits.
  std::optional<std::string> next(const AuditRow& row);

  std::int64_t rows() const { return rows_; }
  /// Of the last row.
  const std::string& hash() const { return hash_; }

 private:
  std::int64_t rows_ = 0;
  std::string hash_{audit_start};
};

/// A page of the administration socket's `GET /audit`.
struct AuditPage {
  std::vector<AuditRow> rows = {};
};

}  // namespace butler::api
