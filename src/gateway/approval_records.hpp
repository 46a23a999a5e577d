#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/timestamp.hpp"
#include "gateway/job_scope.hpp"
#include "gateway/lane.hpp"

namespace butler::gateway {

/// A tool call that was asked about in the chats.
struct AskedApproval {
  std::string id = {};  ///< the orchestrator's
  std::string job_id = {};
  std::string summary = {};  ///< the tool and what it is to do, in a few visible words
  domain::Timestamp asked_at{};
  bool over = false;  ///< it was decided, or needs no decision any more

  bool operator==(const AskedApproval&) const = default;
};

/// Where an approval was asked for, or told of.
struct ApprovalPlace {
  Lane lane = {};
  std::string source = {};  ///< of the message in the outbox
  bool asks = false;        ///< false: it says that an owner is asked

  bool operator==(const ApprovalPlace&) const = default;
};

/// Somebody's command to decide, on its way.
struct ApprovalCommand {
  std::int64_t update_id = 0;
  std::string approval_id = {};
  std::int64_t person_id = 0;
  std::string person_name = {};
};

/// The gateway's memory of tool approvals. The contract of GatewayStore holds: every call is atomic, on disk
/// when it returns, and part of an open unit.
class ApprovalRecords {
 public:
  virtual ~ApprovalRecords() = default;

  /// False when it is known already; nothing is added then.
  virtual bool add_approval(const AskedApproval& approval, const std::vector<ApprovalPlace>& places) = 0;
  /// False when it was over already, or is not known.
  virtual bool end_approval(const std::string& approval_id, domain::Timestamp now) = 0;
  virtual std::optional<AskedApproval> approval(const std::string& approval_id) = 0;
  virtual std::vector<ApprovalPlace> approval_places(const std::string& approval_id) = 0;

  /// The approvals of the scope's jobs, newest first.
  virtual std::vector<AskedApproval> approvals(const JobScope& scope, std::size_t limit) = 0;
  /// Those of them that wait for a decision, oldest first.
  virtual std::vector<AskedApproval> waiting_approvals(const JobScope& scope) = 0;
  virtual std::vector<AskedApproval> waiting_approvals_of(const std::string& job_id) = 0;

  virtual void note_approval_command(const ApprovalCommand& command) = 0;
  virtual std::optional<ApprovalCommand> approval_command(std::int64_t update_id) = 0;
  /// The name of somebody who set out to decide about it.
  virtual std::optional<std::string> decider_name(const std::string& approval_id, std::int64_t person_id) = 0;
};

}  // namespace butler::gateway
