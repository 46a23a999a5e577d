#include "gateway/intake.hpp"

#include <algorithm>
#include <chrono>
#include <variant>

#include "api/describe.hpp"
#include "domain/utf8.hpp"
#include "gateway/reply.hpp"
#include "gateway/wording.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::JobKind;

constexpr std::chrono::minutes stale_after{10};

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

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
  const Admission admission = admit(*update, rules_.access);
  telegram::Message* message = update->message ? &*update->message : nullptr;
  if (admission.speaker == Speaker::nobody || message == nullptr || !message->from) {
    return drop(raw.update_id, admission.reason);
  }
  telegram::Person person = *message->from;
  const Said said{
      .update_id = raw.update_id, .message = std::move(*message), .person = std::move(person), .now = now};
  if (admission.speaker == Speaker::stranger) return greet_stranger(said);
  obey(said);
}

void Intake::greet_stranger(const Said& said) {
  log::info("stranger", {{"person", said.person.id}});
  if (!store_.may_tell_stranger(said.person.id, said.now)) {
    return drop(said.update_id, "a stranger who was told already");
  }
  answer(said, wording::stranger(said.person.id));
}

void Intake::obey(const Said& said) {
  const bool group = said.message.chat_type != telegram::ChatType::private_chat;
  const auto text = domain::parse_chat_text(said.message.text, bot_.username);
  if (!text) return drop(said.update_id, "a command for another bot");
  const bool unknown = std::holds_alternative<domain::UnknownCommand>(text->command);
  if (group && (!text->is_command || (unknown && !text->names_bot))) {
    return drop(said.update_id, "not for us");
  }
  if (said.message.forwarded) return answer(said, wording::forwarded());
  if (said.message.content == telegram::Content::media) return answer(said, wording::text_only());
  obey_command(said, text->command);
}

void Intake::obey_command(const Said& said, const domain::ChatCommand& command) {
  const auto keep_as_control = [&](const auto&) {
    store_.keep_as_control(said.update_id, said.message.chat_id);
    store_.after_commit([this, chat_id = said.message.chat_id] { signals_.control_kept(chat_id); });
  };
  std::visit(Overloaded{
                 [&](const domain::TaskCommand& task) {
                   if (task.text.empty()) return answer(said, wording::empty_task());
                   request_job(said, JobKind::task, task.text);
                 },
                 [&](const domain::RunCommand& run) { request_run(said, run.command); },
                 [&](const domain::HelpCommand&) { answer(said, wording::help()); },
                 [&](const domain::StartCommand&) { answer(said, wording::welcome(said.person.first_name)); },
                 [&](const domain::WhoamiCommand&) {
                   answer(said,
                          wording::who_you_are(said.person.id, store_.session(said.lane(), said.now).key));
                 },
                 [&](const domain::UnknownCommand& unknown) {
                   answer(said, wording::unknown_command(unknown.name, unknown.nearest));
                 },
                 keep_as_control,  // /approve, /deny, /abort, /status: the orchestrator has to be asked
             },
             command);
}

void Intake::request_run(const Said& said, const std::string& command) {
  if (command.empty()) return answer(said, wording::empty_run());
  const domain::Timestamp sent{std::chrono::seconds{said.message.date}};
  if (said.now - sent > stale_after) return answer(said, wording::stale_run());
  request_job(said, JobKind::run, command);
}

void Intake::request_job(const Said& said, JobKind kind, const std::string& prompt) {
  const std::size_t characters = domain::count_code_points(prompt);
  if (characters > rules_.prompt_max_chars) {
    return answer(said, wording::prompt_too_long(characters, rules_.prompt_max_chars));
  }
  store_.add_turn({.idempotency_key = key("tg", said.update_id),
                   .lane = said.lane(),
                   .requester_id = said.person.id,
                   .message_id = said.message.message_id,
                   .kind = kind,
                   .body = job_body(said, kind, prompt)},
                  {said.update_id}, said.now);
  store_.after_commit([this, lane = said.lane()] { signals_.turn_stored(lane); });
}

std::string Intake::job_body(const Said& said, JobKind kind, const std::string& prompt) {
  api::CreateJobRequest request;
  request.kind = kind;
  request.prompt = prompt;
  request.channel = domain::Channel::telegram;
  request.chat_id = std::to_string(said.message.chat_id);
  request.requester_id = std::to_string(said.person.id);
  if (said.message.thread_id) request.thread_id = std::to_string(*said.message.thread_id);
  request.session_key = store_.session(said.lane(), said.now).key;
  request.requires_approval = kind == JobKind::run;
  request.metadata = {{"messageId", std::to_string(said.message.message_id)}};
  request.deliver_to = "telegram:" + std::to_string(bot_.id);
  return json::serialize(json::encode(request));
}

void Intake::answer(const Said& said, const std::string& text) {
  outbox_.queue({.source = key("reply", said.update_id),
                 .kind = MessageKind::answer,
                 .to = said.lane(),
                 .payloads = plain_payloads(text)});
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
