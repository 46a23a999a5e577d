#pragma once

#include <string>

#include "gateway/control_request.hpp"
#include "gateway/tool_approvals.hpp"

namespace butler::gateway {

/// Carries out somebody's decision about a tool call.
class ToolDecisions {
 public:
  ToolDecisions(GatewayStore& store, api::OrchestratorClient& orchestrator, ToolApprovals& approvals)
      : store_(store), orchestrator_(orchestrator), approvals_(approvals) {}

  /// `scope` as typed: "" is once. The one who asks may decide about this approval.
  ControlAnswer allow(AskedApproval asked, std::string scope, const ControlRequest& request);
  ControlAnswer deny(AskedApproval asked, std::string reason, const ControlRequest& request);

 private:
  struct Decision {
    domain::ApprovalVerdict verdict = domain::ApprovalVerdict::deny;
    domain::ApprovalScope scope = domain::ApprovalScope::once;
    std::string reason = {};
  };

  ControlAnswer decide(AskedApproval asked, Decision decision, const ControlRequest& request);
  /// What the one who decided hears: what came of their decision, or who was faster.
  ControlResult outcome(const api::Approval& approval, bool by_this_command, const ControlRequest& request);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  ToolApprovals& approvals_;
};

}  // namespace butler::gateway
