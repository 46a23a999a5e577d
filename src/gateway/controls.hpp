#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "api/orchestrator_client.hpp"
#include "domain/chat_command.hpp"
#include "gateway/answers.hpp"
#include "gateway/approvals.hpp"
#include "gateway/job_commands.hpp"
#include "gateway/job_reports.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/panic.hpp"
#include "gateway/people.hpp"
#include "gateway/unpairing.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// The commands that need the orchestrator. They overtake the lanes of turns, and are answered within about
/// `patience` also when the orchestrator is away.
class Controls {
 public:
  struct Rules {
    domain::PermissionRules permissions = {};
    std::chrono::milliseconds patience = std::chrono::seconds{2};
  };

  /// `turn_stored` is called when a command has made a request of its own, once that is on disk.
  Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox, Answers& answers,
           const People& people, Unpairing& unpairing, ToolApprovals& approvals, Rules rules,
           telegram::Bot bot, std::function<void(Lane)> turn_stored);

  /// Handles the oldest control command of a chat (lane.thread_id is not used); false when there is none. A
  /// Lanes::Step.
  boost::asio::awaitable<bool> step(Lane lane);

 private:
  /// No coroutine: it only chooses one.
  ControlAnswer handle(const domain::ChatCommand& command, const ControlRequest& request);
  /// The command that an update holds, from somebody we listen to.
  std::optional<std::pair<domain::ChatCommand, ControlRequest>> read(const InboxUpdate& stored) const;
  void settle(const ControlRequest& request, const ControlResult& result);

  GatewayStore& store_;
  OutboxSender& outbox_;
  Answers& answers_;
  const People& people_;
  Rules rules_;
  telegram::Bot bot_;
  std::function<void(Lane)> turn_stored_;
  JobSearch search_;
  Approvals approvals_;
  JobCommands job_commands_;
  JobReports job_reports_;
  Unpairing& unpairing_;
  Panic panic_;
};

}  // namespace butler::gateway
