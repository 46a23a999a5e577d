#include "gateway/intake.hpp"

#include <algorithm>
#include <chrono>
#include <variant>

#include "domain/overloaded.hpp"
#include "domain/utf8.hpp"
#include "gateway/address.hpp"
#include "gateway/job_request.hpp"
#include "gateway/pairing_code.hpp"
#include "gateway/quotation.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::JobKind;

constexpr std::chrono::minutes stale_after{10};

/// Only Telegram itself writes these: a person's message has content of its own.
bool is_move(const telegram::Update& update) {
  const bool service = update.message && !update.message->foreign_chat &&
                       update.message->content == telegram::Content::service;
  return service && (update.message->migrate_to_chat_id != 0 || update.message->migrate_from_chat_id != 0);
}

/// Somebody said something in a real chat. (Service messages also come when we are thrown out.)
bool shows_an_open_chat(const telegram::Update& update) {
  if (!update.message || update.message->foreign_chat) return false;
  return update.message->content != telegram::Content::service;
}

}  // namespace

void Intake::take(const std::vector<telegram::RawUpdate>& batch, domain::Timestamp now) {
  if (batch.empty()) return;
  store_.unit([&] {
    for (const auto& raw : batch) take_one(raw, now);
    store_.set_next_offset(std::ranges::max(batch, {}, &telegram::RawUpdate::update_id).update_id + 1);
  });
}

void Intake::take_one(const telegram::RawUpdate& raw, domain::Timestamp now) {
  if (!store_.add_update({.update_id = raw.update_id, .raw = raw.json}, now)) {
    log::info("update.again", {{"update", raw.update_id}});
    return;
  }
  try {
    store_.unit([&] { decide(raw, now); });
  } catch (const StoreFault&) {
    throw;
  } catch (const std::exception& fault) {
    log::error("update.broken", {{"update", raw.update_id}, {"error", fault.what()}});
    store_.end_update(raw.update_id, InboxState::broken, fault.what());
  }
}

void Intake::decide(const telegram::RawUpdate& raw, domain::Timestamp now) {
  auto update = telegram::decode_update(raw.json);
  if (!update) {
    log::warn("update.unreadable", {{"update", raw.update_id}, {"error", update.error()}});
    return store_.end_update(raw.update_id, InboxState::broken, update.error());
  }
  if (update->membership || is_move(*update)) return note_chat(*update);
  if (shows_an_open_chat(*update)) outbox_.revive(update->message->chat_id);
  const Admission admission = people_.admit(*update);
  telegram::Message* message = update->message ? &*update->message : nullptr;
  if (admission.speaker == Speaker::nobody || message == nullptr || !message->from) {
    return drop(raw.update_id, admission.reason);
  }
  telegram::Person person = *message->from;
  const auto role = role_of(admission.speaker);
  const Said said{.update_id = raw.update_id,
                  .message = std::move(*message),
                  .person = std::move(person),
                  .role = role.value_or(domain::Role::person),
                  .now = now};
  role ? obey(said) : meet_stranger(said);
}

/// What Telegram tells of a chat itself: that we may write there again, or that it moved.
void Intake::note_chat(const telegram::Update& update) {
  if (update.membership) {
    if (update.membership->may_write) outbox_.revive(update.membership->chat_id);
    return store_.end_update(update.update_id, InboxState::done, "");
  }
  const telegram::Message& message = *update.message;
  if (message.migrate_to_chat_id != 0) {
    outbox_.move_chat(message.chat_id, message.migrate_to_chat_id);
  } else {
    outbox_.move_chat(message.migrate_from_chat_id, message.chat_id);
  }
  store_.end_update(update.update_id, InboxState::done, "");
}

void Intake::meet_stranger(const Said& said) {
  const auto text = domain::parse_chat_text(said.message.text, bot_.username);
  const auto* start = text ? std::get_if<domain::StartCommand>(&text->command) : nullptr;
  const bool has_code = start != nullptr && read_pairing_code(start->payload);
  const auto reply = has_code ? pairing_.present(said.person, start->payload, said.now)
                              : pairing_.meet(said.person, start != nullptr, said.now);
  if (!reply) return drop(said.update_id, "a stranger who was told already");
  answer(said, *reply);
}

void Intake::obey(const Said& said) {
  if (continue_text(said)) return;
  open_texts_.complete(said.lane(), said.person.id, said.now);
  const auto text = understand(said.message, bot_);
  if (!text) return drop(said.update_id, text.error());
  if (said.message.forwarded) return answer(said, wording::forwarded());
  if (said.message.content == telegram::Content::media) return answer(said, wording::text_only());
  obey_command(said, text->command);
}

bool Intake::continue_text(const Said& said) {
  const telegram::Message& message = said.message;
  if (message.forwarded || message.content != telegram::Content::text) return false;
  const auto text = domain::parse_chat_text(message.text, bot_.username);
  if (!text || text->is_command) return false;
  return open_texts_.join(said.lane(), said.person.id,
                          {.text = message.text, .sent = said.sent_at(), .now = said.now}, said.update_id);
}

bool Intake::allows(const Said& said, domain::Action action) {
  const auto permission = domain::permission(action, said.role, place_of(said.message), rules_.permissions);
  if (permission == domain::Permission::granted) return true;
  answer(said, wording::refusal(permission));
  return false;
}

void Intake::obey_command(const Said& said, const domain::ChatCommand& command) {
  if (!allows(said, domain::action_of(command))) return;
  std::visit(
      domain::Overloaded{
          [&](const domain::TaskCommand& task) { request_task(said, task.text); },
          [&](const domain::RunCommand& run) { request_run(said, run.command); },
          [&](const domain::NewCommand& fresh) { start_session(said, fresh.prompt); },
          [&](const domain::SettingsCommand&) { answer(said, wording::settings(settings_of(said))); },
          [&](const domain::RetryCommand&) {
            if (within_rate(said)) keep_as_control(said);
          },
          [&](const domain::HelpCommand&) { answer(said, wording::help(said.role, rules_.permissions)); },
          [&](const domain::StartCommand& one) { start(said, one.payload); },
          [&](const domain::WhoamiCommand&) {
            const std::string session = store_.session(said.lane(), said.now).key;
            answer(said, wording::who_you_are(said.person.id, said.role, session));
          },
          [&](const domain::PairingsCommand& one) { list_or_invite(said, one.action); },
          [&](const domain::ApprovePairCommand& one) { approve_pairing(said, one.code); },
          [&](const domain::UnknownCommand& unknown) {
            answer(said,
                   wording::unknown_command(unknown.name, unknown.nearest, said.role, rules_.permissions));
          },
          [&](const auto&) { keep_as_control(said); },  // the orchestrator has to be asked
      },
      command);
}

void Intake::start(const Said& said, const std::string& payload) {
  const bool private_chat = place_of(said.message) == domain::Place::private_chat;
  if (private_chat && read_pairing_code(payload)) return approve_pairing(said, payload);
  if (private_chat && said.role == domain::Role::owner) {
    store_.after_commit([this] { signals_.owner_started(); });
  }
  answer(said, wording::welcome(said.person.first_name, said.role));
}

void Intake::list_or_invite(const Said& said, const std::string& action) {
  answer(said, action == "invite" ? pairing_.invite(said.person.id, said.now) : pairing_.list(said.now));
}

void Intake::approve_pairing(const Said& said, const std::string& code) {
  if (code.empty()) return answer(said, wording::which_code());
  const auto reply = pairing_.present(said.person, code, said.now);
  if (!reply) return drop(said.update_id, "too many wrong codes");
  answer(said, *reply);
}

void Intake::keep_as_control(const Said& said) {
  store_.keep_as_control(said.update_id, said.message.chat_id);
  store_.after_commit([this, chat_id = said.message.chat_id] { signals_.control_kept(chat_id); });
}

void Intake::request_task(const Said& said, const std::string& text) {
  const std::string prompt = with_quotation(text, said.message, bot_.id, rules_.prompt_max_chars);
  if (prompt.empty()) return answer(said, wording::empty_task());
  request_job(said, JobKind::task, prompt);
}

void Intake::request_run(const Said& said, const std::string& command) {
  if (command.empty()) return answer(said, wording::empty_run());
  if (said.now - said.sent_at() > stale_after) return answer(said, wording::stale_run());
  request_job(said, JobKind::run, command);
}

void Intake::request_job(const Said& said, JobKind kind, const std::string& prompt) {
  const TextPart part{.text = said.message.text, .sent = said.sent_at(), .now = said.now};
  const bool may_go_on = kind == JobKind::task && open_text(part, open_texts_.rules());
  const std::size_t characters = domain::count_code_points(prompt);
  if (characters > rules_.prompt_max_chars && !may_go_on) {
    return answer(said, wording::prompt_too_long(characters, rules_.prompt_max_chars));
  }
  if (!within_rate(said)) return;
  const JobOrigin origin{.bot_id = bot_.id,
                         .update_id = said.update_id,
                         .message = said.message,
                         .person = said.person,
                         .role = said.role};
  const NewTurn turn = job_request(origin, kind, prompt, store_.session(said.lane(), said.now));
  if (may_go_on) return open_texts_.begin(turn, part, said.update_id);
  store_.add_turn(turn, {said.update_id}, said.now);
  store_.after_commit([this, lane = said.lane()] { signals_.turn_stored(lane); });
}

void Intake::start_session(const Said& said, const std::string& prompt) {
  const Session session = store_.rotate_session(said.lane(), said.now);
  log::info("session.started", {{"chat", said.message.chat_id}, {"session", session.key}});
  if (prompt.empty()) return answer(said, wording::fresh_session(session.generation));
  request_task(said, prompt);
}

wording::ChatSettings Intake::settings_of(const Said& said) const {
  return {.role = said.role,
          .place = place_of(said.message),
          .permissions = rules_.permissions,
          .requests_per_minute = rules_.rate_limit.count,
          .prompt_max_chars = rules_.prompt_max_chars};
}

bool Intake::within_rate(const Said& said) {
  // By the time of sending: what waited at Telegram while we were away did not come at once.
  const domain::RateLimit& limit = rules_.rate_limit;
  const auto earlier = store_.requests_since(said.person.id, said.sent_at() - limit.window);
  const auto wait = domain::wait_for_rate(earlier, said.sent_at(), limit);
  if (!wait) return true;
  if (store_.may_tell(Telling::rate_limit, said.person.id, said.now - limit.window, said.now)) {
    answer(said, wording::too_fast(said.sent_at() + *wait - said.now));
  } else {
    drop(said.update_id, "too many requests, and the person was told");
  }
  return false;
}

void Intake::answer(const Said& said, const std::string& text) {
  outbox_.queue({.source = key("reply", said.update_id),
                 .kind = MessageKind::answer,
                 .to = said.lane(),
                 .payloads = plain_payloads(text, reply_target(said.lane(), said.message.message_id))});
  store_.end_update(said.update_id, InboxState::done, "");
}

void Intake::drop(std::int64_t update_id, std::string_view why) {
  store_.end_update(update_id, InboxState::dropped, why);
  log::info("update.dropped", {{"update", update_id}, {"why", why}});
}

std::string Intake::key(std::string_view prefix, std::int64_t update_id) const {
  return std::string{prefix} + ":" + std::to_string(bot_.id) + ":" + std::to_string(update_id);
}

}  // namespace butler::gateway
