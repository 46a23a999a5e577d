#include "gateway/controls.hpp"

#include <utility>
#include <variant>

#include "domain/overloaded.hpp"
#include "gateway/address.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_people.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

Controls::Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox,
                   Answers& answers, const People& people, Unpairing& unpairing, ToolApprovals& approvals,
                   Rules rules, telegram::Bot bot, std::function<void(Lane)> turn_stored)
    : store_(store),
      outbox_(outbox),
      answers_(answers),
      people_(people),
      rules_(rules),
      bot_(std::move(bot)),
      turn_stored_(std::move(turn_stored)),
      search_(store, orchestrator),
      approvals_(store, orchestrator, search_, approvals),
      job_commands_(store, orchestrator, search_, {.bot_id = bot_.id, .permissions = rules_.permissions}),
      job_reports_(store, orchestrator, search_),
      unpairing_(unpairing),
      panic_(orchestrator, search_) {}

asio::awaitable<bool> Controls::step(Lane lane) {
  const auto stored = store_.first_control(lane.chat_id);
  if (!stored) co_return false;
  const auto read = this->read(*stored);
  if (!read) {
    store_.end_update(stored->update_id, InboxState::dropped, "a control command from nobody we listen to");
    co_return true;
  }
  const auto& [command, request] = *read;
  const ControlResult result = co_await handle(command, request);
  settle(request, result);
  co_return true;
}

std::optional<std::pair<domain::ChatCommand, ControlRequest>> Controls::read(
    const InboxUpdate& stored) const {
  const auto update = telegram::decode_update(stored.raw);
  if (!update || !update->message || !update->message->from) return std::nullopt;
  // Asked again: who may command can have changed since the command came.
  const Speaker speaker = people_.admit(*update).speaker;
  if (!role_of(speaker)) return std::nullopt;
  const telegram::Message& message = *update->message;
  const auto text = understand(message, bot_);
  if (!text) return std::nullopt;
  return std::pair{text->command,
                   ControlRequest{.update_id = stored.update_id,
                                  .lane = {.chat_id = message.chat_id, .thread_id = message.thread_id},
                                  .message = message,
                                  .person = *message.from,
                                  .speaker = speaker,
                                  .give_up = std::chrono::steady_clock::now() + rules_.patience}};
}

void Controls::settle(const ControlRequest& request, const ControlResult& result) {
  store_.unit([&] {
    if (result.ended) answers_.put(*result.ended);
    if (!result.text.empty()) {
      outbox_.queue(
          {.source = "reply:" + std::to_string(bot_.id) + ":" + std::to_string(request.update_id),
           .kind = MessageKind::answer,
           .to = request.lane,
           .payloads = plain_payloads(result.text, reply_target(request.lane, request.message.message_id))});
    }
    if (!result.turn) return store_.end_update(request.update_id, InboxState::done, "");
    store_.add_turn(*result.turn, {request.update_id}, domain::wall_clock_now());
    store_.after_commit([this, lane = request.lane] { turn_stored_(lane); });
  });
}

ControlAnswer Controls::handle(const domain::ChatCommand& command, const ControlRequest& request) {
  const auto permission =
      domain::permission(domain::action_of(command), request.role(), request.place(), rules_.permissions);
  if (permission != domain::Permission::granted) return say(wording::refusal(permission));
  return std::visit(
      domain::Overloaded{
          [&](const domain::ApproveCommand& one) { return approvals_.approve(one, request); },
          [&](const domain::DenyCommand& one) { return approvals_.deny(one, request); },
          [&](const domain::AbortCommand& one) { return job_commands_.abort(one.job, request); },
          [&](const domain::RetryCommand& one) { return job_commands_.retry(one.job, request); },
          [&](const domain::SteerCommand& one) { return job_commands_.steer(one.text, request); },
          [&](const domain::StatusCommand& one) { return job_reports_.status(one.job, request); },
          [&](const domain::JobsCommand& one) { return job_reports_.jobs(one.before, request); },
          [&](const domain::ContextCommand&) { return job_reports_.context(request); },
          [&](const domain::PanicCommand& one) { return panic_.obey(one.action, request); },
          [&](const domain::UnpairCommand& one) { return unpairing_.unpair(one.person, request); },
          // Kept by another version, for which it was one.
          [&](const auto&) { return say(wording::help(request.role(), rules_.permissions)); },
      },
      command);
}

}  // namespace butler::gateway
