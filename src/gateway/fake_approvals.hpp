#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/describe.hpp"
#include "http/types.hpp"
#include "json/codec.hpp"

namespace butler::gateway {

/// The fake orchestrator's approvals of tool calls: the first decision wins.
struct FakeApprovals {
  api::Approval add(const std::string& job_id, api::Approval approval, std::string id) {
    using enum domain::ApprovalScope;
    approval.id = std::move(id);
    approval.job_id = job_id;
    approval.created_at = domain::wall_clock_now();
    if (approval.scopes.empty()) approval.scopes = {once, session, always};
    of_job[job_id].push_back(approval);
    return approval;
  }

  api::Approval& at(const std::string& job_id, const std::string& approval_id) {
    return *std::ranges::find(of_job.at(job_id), approval_id, &api::Approval::id);
  }

  bool is_pending(const std::string& job_id, const std::string& approval_id) {
    return at(job_id, approval_id).status == domain::ApprovalStatus::pending;
  }

  /// nullopt when the test wants that no answer comes.
  std::optional<http::Response> decide(const std::string& job_id, const std::string& approval_id,
                                       const std::string& body) {
    ++calls;
    if (before_decision) {
      std::exchange(before_decision, {})();
      return std::nullopt;
    }
    const auto wanted = json::decode<api::DecideApprovalRequest>(json::parse(body).value()).value();
    api::Approval& approval = at(job_id, approval_id);
    const auto status = wanted.decision == domain::ApprovalVerdict::allow ? domain::ApprovalStatus::allowed
                                                                          : domain::ApprovalStatus::denied;
    if (is_pending(job_id, approval_id)) {
      approval.status = status;
      approval.scope = wanted.scope;
      approval.decider_id = wanted.decider_id;
      approval.reason = wanted.reason;
    }
    if (on_decided) {
      std::exchange(on_decided, {})();
      return std::nullopt;
    }
    if (approval.status == status && approval.scope == wanted.scope) {
      return http::Response{.body = json::serialize(json::encode(api::ApprovalAnswer{approval}))};
    }
    const bool expired = approval.status == domain::ApprovalStatus::expired;
    return http::Response{
        .status = 409,
        .body = json::serialize(json::Object{{"error", expired ? "approval_expired" : "already_decided"},
                                             {"approval", json::encode(approval)}})};
  }

  std::map<std::string, std::vector<api::Approval>> of_job;  ///< by job id
  std::size_t calls = 0;                                     ///< that decide
  std::function<void()> before_decision;  ///< the call is here, and nothing is decided; no answer is given
  std::function<void()> on_decided;       ///< it is decided, and the gateway does not know; likewise
};

}  // namespace butler::gateway
