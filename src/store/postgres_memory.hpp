#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/job_store.hpp"

namespace butler::store {

/// What a transaction needs of the whole, read once.
struct WholeState {
  std::string newest_job_id;                    ///< "" when there is none
  std::optional<api::AuditRow> last_audit_row;  ///< its seq and its hash alone
  api::AdminState admin;
};

/// What a transaction has read, or written itself, of a job.
struct KnownJob {
  domain::JobStatus status = domain::JobStatus::queued;
  std::optional<std::string> token = {};        ///< of its lease
  std::optional<std::int64_t> lease_left = {};  ///< milliseconds until it runs out, when that was read
  /// How long the lease that comes next will run: it is put together with it.
  std::optional<std::int64_t> new_lease_for = {};
  std::int64_t last_event = 0;
  bool has_approvals = false;
  bool has_messages = false;
};

/// What a KnownJob needs beside the columns of read_record(), behind them. With EXISTS the planner may hash a
/// whole table.
inline constexpr std::string_view known_columns =
    "leases.expires_at - (extract(epoch FROM clock_timestamp()) * 1000)::bigint, "
    "coalesce((SELECT max(seq) FROM events WHERE events.job_row = jobs.row), 0), "
    "coalesce((SELECT 1 FROM approvals WHERE approvals.job_row = jobs.row LIMIT 1), 0), "
    "coalesce((SELECT 1 FROM messages WHERE messages.job_row = jobs.row LIMIT 1), 0)";

/// The queued job that this unit has inserted last, behind all others. Whether it is its session's head comes
/// with the answer to the INSERT.
struct FreshJob {
  std::string session_key;
  std::optional<bool> claimable = {};        ///< once the answer is there
  std::function<void(bool)> on_answer = {};  ///< who wants to know
};

/// What is remembered of the database for the length of one transaction, so that it need not be asked again.
///
/// It stays true until the transaction ends, for all that changes the database has its lock: nobody else
/// writes meanwhile, and what this process writes is noted here. It is forgotten as a whole when a part of
/// the transaction is undone (what was noted may be of that part), and when the next transaction begins.
struct TransactionMemory {
  std::optional<WholeState> whole;
  std::unordered_map<std::int64_t, KnownJob> jobs;  ///< by row
  std::shared_ptr<FreshJob> fresh;
  std::int64_t claimable = 0;  ///< so many jobs can be claimed, at least
};

}  // namespace butler::store
