#include "gateway/intake.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "api/describe.hpp"
#include "domain/overloaded.hpp"
#include "domain/utf8.hpp"
#include "gateway/address.hpp"
#include "gateway/chat_settings.hpp"
#include "gateway/job_request.hpp"
#include "gateway/pairing_code.hpp"
#include "gateway/quotation.hpp"
#include "gateway/reply.hpp"
#include "gateway/steering.hpp"
#include "gateway/turn_media.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_commands.hpp"
#include "gateway/wording_media.hpp"
#include "gateway/wording_people.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using domain::JobKind;

constexpr std::chrono::minutes stale_after{10};

const std::string& words_of(const telegram::Message& message) {
  return message.content == telegram::Content::media ? message.caption : message.text;
}

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

void Intake::take(const std::vector<telegram::RawUpdate>& batch, domain::Timestamp now, Arrival arrival) {
  if (batch.empty()) return;
  store_.unit([&] {
    for (const auto& raw : batch) take_one(raw, now);
    // An offset would make Telegram forget older updates that it has not delivered yet.
    if (arrival == Arrival::delivered) return store_.forget_offset();
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
  if (update->stopped) return note_stop(*update);
  if (update->callback) return signals_.pressed(*update, now);
  if (shows_an_open_chat(*update)) outbox_.revive(update->message->chat_id);
  const bool edited = update->edited.has_value();
  if (edited) update->message = std::exchange(update->edited, std::nullopt);  // admitted as any message
  const Admission admission = people_.admit(*update);
  telegram::Message* message = update->message ? &*update->message : nullptr;
  if (admission.speaker == Speaker::nobody || message == nullptr || !message->from) {
    return drop(raw.update_id, admission.reason);
  }
  const telegram::Person person = *message->from;
  const auto role = role_of(admission.speaker);
  if (role) languages_.note(person, message->chat_id, now);
  const Said said{.update_id = raw.update_id,
                  .message = std::move(*message),
                  .person = person,
                  .role = role.value_or(domain::Role::person),
                  .language = languages_.of(person),
                  .now = now};
  if (edited)
    return role ? edits_.take(said.message, raw.update_id) : drop(raw.update_id, "a stranger's edit");
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

/// Stop under a draft, which nobody but the person of that private chat can see.
void Intake::note_stop(const telegram::Update& update) {
  const telegram::StoppedDraft& stopped = *update.stopped;
  const bool private_chat = stopped.chat_type == telegram::ChatType::private_chat;
  const auto live = store_.live_of_draft(stopped.chat_id, stopped.draft_id);
  if (!private_chat || !live) return drop(update.update_id, "Stop under a draft that is over");
  keep_as_control(update.update_id, stopped.chat_id);
  store_.after_commit([this, job_id = live->job_id] { signals_.draft_stopped(job_id); });
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
  const Understood text = understand(said.message, bot_);
  if (steers(said, text)) {
    return keep_as_control(said.update_id, said.message.chat_id);
  }
  if (joins_open_turn(said, text)) return;
  open_texts_.complete(said.lane(), said.person.id, said.now);
  if (!text) return drop(said.update_id, text.error());
  if (said.message.forwarded) return answer(said, wording::forwarded(said.language));
  const bool is_media = said.message.content == telegram::Content::media;
  if (is_media && !is_understood(said.message)) return answer(said, wording::text_only(said.language));
  obey_command(said, *text);
}

bool Intake::steers(const Said& said, const Understood& text) const {
  const telegram::Message& message = said.message;
  if (!text || text->is_command || message.forwarded) return false;
  if (message.content != telegram::Content::text) return false;
  if (domain::count_code_points(message.text) > rules_.prompt_max_chars) return false;
  return job_replied_to(store_, message, bot_.id, said.role).has_value();
}

bool Intake::joins_open_turn(const Said& said, const Understood& text) {
  const telegram::Message& message = said.message;
  const bool is_media = message.content == telegram::Content::media;
  if (message.forwarded || (is_media && !is_understood(message))) return false;
  const auto plain = domain::parse_chat_text(words_of(message), bot_.username);
  if (!plain || plain->is_command || (text && text->is_command)) return false;
  const auto* task = text ? std::get_if<domain::TaskCommand>(&text->command) : nullptr;
  Contribution one = contribution(said, task == nullptr ? words_of(message) : task->text, PartForm::said);
  TextPart part = text_part(said, one);
  if (task == nullptr) part.characters.reset();
  const auto added = open_texts_.join({.lane = said.lane(),
                                       .person_id = said.person.id,
                                       .update_id = said.update_id,
                                       .part = part,
                                       .one = one});
  if (added && added->problem) tell_of_missing_file(said, *one.file, *added->problem);
  return added.has_value();
}

/// What a message brings to a turn, when this is its request.
Contribution Intake::contribution(const Said& said, const std::string& request, PartForm form) const {
  Contribution one{.said = {.message_id = said.message.message_id, .form = form},
                   .file = incoming_file(said.message)};
  std::string words = request;
  if (const auto place = location_text(said.message)) words += (words.empty() ? "" : "\n\n") + *place;
  one.said.text = with_quotation(words, said.message, bot_.id, rules_.prompt_max_chars);
  return one;
}

TextPart Intake::text_part(const Said& said, const Contribution& one) {
  return {.text = said.message.text,
          .album = said.message.media_group_id,
          .characters = domain::count_code_points(one.said.text),
          .sent = said.sent_at(),
          .now = said.now};
}

bool Intake::allows(const Said& said, domain::Action action) {
  const auto permission = domain::permission(action, said.role, place_of(said.message), rules_.permissions);
  if (permission == domain::Permission::granted) return true;
  answer(said, wording::refusal(said.language, permission));
  return false;
}

void Intake::obey_command(const Said& said, const domain::ChatText& text) {
  if (!allows(said, domain::action_of(text.command))) return;
  const Waiting waiting = text.is_command ? Waiting::no : Waiting::for_more;
  std::visit(
      domain::Overloaded{
          [&](const domain::TaskCommand& task) { request_task(said, task.text, PartForm::said, waiting); },
          [&](const domain::RunCommand& run) { request_run(said, run.command); },
          [&](const domain::NewCommand& fresh) { start_session(said, fresh.prompt); },
          [&](const domain::SettingsCommand& one) { obey_settings(said, one.arguments); },
          [&](const domain::RetryCommand&) {
            if (within_rate(said)) keep_as_control(said.update_id, said.message.chat_id);
          },
          [&](const domain::HelpCommand&) {
            answer(said, wording::help(said.language, said.role, rules_.permissions));
          },
          [&](const domain::StartCommand& one) { start(said, one.payload); },
          [&](const domain::WhoamiCommand&) {
            const std::string session = store_.session(said.lane(), said.now).key;
            answer(said, wording::who_you_are(said.language, said.person.id, said.role, session));
          },
          [&](const domain::PairingsCommand& one) { list_or_invite(said, one.action); },
          [&](const domain::ApprovePairCommand& one) { approve_pairing(said, one.code); },
          [&](const domain::UnknownCommand& unknown) {
            answer(said, wording::unknown_command(said.language, unknown.name, unknown.nearest, said.role,
                                                  rules_.permissions));
          },
          // The orchestrator has to be asked.
          [&](const auto&) { keep_as_control(said.update_id, said.message.chat_id); },
      },
      text.command);
}

void Intake::start(const Said& said, const std::string& payload) {
  const bool private_chat = place_of(said.message) == domain::Place::private_chat;
  if (private_chat && read_pairing_code(payload)) return approve_pairing(said, payload);
  if (private_chat && said.role == domain::Role::owner) {
    store_.after_commit([this] { signals_.owner_started(); });
  }
  answer(said, wording::welcome(said.language, said.person.first_name, said.role));
}

void Intake::list_or_invite(const Said& said, const std::string& action) {
  answer(said, action == "invite" ? pairing_.invite(said.person.id, said.now)
                                  : pairing_.list(said.language, said.now));
}

void Intake::approve_pairing(const Said& said, const std::string& code) {
  if (code.empty()) return answer(said, wording::which_code(said.language));
  const auto reply = pairing_.present(said.person, code, said.now);
  if (!reply) return drop(said.update_id, "too many wrong codes");
  answer(said, *reply);
}

void Intake::keep_as_control(std::int64_t update_id, std::int64_t chat_id) {
  store_.keep_as_control(update_id, chat_id);
  store_.after_commit([this, chat_id] { signals_.control_kept(chat_id); });
}

void Intake::obey_settings(const Said& said, const std::string& arguments) {
  const ChatSettings settings(store_);
  const Setter setter{.chat_id = said.message.chat_id,
                      .person_id = said.person.id,
                      .role = said.role,
                      .language = said.language};
  std::string text = settings.obey(arguments, setter, said.now);
  if (!arguments.empty()) return answer(said, text);
  text = wording::settings(said.language, settings_of(said)) + "\n\n" + text;
  signals_.queue_with_buttons(reply_to(said, text), settings.keyboard(setter.chat_id));
  store_.end_update(said.update_id, InboxState::done, "");
}

void Intake::request_task(const Said& said, const std::string& text, PartForm form, Waiting waiting) {
  Contribution one = contribution(said, text, form);
  if (one.said.text.empty() && !one.file) return answer(said, wording::empty_task(said.language));
  request_job(said, JobKind::task, std::move(one), waiting);
}

void Intake::request_run(const Said& said, const std::string& command) {
  if (command.empty()) return answer(said, wording::empty_run(said.language));
  if (said.now - said.sent_at() > stale_after) return answer(said, wording::stale_run(said.language));
  request_job(said, JobKind::run,
              {.said = {.message_id = said.message.message_id, .form = PartForm::command, .text = command}},
              Waiting::no);
}

void Intake::request_job(const Said& said, JobKind kind, Contribution one, Waiting waiting) {
  const TextPart part = text_part(said, one);
  const Session session = store_.session(said.lane(), said.now);
  const auto open = kind == JobKind::task
                        ? open_text(part, waiting == Waiting::for_more && is_busy(said.lane(), session),
                                    open_texts_.rules())
                        : std::nullopt;
  const std::size_t characters = domain::count_code_points(one.said.text);
  const bool too_long = characters > rules_.prompt_max_chars;
  const auto refuse_length = [&] {
    answer(said, wording::prompt_too_long(said.language, characters, rules_.prompt_max_chars));
  };
  if (too_long && kind == JobKind::run) return refuse_length();
  if (!within_rate(said)) return;
  const auto problem = one.file ? file_problem(*one.file, {}, rules_.files) : std::nullopt;
  if (problem && one.said.text.empty() && part.album.empty()) {
    return answer(said, wording::file_left_out(said.language, one.file->file_name, *problem, rules_.files));
  }
  const JobOrigin origin{.bot_id = bot_.id,
                         .update_id = said.update_id,
                         .message = said.message,
                         .person = said.person,
                         .role = said.role};
  NewTurn turn = job_request(origin, kind, "", session);
  TurnContent content{.request = request_of(turn)};
  const auto file = one.file;
  AddedContent added = add(content, std::move(one), rules_.files);
  if (too_long && !open) {
    const auto words = shorten(content, rules_.prompt_max_chars, rules_.files);
    if (!words) return refuse_length();
    added.files.push_back(*words);
  }
  turn.body = json::serialize(json::encode(content.request));
  turn.parts = std::move(added.parts);
  turn.files = std::move(added.files);
  if (added.problem) tell_of_missing_file(said, *file, *added.problem);
  if (open) return open_texts_.begin(turn, *open, said.update_id, said.now);
  store_.add_turn(turn, {said.update_id}, said.now);
  store_.after_commit([this, lane = said.lane()] { signals_.turn_stored(lane); });
}

bool Intake::is_busy(Lane lane, const Session& session) const {
  return store_.has_stored_turn(lane) || signals_.is_busy(session.key);
}

void Intake::tell_of_missing_file(const Said& said, const IncomingFile& file, FileProblem problem) {
  outbox_.queue({.source = key("file", said.update_id),
                 .kind = MessageKind::notice,
                 .to = said.lane(),
                 .payloads = quiet_payloads(
                     wording::file_left_out(said.language, file.file_name, problem, rules_.files),
                     reply_target(said.lane(), said.message.message_id))});
}

void Intake::start_session(const Said& said, const std::string& prompt) {
  const Session session = store_.rotate_session(said.lane(), said.now);
  log::info("session.started", {{"chat", said.message.chat_id}, {"session", session.key}});
  const bool nothing_more = prompt.empty() && said.message.content == telegram::Content::text;
  if (nothing_more) return answer(said, wording::fresh_session(said.language, session.generation));
  request_task(said, prompt, PartForm::fresh, Waiting::no);
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
    answer(said, wording::too_fast(said.language, said.sent_at() + *wait - said.now));
  } else {
    drop(said.update_id, "too many requests, and the person was told");
  }
  return false;
}

void Intake::answer(const Said& said, const std::string& text) {
  outbox_.queue(reply_to(said, text));
  store_.end_update(said.update_id, InboxState::done, "");
}

Outgoing Intake::reply_to(const Said& said, const std::string& text) const {
  return {.source = key("reply", said.update_id),
          .kind = MessageKind::answer,
          .to = said.lane(),
          .payloads = plain_payloads(text, reply_target(said.lane(), said.message.message_id))};
}

void Intake::drop(std::int64_t update_id, std::string_view why) {
  store_.end_update(update_id, InboxState::dropped, why);
  log::info("update.dropped", {{"update", update_id}, {"why", why}});
}

std::string Intake::key(std::string_view prefix, std::int64_t update_id) const {
  return std::string{prefix} + ":" + std::to_string(bot_.id) + ":" + std::to_string(update_id);
}

}  // namespace butler::gateway
