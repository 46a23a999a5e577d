#include "gateway/gateway_parts.hpp"

#include "domain/limits.hpp"
#include "gateway/chat_settings.hpp"
#include "gateway/keyboard_markup.hpp"
#include "gateway/keyboards.hpp"
#include "gateway/poll_pause.hpp"
#include "gateway/reply.hpp"
#include "gateway/webhook_plan.hpp"
#include "gateway/wording.hpp"
#include "gateway/wording_media.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

domain::PermissionRules permissions(const config::GatewaySettings& settings) {
  return {.run_owner_only = settings.run_owner_only,
          .approve_owner_only = settings.approve_owner_only,
          .allow_requester_abort = settings.allow_requester_abort};
}

JobNotices notices_of(const config::GatewaySettings& settings) {
  if (settings.only_agent_output) return {};
  return {.lifecycle = true, .tools = settings.notify_tool_events};
}

JobWatches::Options watch_options(const GatewayOptions& options, const config::GatewaySettings& settings) {
  auto watching = options.watching;
  watching.notices = notices_of(settings);
  return watching;
}

/// A Bot API server on this machine hands out files of any size: what the orchestrator takes is the limit
/// then.
FileLimits file_limits(const config::GatewaySettings& settings) {
  FileLimits most;
  if (!settings.telegram_server_files.empty()) {
    most.file_bytes = static_cast<std::int64_t>(domain::limits::artifact_bytes);
  }
  return most;
}

/// nullopt: everybody is spoken to in their own.
std::optional<wording::Language> fixed_language(const config::GatewaySettings& settings) {
  if (settings.language == "auto") return std::nullopt;
  return wording::language_of(settings.language);
}

GatherRules gather_rules(const GatewayOptions& options, const config::GatewaySettings& settings) {
  auto gathering = options.gathering;
  gathering.burst_window = settings.gather;
  gathering.most_characters = settings.prompt_max_chars;
  return gathering;
}

}  // namespace

Gateway::Parts::Parts(Gateway& gateway, const telegram::Bot& our_bot)
    : bot(our_bot),
      store(gateway.database_.value(), bot.id),
      languages(store, fixed_language(gateway.settings_)),
      outbox(gateway.executor_, store, gateway.api_, gateway.flood_, languages, gateway.sending_,
             gateway.options_.sending.timing, sender_events(gateway)),
      owners(outbox, languages, gateway.settings_.owners),
      typing(gateway.executor_, store, gateway.api_, gateway.flood_, gateway.working_,
             gateway.options_.typing_interval),
      live(gateway.executor_, store, gateway.api_, gateway.flood_, outbox, languages, gateway.working_,
           gateway.options_.live),
      people(store, {.owners = gateway.settings_.owners, .allowed = gateway.settings_.allowed}),
      buttons(
          store, [this](Lane lane) { return languages.of_lane(lane); },
          [this](Lane chat) { keyboards.wake(chat); }),
      keyboards(gateway.executor_, store, buttons, gateway.api_, gateway.flood_, gateway.working_,
                gateway.options_.sending.timing),
      callback_answers(gateway.executor_, gateway.api_, gateway.working_, gateway.options_.callback_patience),
      approvals(outbox, buttons, people, languages, permissions(gateway.settings_)),
      tool_approvals(store, gateway.orchestrator_, outbox, buttons, approvals, languages, gateway.working_),
      watches(gateway.executor_, store, gateway.orchestrator_, outbox, buttons, typing, live, tool_approvals,
              languages, gateway.working_, watch_options(gateway.options_, gateway.settings_)),
      file_sending(gateway.executor_, gateway.orchestrator_, gateway.api_, typing,
                   gateway.settings_.home / "outgoing-files"),
      artifacts(gateway.executor_, store, gateway.orchestrator_, outbox),
      answers(store, outbox, buttons, people, languages, notices_of(gateway.settings_),
              [this](const std::string& job_id) {
                watches.ended(job_id);
                live.end(job_id);
                artifacts.wake();
              }),
      pairing(store, outbox, buttons, people, languages, bot),
      unpairing(store, gateway.orchestrator_, pairing, people),
      menus(gateway.executor_, store, gateway.api_, gateway.flood_,
            gateway.settings_.telegram_root + ":" + std::to_string(bot.id),
            wanted_menus(people.owners(), permissions(gateway.settings_), fixed_language(gateway.settings_))),
      attachments(gateway.executor_, store, gateway.orchestrator_, gateway.downloads_, outbox, people,
                  languages, gateway.working_, attachment_options(gateway)),
      creator(store, gateway.orchestrator_, outbox, people, languages, approvals,
              [this](const Turn& turn, const domain::Job& job) {
                notices.turn_taken();
                attachments.wake();
                edit_lanes.wake(turn.lane);
                watches.watch(turn, job);
              }),
      topics(store, gateway.api_, gateway.flood_, bot, gateway.settings_.prompt_max_chars),
      controls(store, gateway.orchestrator_, outbox, answers, buttons, callback_answers, people, languages,
               unpairing, tool_approvals, topics,
               {.permissions = permissions(gateway.settings_),
                .prompt_max_chars = gateway.settings_.prompt_max_chars,
                .patience = gateway.options_.control_patience},
               bot, [this](Lane lane) { turn_stored(lane); }),
      edits(store, gateway.orchestrator_, outbox, people, languages, bot, gateway.settings_.prompt_max_chars,
            {.is_unsent = [this](const Turn& turn) { return creator.is_unsent(turn); },
             .turn_stored = [this](Lane lane) { turn_stored(lane); },
             .edit_kept = [this](Lane lane) { edit_lanes.wake(lane); }}),
      turn_lanes(gateway.working_, "turns", [this](Lane lane) { return creator.step(lane); }),
      control_lanes(gateway.working_, "controls", [this](Lane lane) { return controls.step(lane); }),
      edit_lanes(gateway.working_, "edits", [this](Lane lane) { return edits.step(lane); }),
      notices(gateway.executor_, store, outbox, languages, gateway.options_.until_told_waiting),
      open_texts(gateway.executor_, store, outbox, languages,
                 gather_rules(gateway.options_, gateway.settings_), file_limits(gateway.settings_),
                 [this](Lane lane) { turn_stored(lane); }),
      callbacks(store, buttons, people, languages, pairing, callback_answers,
                {.permissions = permissions(gateway.settings_),
                 .rate_limit = {.count = gateway.settings_.rate_limit_per_minute}},
                [this](std::int64_t chat_id) { control_lanes.wake({.chat_id = chat_id}); }),
      intake(store, outbox, people, languages, pairing, open_texts, edits,
             {.permissions = permissions(gateway.settings_),
              .rate_limit = {.count = gateway.settings_.rate_limit_per_minute},
              .prompt_max_chars = gateway.settings_.prompt_max_chars,
              .files = file_limits(gateway.settings_)},
             bot,
             {.turn_stored = [this](Lane lane) { turn_stored(lane); },
              .control_kept = [this](std::int64_t chat_id) { control_lanes.wake({.chat_id = chat_id}); },
              .draft_stopped = [this](const std::string& job_id) { live.stop(job_id); },
              .pressed = [this](const telegram::Update& update,
                                domain::Timestamp now) { callbacks.take(update, now); },
              .queue_with_buttons =
                  [this](Outgoing message, const Keyboard& keyboard) {
                    const Audience audience{.lane = message.to,
                                            .expires_at = domain::wall_clock_now() + settings_keyboard_kept};
                    queue_with_keyboard(outbox, buttons, std::move(message), keyboard, audience);
                  },
              .is_busy = [this](std::string_view session_key) { return watches.is_busy(session_key); },
              .owner_started = [this] { menus.look_again(); }}),
      updates(gateway.api_, store, intake, gateway.flood_, polling_options(gateway, bot),
              [this](const telegram::ApiError& error) {
                tell_owners_today(
                    "polling", [&](wording::Language language) { return explain_conflict(language, error); });
              }),
      deliveries(store, gateway.orchestrator_, answers, "telegram:" + std::to_string(bot.id)) {}

void Gateway::Parts::resume() {
  file_sending.clear_folder();
  outbox.send_files_with(file_parts());
  outbox.resume();
  wake_lanes();
  connect_buttons();
  live.resume();
  watches.resume();
  tool_approvals.resume();
}

void Gateway::Parts::tell_owners_today(const std::string& trouble, const OwnerNotices::Words& words) {
  owners.tell(trouble + ":" + domain::to_iso8601(domain::wall_clock_now()).substr(0, 10), words);
}

UpdateLoop::Options Gateway::Parts::polling_options(const Gateway& gateway, const telegram::Bot& bot) {
  auto options = gateway.options_.polling;
  options.webhook_fact = webhook_fact(gateway.settings_.telegram_root, bot.id);
  return options;
}

void Gateway::Parts::turn_stored(Lane lane) {
  turn_lanes.wake(lane);
  notices.turn_stored();
}

SenderEvents Gateway::Parts::sender_events(Gateway& gateway) {
  return {
      .token_refused =
          [&gateway](const std::string& words) {
            log::error("telegram.token_refused", {{"error", words}});
            gateway.end(configuration_status);
          },
      .undeliverable =
          [this](std::int64_t chat_id, const std::string& reason) {
            owners.tell(
                "undeliverable:" + std::to_string(chat_id),

                [&](wording::Language language) { return wording::undeliverable(language, chat_id, reason); },
                chat_id);
          },
      .buttons_sent =
          [this](const OutboxRow& row, std::int64_t message_id) {
            const auto markup = markup_of_payload(row.payload);
            if (markup) buttons.sent(*markup, row.to, message_id);
          },
      .chat_moved = [this](std::int64_t) { store.after_commit([this] { wake_lanes(); }); },
      .final_leaves = [this](Lane lane) { return live.let_draft_arrive(lane); },
      .sent = [this](Lane lane) { live.message_sent(lane); }};
}

void Gateway::Parts::connect_buttons() {
  live.use(buttons);
  live.show_only([this](std::int64_t person_id) { return people.role_of(person_id).has_value(); });
  buttons.on_setting([this](const Press& press) {
    const Setter setter{.chat_id = press.lane.chat_id,
                        .person_id = press.person.id,
                        .role = press.role,
                        .language = languages.of(press.person)};
    return ChatSettings(store).press(press.subject, setter, press.now);
  });
}

OutboxSender::FileParts Gateway::Parts::file_parts() {
  return {.send = [this](Lane to, FilesMessage message) { return file_sending.send(to, std::move(message)); },
          .as_words =
              [this](Lane to, const FilesMessage& message, const telegram::ApiError& error) {
                return plain_payloads(wording::files_not_sent(languages.of_lane(to), message, error)).front();
              }};
}

Attachments::Options Gateway::Parts::attachment_options(const Gateway& gateway) {
  return {.folder = gateway.settings_.home / "incoming-files",
          .most = file_limits(gateway.settings_).file_bytes,
          .timing = gateway.options_.files.timing};
}

void Gateway::Parts::wake_lanes() {
  for (const Lane lane : store.lanes_with_stored_turns()) turn_lanes.wake(lane);
  for (const Lane lane : store.lanes_with_edits()) edit_lanes.wake(lane);
  for (const std::int64_t chat_id : store.chats_with_controls()) control_lanes.wake({.chat_id = chat_id});
}

}  // namespace butler::gateway
