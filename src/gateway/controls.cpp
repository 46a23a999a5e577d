#include "gateway/controls.hpp"

#include <utility>
#include <variant>

#include "domain/overloaded.hpp"
#include "gateway/address.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/press_rules.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording_buttons.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_people.hpp"
#include "telegram/update.hpp"

namespace butler::gateway {

namespace asio = boost::asio;

namespace {

/// Its group may have become a supergroup since, where its id would name another message.
void follow_move(GatewayStore& store, telegram::Message& message) {
  const std::int64_t now = store.current_chat(message.chat_id);
  if (now == message.chat_id) return;
  message.chat_id = now;
  message.message_id = 0;
}

}  // namespace

Controls::Controls(GatewayStore& store, api::OrchestratorClient& orchestrator, OutboxSender& outbox,
                   Answers& answers, Buttons& buttons, CallbackAnswers& callback_answers,
                   const People& people, const Languages& languages, Unpairing& unpairing,
                   ToolApprovals& approvals, Topics& topics, Rules rules, telegram::Bot bot,
                   std::function<void(Lane)> turn_stored)
    : store_(store),
      outbox_(outbox),
      answers_(answers),
      buttons_(buttons),
      callback_answers_(callback_answers),
      people_(people),
      languages_(languages),
      rules_(rules),
      bot_(std::move(bot)),
      turn_stored_(std::move(turn_stored)),
      search_(store, orchestrator),
      approvals_(store, orchestrator, search_, approvals, buttons),
      job_commands_(store, orchestrator, search_,
                    {.bot_id = bot_.id,
                     .permissions = rules_.permissions,
                     .prompt_max_chars = rules_.prompt_max_chars}),
      job_reports_(store, orchestrator, search_),
      unpairing_(unpairing),
      topics_(topics),
      panic_(orchestrator, search_) {}

asio::awaitable<bool> Controls::step(Lane lane) {
  const auto stored = store_.first_control(lane.chat_id);
  if (!stored) co_return false;
  const auto read = this->read(*stored);
  if (!read) {
    store_.unit([&] {
      store_.remove_press(stored->update_id);
      store_.end_update(stored->update_id, InboxState::dropped, "a control command from nobody we listen to");
    });
    co_return true;
  }
  const auto& [command, request] = *read;
  const ControlResult result = co_await handle(command, request);
  settle(request, result);
  co_return true;
}

Controls::Read Controls::read(const InboxUpdate& stored) const {
  const auto update = telegram::decode_update(stored.raw);
  if (update && update->stopped) return read_stop(stored.update_id, *update->stopped);
  if (update && update->callback) return read_press(stored, *update->callback);
  if (!update || !update->message || !update->message->from) return std::nullopt;
  // Asked again: who may command can have changed since the command came.
  const Speaker speaker = people_.admit(*update).speaker;
  if (!role_of(speaker)) return std::nullopt;
  telegram::Message message = *update->message;
  follow_move(store_, message);
  const auto text = understand(message, bot_);
  if (!text) return std::nullopt;
  return std::pair{text->command,
                   ControlRequest{.update_id = stored.update_id,
                                  .lane = {.chat_id = message.chat_id, .thread_id = message.thread_id},
                                  .message = message,
                                  .person = *message.from,
                                  .speaker = speaker,
                                  .language = languages_.of(*message.from),
                                  .give_up = std::chrono::steady_clock::now() + rules_.patience}};
}

/// Stop under a draft is what /stop is for that job, from the person of the chat.
Controls::Read Controls::read_stop(std::int64_t update_id, const telegram::StoppedDraft& stopped) const {
  const auto role = people_.role_of(stopped.chat_id);
  const auto live = store_.live_of_draft(stopped.chat_id, stopped.draft_id);
  if (!role || !live) return std::nullopt;
  const telegram::Person person{.id = stopped.chat_id};
  return std::pair{domain::ChatCommand{domain::AbortCommand{live->job_id}},
                   ControlRequest{.update_id = update_id,
                                  .lane = live->lane,
                                  .message = {.chat_id = stopped.chat_id,
                                              .chat_type = telegram::ChatType::private_chat,
                                              .thread_id = live->lane.thread_id,
                                              .from = person},
                                  .person = person,
                                  .speaker = *role == domain::Role::owner ? Speaker::owner : Speaker::person,
                                  .language = languages_.of_person(stopped.chat_id),
                                  .give_up = std::chrono::steady_clock::now() + rules_.patience,
                                  .quiet = true}};
}

Controls::Read Controls::read_press(const InboxUpdate& stored,
                                    const telegram::CallbackQuery& callback) const {
  const auto press = store_.press_by(stored.update_id);
  const auto button = press ? store_.button(press->token) : std::nullopt;
  const auto command = button ? command_of(button->button) : std::nullopt;
  const auto role = callback.from ? people_.role_of(callback.from->id) : std::nullopt;
  if (!command || !role || !callback.message) return std::nullopt;
  telegram::Message message = *callback.message;
  // What a message would say of itself: who speaks now, where and when.
  const auto keyboard = store_.keyboard(button->keyboard_id);
  if (keyboard) message.thread_id = keyboard->audience.lane.thread_id;
  follow_move(store_, message);
  const Lane lane{message.chat_id, message.thread_id};
  message.from = callback.from;
  message.date = std::chrono::floor<std::chrono::seconds>(domain::wall_clock_now()).time_since_epoch() /
                 std::chrono::seconds{1};
  return std::pair{*command,
                   ControlRequest{.update_id = stored.update_id,
                                  .lane = lane,
                                  .message = std::move(message),
                                  .person = *callback.from,
                                  .speaker = *role == domain::Role::owner ? Speaker::owner : Speaker::person,
                                  .language = languages_.of(*callback.from),
                                  .give_up = std::chrono::steady_clock::now() + rules_.patience,
                                  .button = button,
                                  .query_id = callback.id}};
}

void Controls::reply(const ControlRequest& request, const ControlResult& result) {
  queue_with_keyboard(
      outbox_, buttons_,
      {.source = "reply:" + std::to_string(bot_.id) + ":" + std::to_string(request.update_id),
       .kind = MessageKind::answer,
       .to = request.lane,
       .payloads = plain_payloads(result.text, reply_target(request.lane, request.message.message_id))},
      result.keyboard.value_or(Keyboard{}),
      {.job_id = result.keyboard_job, .expires_at = domain::wall_clock_now() + status_keyboard_kept});
}

void Controls::settle_press(const ControlRequest& request, const ControlResult& result) {
  const ButtonAction action = request.button->button.action;
  const bool informs = action == ButtonAction::details || action == ButtonAction::status;
  store_.remove_press(request.update_id);
  const auto keyboard = store_.keyboard(request.button->keyboard_id);
  const bool settled = keyboard && keyboard->outcome;
  if (informs) {
    buttons_.used(request.button->matter);
    reply(request, result);
    return store_.after_commit([this, id = request.query_id] { callback_answers_.answer(id, {}); });
  }
  const bool good = settled || !result.done.empty();
  std::string words = result.text;
  if (words.empty())
    words = settled && !keyboard->outcome->empty() ? *keyboard->outcome
                                                   : wording::say(request.language, "buttons.done");
  // Whoever was told to wait has to hear that it did not work; that it did is seen under the message.
  if (!good && !callback_answers_.waits(request.query_id)) reply(request, result);
  store_.after_commit([this, id = request.query_id, words, good] {
    callback_answers_.answer(id, {.text = words, .alert = !good});
  });
}

void Controls::show_use(const ControlRequest& request, const std::string& matter) {
  const auto language = buttons_.language(request.lane);
  if (matter.starts_with(stop_matter("")))
    return buttons_.used(matter, wording::say(language, "buttons.stopping"));
  buttons_.used(matter, wording::say(language, "buttons.retried_by",
                                     {{"name", wording::button_person(request.person)}}));
}

void Controls::settle(const ControlRequest& request, const ControlResult& result) {
  store_.unit([&] {
    topics_.settled(request);
    if (!result.done.empty()) show_use(request, result.done);
    if (result.ended) answers_.put(*result.ended);
    if (request.button) {
      settle_press(request, result);
    } else if (!result.text.empty()) {
      reply(request, result);
    }
    if (result.elsewhere) outbox_.queue(*result.elsewhere);
    if (!result.turn) return store_.end_update(request.update_id, InboxState::done, "");
    store_.add_turn(*result.turn, {request.update_id}, domain::wall_clock_now());
    store_.after_commit([this, lane = result.turn->lane] { turn_stored_(lane); });
  });
}

ControlAnswer Controls::handle(const domain::ChatCommand& command, const ControlRequest& request) {
  const auto permission =
      domain::permission(domain::action_of(command), request.role(), request.place(), rules_.permissions);
  if (permission != domain::Permission::granted) return say(wording::refusal(request.language, permission));
  return std::visit(
      domain::Overloaded{
          [&](const domain::ApproveCommand& one) { return approvals_.approve(one, request); },
          [&](const domain::DenyCommand& one) { return approvals_.deny(one, request); },
          [&](const domain::AbortCommand& one) { return job_commands_.abort(one.job, request); },
          [&](const domain::RetryCommand& one) { return job_commands_.retry(one.job, request); },
          // A plain message is kept as a control when it replies to what runs.
          [&](const domain::TaskCommand& one) { return job_commands_.reply(one.text, request); },
          [&](const domain::TopicCommand& one) { return topics_.make(one, request); },
          [&](const domain::SteerCommand& one) { return job_commands_.steer(one.text, request); },
          [&](const domain::StatusCommand& one) { return job_reports_.status(one.job, request); },
          [&](const domain::JobsCommand& one) { return job_reports_.jobs(one.before, request); },
          [&](const domain::ContextCommand&) { return job_reports_.context(request); },
          [&](const domain::PanicCommand& one) { return panic_.obey(one.action, request); },
          [&](const domain::UnpairCommand& one) { return unpairing_.unpair(one.person, request); },
          // Kept by another version, for which it was one.
          [&](const auto&) {
            return say(wording::help(request.language, request.role(), rules_.permissions));
          },
      },
      command);
}

}  // namespace butler::gateway
