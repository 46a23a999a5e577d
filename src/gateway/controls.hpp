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
#include "gateway/buttons.hpp"
#include "gateway/callback_answers.hpp"
#include "gateway/job_commands.hpp"
#include "gateway/job_reports.hpp"
#include "gateway/languages.hpp"
#include "gateway/outbox_sender.hpp"
#include "gateway/panic.hpp"
#include "gateway/people.hpp"
#include "gateway/topics.hpp"
#include "gateway/unpairing.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// The commands that need the orchestrator. They overtake the lanes of turns, and are answered within about
/// `patience` also when the orchestrator is away.
class Controls {
 public:
  struct Rules {
    domain::PermissionRules permissions = {};
    std::size_t prompt_max_chars = 8'000;
    std::chrono::milliseconds patience = std::chrono::seconds{2};
  };

  /// `turn_stored` is called when a command has made a request of its own, once that is on disk.
  Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox, Answers& answers,
           Buttons& buttons, CallbackAnswers& callback_answers, const People& people,
           const Languages& languages, Unpairing& unpairing, ToolApprovals& approvals, Topics& topics,
           Rules rules, telegram::Bot bot, std::function<void(Lane)> turn_stored);

  /// Handles the oldest control command of a chat (lane.thread_id is not used); false when there is none. A
  /// Lanes::Step.
  boost::asio::awaitable<bool> step(Lane lane);

 private:
  /// No coroutine: it only chooses one.
  ControlAnswer handle(const domain::ChatCommand& command, const ControlRequest& request);
  using Read = std::optional<std::pair<domain::ChatCommand, ControlRequest>>;
  /// The command that an update holds, from somebody we listen to.
  Read read(const InboxUpdate& stored) const;
  Read read_stop(std::int64_t update_id, const telegram::StoppedDraft& stopped) const;
  /// The same of a button that was pressed.
  Read read_press(const InboxUpdate& stored, const telegram::CallbackQuery& callback) const;
  void settle(const ControlRequest& request, const ControlResult& result);
  void reply(const ControlRequest& request, const ControlResult& result);
  /// What the one who pressed sees of it.
  void settle_press(const ControlRequest& request, const ControlResult& result);
  /// Buttons that do what was done now, wherever they are.
  void show_use(const ControlRequest& request, const std::string& matter);

  GatewayStore& store_;
  OutboxSender& outbox_;
  Answers& answers_;
  Buttons& buttons_;
  CallbackAnswers& callback_answers_;
  const People& people_;
  const Languages& languages_;
  Rules rules_;
  telegram::Bot bot_;
  std::function<void(Lane)> turn_stored_;
  JobSearch search_;
  Approvals approvals_;
  JobCommands job_commands_;
  JobReports job_reports_;
  Unpairing& unpairing_;
  Topics& topics_;
  Panic panic_;
};

}  // namespace butler::gateway
