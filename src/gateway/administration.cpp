#include "gateway/administration.hpp"

#include <array>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include "domain/utf8.hpp"
#include "gateway/describe.hpp"
#include "gateway/webhook_plan.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t letters_shown = 200;
constexpr std::size_t longest_request_excerpt = 200;

const PollHealth& hearing(const Administered& gateway) {
  return gateway.webhook != nullptr ? gateway.webhook->health() : gateway.updates.health();
}

json::Object hearing_state(const PollHealth& hearing) {
  const auto now = steady_clock::now();
  const std::string trouble = hearing.trouble(now);
  json::Object state{{"ok", trouble.empty()}, {"ageMs", hearing.age(now).count()}};
  if (!trouble.empty()) state["trouble"] = trouble;
  return state;
}

/// The webhook as Telegram sees it, and what came through it.
json::Object webhook_state(const Webhook& webhook) {
  json::Object state = hearing_state(webhook.health());
  state["updates"] = webhook.counts().taken;
  state["strangers"] = webhook.counts().strangers;
  if (const auto last = webhook.last_taken()) state["lastUpdateAt"] = domain::to_iso8601(*last);
  const auto& there = webhook.state();
  if (!there) return state;
  state["host"] = webhook_host(there->url);
  state["pendingUpdates"] = there->pending_updates;
  if (there->last_error_at == 0) return state;
  state["lastError"] = there->last_error;
  state["lastErrorAt"] = domain::to_iso8601(domain::Timestamp{std::chrono::seconds{there->last_error_at}});
  return state;
}

std::int64_t pending_updates(const Administered& gateway) {
  if (gateway.webhook == nullptr) return gateway.updates.pending_at_start();
  const auto& there = gateway.webhook->state();
  return there ? there->pending_updates : 0;
}

json::Array parked(const std::vector<ParkedChat>& chats) {
  json::Array list;
  for (const ParkedChat& chat : chats) {
    list.push_back(json::Object{
        {"chatId", chat.chat_id}, {"reason", chat.reason}, {"since", domain::to_iso8601(chat.parked_at)}});
  }
  return list;
}

json::Object health(const Administered& gateway) {
  const StoreDepths depths = gateway.store.depths();
  const bool polls = gateway.webhook == nullptr;
  const json::Object state = polls ? hearing_state(hearing(gateway)) : webhook_state(*gateway.webhook);
  const bool hears = state.at("ok").as_bool();
  return {{"ok", hears && !gateway.orchestrator_away},
          {"bot", json::Object{{"id", gateway.bot.id}, {"username", gateway.bot.username}}},
          {polls ? "polling" : "webhook", state},
          {"orchestrator", json::Object{{"reachable", !gateway.orchestrator_away}}},
          {"inbox", depths.inbox},
          {"storedTurns", depths.stored_turns},
          {"openTurns", depths.open_turns},
          {"outbox", depths.outbox},
          {"parkedChats", parked(gateway.store.parked_chats())},
          {"deadLetters", depths.dead_letters}};
}

std::string excerpt(const std::string& payload) {
  const auto value = json::parse(payload);
  if (!value) return "";
  if (const auto files = value->is_object() ? files_message(value->get_object()) : std::nullopt) {
    std::string names;
    for (const OutgoingFile& file : files->files) names += (names.empty() ? "" : ", ") + file.name;
    return domain::shorten(names, longest_request_excerpt);
  }
  const json::Value* document = json::find(*value, "document");
  const auto text = document ? json::find_string(*document, "content") : json::find_string(*value, "text");
  return domain::shorten(text, longest_request_excerpt);
}

json::Object letter(const DeadLetter& dead) {
  json::Object shown{{"id", dead.id},
                     {"source", dead.source},
                     {"part", dead.part},
                     {"kind", domain::enum_name(dead.kind)},
                     {"chatId", dead.to.chat_id},
                     {"state", domain::enum_name(dead.state)},
                     {"reason", dead.reason},
                     {"text", excerpt(dead.payload)},
                     {"givenUpAt", domain::to_iso8601(dead.given_up_at)}};
  if (dead.to.thread_id) shown["threadId"] = *dead.to.thread_id;
  return shown;
}

http::Response list_dead_letters(const Administered& gateway) {
  json::Array list;
  for (const DeadLetter& dead : gateway.store.dead_letters(letters_shown)) list.push_back(letter(dead));
  return admin::json_response(200, json::Object{{"deadLetters", std::move(list)}});
}

http::Response no_such_letter() {
  return admin::error_response(404, "not_found", "there is no dead letter of that id");
}

http::Response retry_dead_letter(const Administered& gateway, std::int64_t id) {
  const auto chat_id = gateway.store.retry_dead_letter(id, domain::wall_clock_now());
  if (!chat_id) return no_such_letter();
  log::info("outbox.dead_letter_retried", {{"row", id}, {"chat", *chat_id}});
  gateway.outbox.wake(*chat_id);
  return admin::json_response(200, json::Object{{"id", id}, {"chatId", *chat_id}});
}

http::Response discard_dead_letter(const Administered& gateway, std::int64_t id) {
  if (!gateway.store.discard_dead_letter(id, domain::wall_clock_now())) return no_such_letter();
  log::info("outbox.dead_letter_discarded", {{"row", id}});
  return admin::json_response(200, json::Object{{"id", id}});
}

using OnLetter = http::Response (*)(const Administered&, std::int64_t);

/// POST /dead-letters/:id/<action>.
admin::Route letter_route(const std::string& action, const FindAdministered& find, OnLetter act) {
  return {.method = "POST",
          .path = "/dead-letters/:id/" + action,
          .handler = [find, act](const admin::Call& call) {
            const auto gateway = find();
            if (!gateway) return not_started();
            const std::string& text = call.parameters.front();
            std::int64_t id = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
            if (error != std::errc{} || end != text.data() + text.size()) return no_such_letter();
            return act(*gateway, id);
          }};
}

void follow_count(metrics::Counter& counter, std::int64_t value) {
  counter.add(static_cast<double>(value) - counter.value());
}

/// A metric that follows a count of ours.
template <class Counts>
struct Followed {
  const char* name;
  const char* help;
  std::int64_t Counts::* count;
};

constexpr std::array deliveries_followed{
    Followed<DeliveryCounts>{"butler_telegram_messages_sent_total", "Messages that Telegram took.",
                             &DeliveryCounts::sent},
    Followed<DeliveryCounts>{"butler_telegram_retries_total", "Sends that are tried again.",
                             &DeliveryCounts::retries},
    Followed<DeliveryCounts>{"butler_telegram_flood_refusals_total", "Answers 429.",
                             &DeliveryCounts::flood_refusals},
    Followed<DeliveryCounts>{"butler_telegram_uncertain_total",
                             "Sends of which nobody knows whether they arrived.", &DeliveryCounts::uncertain},
    Followed<DeliveryCounts>{"butler_telegram_entities_refused_total",
                             "Messages that went out as plain text instead.",
                             &DeliveryCounts::entities_refused},
    Followed<DeliveryCounts>{"butler_telegram_texts_refused_total",
                             "Messages that went out as a file instead.", &DeliveryCounts::texts_refused},
    Followed<DeliveryCounts>{"butler_telegram_topics_gone_total",
                             "Messages that went out beside their deleted topic.",
                             &DeliveryCounts::topics_gone},
    Followed<DeliveryCounts>{"butler_telegram_files_refused_total",
                             "Files that Telegram did not take as they were.",
                             &DeliveryCounts::files_refused},
    Followed<DeliveryCounts>{"butler_telegram_dead_total", "Messages that Telegram will never take.",
                             &DeliveryCounts::dead},
};

/// The same of the files that people send.
constexpr std::array attachments_followed{
    Followed<AttachmentCounts>{"butler_attachments_total", "Files of people that reached their jobs.",
                               &AttachmentCounts::handed_over},
    Followed<AttachmentCounts>{"butler_attachment_bytes_total", "Bytes of the files that reached their jobs.",
                               &AttachmentCounts::bytes},
    Followed<AttachmentCounts>{"butler_attachments_missing_total",
                               "Files of people that did not reach their jobs.", &AttachmentCounts::missing},
    Followed<AttachmentCounts>{"butler_attachment_retries_total", "Downloads that are tried again.",
                               &AttachmentCounts::retries},
};

/// And of what is shown of running jobs, by its label.
constexpr std::array<std::pair<const char*, std::int64_t LiveCounts::*>, 5> previews_followed{{
    {"draft", &LiveCounts::drafts},
    {"message", &LiveCounts::messages},
    {"edit", &LiveCounts::edits},
    {"dropped", &LiveCounts::dropped},
    {"failed", &LiveCounts::failures},
}};

/// The counters of a table.
template <class Counts>
class CountMetrics {
 public:
  CountMetrics(metrics::Registry& registry, std::span<const Followed<Counts>> table) : table_(table) {
    for (const Followed<Counts>& one : table) {
      counters_.push_back(&registry.counter({.name = one.name, .help = one.help}));
    }
  }

  void follow(const Counts& counts) {
    for (std::size_t i = 0; i < table_.size(); ++i) follow_count(*counters_[i], counts.*table_[i].count);
  }

 private:
  std::span<const Followed<Counts>> table_;
  std::vector<metrics::Counter*> counters_;
};

/// Gauges that are read before each text.
class StateMetrics {
 public:
  explicit StateMetrics(metrics::Registry& registry)
      : poll_age_(
            registry.gauge({"butler_poll_age_seconds",
                            "Since the last completed getUpdates, or the last look at a webhook without "
                            "trouble."})),
        hears_(registry.gauge({"butler_polling_ok", "1 while updates reach us."})),
        pending_(registry.gauge(
            {"butler_telegram_pending_updates",
             "Updates that wait at Telegram: when polling began, or when the webhook was last looked at."})),
        requests_(registry.counters({"butler_webhook_requests_total",
                                     "Requests to the webhook's listener, by what became of them.",
                                     {"outcome"}})),
        inbox_(registry.gauge({"butler_inbox_depth", "Updates that are not dealt with."})),
        turns_(registry.gauges({"butler_turns", "Requests without an end, by state.", {"state"}})),
        outbox_(registry.gauge({"butler_outbox_depth", "Messages still to be sent."})),
        parked_(registry.gauge({"butler_parked_chats", "Chats that take nothing from us."})),
        dead_letters_(registry.gauge({"butler_dead_letters", "Messages that were given up."})) {}

  void read(const Administered& gateway) {
    const auto now = steady_clock::now();
    const PollHealth& polling = hearing(gateway);
    const StoreDepths depths = gateway.store.depths();
    poll_age_.set(std::chrono::duration<double>(polling.age(now)).count());
    hears_.set(polling.trouble(now).empty() ? 1 : 0);
    pending_.set(static_cast<double>(pending_updates(gateway)));
    if (gateway.webhook != nullptr) read_requests(gateway.webhook->counts());
    inbox_.set(static_cast<double>(depths.inbox));
    turns_.with({"stored"}).set(static_cast<double>(depths.stored_turns));
    turns_.with({"open"}).set(static_cast<double>(depths.open_turns));
    outbox_.set(static_cast<double>(depths.outbox));
    parked_.set(static_cast<double>(depths.parked_chats));
    dead_letters_.set(static_cast<double>(depths.dead_letters));
  }

 private:
  void read_requests(const WebhookCounts& counts) {
    const auto to = [this](const char* outcome, std::int64_t value) {
      follow_count(requests_.with({outcome}), value);
    };
    to("taken", counts.taken);
    to("stranger", counts.strangers);
    to("refused", counts.refused);
    to("unavailable", counts.unavailable);
  }

  metrics::Gauge& poll_age_;
  metrics::Gauge& hears_;
  metrics::Gauge& pending_;
  metrics::Family<metrics::Counter>& requests_;
  metrics::Gauge& inbox_;
  metrics::Family<metrics::Gauge>& turns_;
  metrics::Gauge& outbox_;
  metrics::Gauge& parked_;
  metrics::Gauge& dead_letters_;
};

void add_metrics(metrics::Registry& registry, const FindAdministered& find) {
  auto& previews = registry.counters(
      {"butler_telegram_previews_total", "What was shown of running jobs, and what was not.", {"what"}});
  registry.before_text([find, &previews,
                        deliveries = CountMetrics<DeliveryCounts>(registry, deliveries_followed),
                        attachments = CountMetrics<AttachmentCounts>(registry, attachments_followed),
                        state = StateMetrics(registry)]() mutable {
    const auto gateway = find();
    if (!gateway) return;
    const LiveCounts& live = gateway->live.counts();
    DeliveryCounts counts = gateway->outbox.counts();
    counts.flood_refusals += live.flood_refusals;
    deliveries.follow(counts);
    attachments.follow(gateway->attachments.counts());
    for (const auto& [what, count] : previews_followed) follow_count(previews.with({what}), live.*count);
    state.read(*gateway);
  });
}

}  // namespace

http::Response not_started() {
  return admin::error_response(503, "starting", "Telegram has not told yet which bot this is");
}

void add_admin_routes(admin::AdminSocket& socket, metrics::Registry& registry, FindAdministered find,
                      std::function<bool()> is_standby) {
  socket.add(admin::health_route("gateway", [find, is_standby = std::move(is_standby)] {
    if (is_standby()) return json::Object{{"ok", true}, {"standby", true}};
    const auto gateway = find();
    if (!gateway) return json::Object{{"ok", false}, {"starting", true}};
    return health(*gateway);
  }));
  add_metrics(registry, find);
  socket.add(admin::metrics_route(registry));
  socket.add({.method = "GET", .path = "/dead-letters", .handler = [find](const admin::Call&) {
                const auto gateway = find();
                return gateway ? list_dead_letters(*gateway) : not_started();
              }});
  socket.add(letter_route("retry", find, retry_dead_letter));
  socket.add(letter_route("discard", find, discard_dead_letter));
}

}  // namespace butler::gateway
