#pragma once

#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "domain/chat_command.hpp"
#include "gateway/job_decisions.hpp"
#include "gateway/job_search.hpp"
#include "gateway/tool_decisions.hpp"

namespace butler::gateway {

/// /approve and /deny: finds what they mean among the jobs and the tool calls that wait for a decision.
///
/// Without an id they mean the only one that waits, and only if it stood in that chat before the command was
/// written: what came after was not read by whoever wrote it, also when a restart lets the command be carried
/// out late.
class Approvals {
 public:
  Approvals(GatewayStore& store, api::OrchestratorClient& orchestrator, JobSearch& search,
            ToolApprovals& tool_approvals, Buttons& buttons)
      : store_(store),
        search_(search),
        jobs_(store, orchestrator, search, buttons),
        tools_(store, orchestrator, tool_approvals) {}

  ControlAnswer approve(domain::ApproveCommand command, const ControlRequest& request);
  ControlAnswer deny(domain::DenyCommand command, const ControlRequest& request);

 private:
  using Target = std::variant<domain::Job, AskedApproval>;
  /// What the command means, or the sentence that says why that is not known.
  using Found = boost::asio::awaitable<std::expected<Target, std::string>>;

  Found find(std::string command, std::string typed, const ControlRequest& request);
  Found find_typed(std::string command, std::string typed, const ControlRequest& request);
  Found find_only(std::string command, const ControlRequest& request);
  boost::asio::awaitable<bool> could_be_seen(std::vector<std::string> sources, const ControlRequest& request);

  GatewayStore& store_;
  JobSearch& search_;
  JobDecisions jobs_;
  ToolDecisions tools_;
};

}  // namespace butler::gateway
