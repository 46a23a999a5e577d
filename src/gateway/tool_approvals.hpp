#pragma once

#include <boost/asio/awaitable.hpp>
#include <expected>
#include <functional>
#include <string>

#include "api/orchestrator_client.hpp"
#include "async/task_group.hpp"
#include "gateway/approval_requests.hpp"
#include "gateway/buttons.hpp"
#include "gateway/control_request.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"

namespace butler::gateway {

/// Tool calls that need somebody's yes: each is asked about once, and whoever was asked hears once what came
/// of it. The orchestrator's list of a job's approvals is the truth; what was done about it is on disk.
class ToolApprovals {
 public:
  /// Works as tasks of `tasks`.
  ToolApprovals(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox,
                Buttons& buttons, ApprovalRequests& requests, const Languages& languages,
                async::TaskGroup& tasks)
      : store_(store),
        orchestrator_(orchestrator),
        outbox_(outbox),
        buttons_(buttons),
        requests_(requests),
        languages_(languages),
        tasks_(tasks) {}

  using Looked = boost::asio::awaitable<std::expected<void, api::CallError>>;

  /// Something about the job's approvals is new: asks and tells what was not asked and told before.
  Looked look(Turn turn, domain::Job job);

  /// Tells everybody who was asked, once, what was decided, and answers the command that did it. Under the
  /// questions their buttons turn into it; where one was pressed, that is the answer.
  void tell(const api::Approval& approval, const ControlRequest* command = nullptr);

  /// The job waits for somebody to decide.
  bool waits(const std::string& job_id) { return !store_.waiting_approvals_of(job_id).empty(); }

  /// The job is over: what was not decided needs no decision any more, and that is told.
  void job_ended(const std::string& job_id);

  /// What a former process left to be told of jobs that are over. Once, at start.
  void resume();

  /// The name of the one who decided, as others are told.
  std::string decider_of(wording::Language language, const api::Approval& approval);

 private:
  boost::asio::awaitable<void> close(std::string job_id);
  void tell_moot(const AskedApproval& asked);
  using Words = std::function<std::string(wording::Language)>;
  void say(const AskedApproval& asked, const Words& words, const Lane* except);

  GatewayStore& store_;
  api::OrchestratorClient& orchestrator_;
  OutboxSender& outbox_;
  Buttons& buttons_;
  ApprovalRequests& requests_;
  const Languages& languages_;
  async::TaskGroup& tasks_;
};

}  // namespace butler::gateway
