#include "gateway/controls.hpp"

#include <stdexcept>
#include <utility>
#include <variant>

#include "gateway/reply.hpp"
#include "gateway/wording_people.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

ControlAnswer say(std::string text) { co_return ControlResult{std::move(text)}; }

}  // namespace

Controls::Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox,
                   Answers& answers, const People& people, Pairing& pairing,
                   domain::PermissionRules permissions, telegram::Bot bot, std::chrono::milliseconds patience)
    : store_(store),
      outbox_(outbox),
      answers_(answers),
      people_(people),
      permissions_(permissions),
      bot_(std::move(bot)),
      patience_(patience),
      search_(store, orchestrator),
      approvals_(store, orchestrator, search_),
      job_commands_(orchestrator, search_),
      job_reports_(store, orchestrator, search_),
      unpairing_(orchestrator, search_, pairing, people) {}

asio::awaitable<bool> Controls::step(Lane lane) {
  const auto stored = store_.first_control(lane.chat_id);
  if (!stored) co_return false;
  auto update = telegram::decode_update(stored->raw);
  // Asked again: who may command can have changed since the command came.
  const Speaker speaker = update ? people_.admit(*update).speaker : Speaker::nobody;
  telegram::Message* message = update && update->message ? &*update->message : nullptr;
  const auto text = message == nullptr ? std::nullopt : domain::parse_chat_text(message->text, bot_.username);
  if (speaker == Speaker::nobody || speaker == Speaker::stranger || !text || !message->from) {
    store_.end_update(stored->update_id, InboxState::dropped, "a control command from nobody we listen to");
    co_return true;
  }
  ControlRequest request{.update_id = stored->update_id,
                         .lane = {.chat_id = lane.chat_id, .thread_id = message->thread_id},
                         .person = *message->from,
                         .speaker = speaker,
                         .give_up = std::chrono::steady_clock::now() + patience_};
  request.message = std::move(*message);
  const ControlResult result = co_await handle(text->command, request);
  settle(request, result);
  co_return true;
}

void Controls::settle(const ControlRequest& request, const ControlResult& result) {
  store_.unit([&] {
    if (result.ended) answers_.put(*result.ended);
    if (!result.text.empty()) {
      outbox_.queue({.source = "reply:" + std::to_string(bot_.id) + ":" + std::to_string(request.update_id),
                     .kind = MessageKind::answer,
                     .to = request.lane,
                     .payloads = plain_payloads(result.text)});
    }
    store_.end_update(request.update_id, InboxState::done, "");
  });
}

ControlAnswer Controls::handle(const domain::ChatCommand& command, const ControlRequest& request) {
  const auto permission =
      domain::permission(domain::action_of(command), request.role(), request.place(), permissions_);
  if (permission != domain::Permission::granted) return say(wording::refusal(permission));
  if (const auto* one = std::get_if<domain::ApproveCommand>(&command)) {
    return approvals_.approve(one->job, request);
  }
  if (const auto* one = std::get_if<domain::DenyCommand>(&command)) {
    return approvals_.deny(one->job, request);
  }
  if (const auto* one = std::get_if<domain::AbortCommand>(&command)) {
    return job_commands_.abort(one->job, request);
  }
  if (const auto* one = std::get_if<domain::StatusCommand>(&command)) {
    return job_reports_.status(one->job, request);
  }
  if (const auto* one = std::get_if<domain::UnpairCommand>(&command)) {
    return unpairing_.unpair(one->person, request);
  }
  throw std::logic_error("not a control command");
}

}  // namespace butler::gateway
