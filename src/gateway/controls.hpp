#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "api/orchestrator_client.hpp"
#include "domain/chat_command.hpp"
#include "gateway/answers.hpp"
#include "gateway/approvals.hpp"
#include "gateway/job_commands.hpp"
#include "gateway/job_reports.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/people.hpp"
#include "gateway/unpairing.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// The commands that need the orchestrator. They overtake the lanes of turns, and are answered within about
/// `patience` also when the orchestrator is away.
class Controls {
 public:
  Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox, Answers& answers,
           const People& people, Pairing& pairing, domain::PermissionRules permissions, telegram::Bot bot,
           std::chrono::milliseconds patience = std::chrono::seconds{2});

  /// Handles the oldest control command of a chat (lane.thread_id is not used); false when there is none. A
  /// Lanes::Step.
  boost::asio::awaitable<bool> step(Lane lane);

 private:
  /// No coroutine: it only chooses one.
  ControlAnswer handle(const domain::ChatCommand& command, const ControlRequest& request);
  void settle(const ControlRequest& request, const ControlResult& result);

  GatewayStore& store_;
  OutboxSender& outbox_;
  Answers& answers_;
  const People& people_;
  domain::PermissionRules permissions_;
  telegram::Bot bot_;
  std::chrono::milliseconds patience_;
  JobSearch search_;
  Approvals approvals_;
  JobCommands job_commands_;
  JobReports job_reports_;
  Unpairing unpairing_;
};

}  // namespace butler::gateway
