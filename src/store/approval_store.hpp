#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/types.hpp"

namespace butler::store {

/// Where the tool call stands for which an approval was asked.
enum class ApprovalCall : std::uint8_t {
  open,     ///< the attempt that asked goes on, and has not started it
  carried,  ///< the attempt that asked was lost before it started it: the next one takes it over
  closed,   ///< it was started or given up, or something else is asked for in its place
};

struct ApprovalRecord {
  std::int64_t row = 0;  ///< given by insert()
  std::int64_t job_row = 0;
  api::Approval approval;
  /// The decision's place among the job's messages; unset while it waits, and when the answer to the request
  /// has told it.
  std::optional<std::int64_t> decision_seq;
  bool delivered = false;  ///< the worker knows the decision
  ApprovalCall call = ApprovalCall::open;
};

/// Approvals and the decisions that outlive their call. A part of the JobStore and of its transactions.
class ApprovalStore {
 public:
  virtual ~ApprovalStore() = default;

  /// Returns the row. The id must be new.
  virtual std::int64_t insert(const ApprovalRecord& record) = 0;
  /// Writes status, decision, tool call and where the call stands.
  virtual void update(const ApprovalRecord& record) = 0;

  virtual std::optional<ApprovalRecord> find(std::int64_t job_row, std::string_view id) = 0;
  /// The latest that was asked for with this tool call.
  virtual std::optional<ApprovalRecord> find_by_call(std::int64_t job_row, std::string_view tool_call_id) = 0;
  /// The oldest that an earlier attempt left behind with this payload hash.
  virtual std::optional<ApprovalRecord> find_carried(std::int64_t job_row, std::string_view payload_hash) = 0;
  /// Oldest first.
  virtual std::vector<ApprovalRecord> of_job(std::int64_t job_row) = 0;
  virtual std::size_t count(std::int64_t job_row) = 0;
  virtual std::vector<ApprovalRecord> pending(std::int64_t job_row) = 0;
  virtual std::vector<ApprovalRecord> carried(std::int64_t job_row) = 0;

  /// The next place in the sequence that the job's messages and decisions share.
  virtual std::int64_t next_seq(std::int64_t job_row) = 0;
  /// Decisions that the worker has not acknowledged, by their seq.
  virtual std::vector<ApprovalRecord> undelivered(std::int64_t job_row) = 0;
  virtual void acknowledge(std::int64_t job_row, std::int64_t through) = 0;

  /// Whether a tool call of this attempt waits for a decision, or has one, and was not started.
  virtual bool has_open_call(std::int64_t job_row) = 0;
  /// The call was started, or has ended without.
  virtual void close_call(std::int64_t job_row, std::string_view tool_call_id) = 0;
  /// The agent goes on: what it knows the decision of, and did not start, it does not start any more.
  virtual void close_delivered(std::int64_t job_row) = 0;
  /// The attempt was lost: the next one takes over what waits, and what was decided and not started.
  virtual void carry(std::int64_t job_row) = 0;

  virtual std::optional<domain::Timestamp> next_expiry() = 0;
  /// Job ids and approvals whose time is over and that nobody decided.
  virtual std::vector<ApprovalRecord> overdue(domain::Timestamp now) = 0;

  /// Adds it, or replaces the one for the same hash, requester and session. Returns its id.
  virtual std::int64_t put_standing(const api::StandingDecision& decision) = 0;
  /// What answers a request of this requester in this session: a denial before a permission.
  virtual std::vector<api::StandingDecision> find_standing(std::string_view payload_hash,
                                                           std::string_view requester_id,
                                                           std::string_view session_key) = 0;
  /// Newest first, at most `limit`.
  virtual std::vector<api::StandingDecision> standing(std::size_t limit) = 0;
  virtual void count_use(std::int64_t id, domain::Timestamp now) = 0;
  /// What was removed; nullopt when there is none.
  virtual std::optional<api::StandingDecision> remove_standing(std::int64_t id) = 0;
  /// Removes at most `most` decisions for one session that have answered nothing since `before`. Returns how
  /// many.
  virtual std::int64_t remove_unused_standing(domain::Timestamp before, std::size_t most) = 0;
};

}  // namespace butler::store
