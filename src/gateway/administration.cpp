#include "gateway/administration.hpp"

#include <charconv>
#include <utility>
#include <vector>

#include "domain/utf8.hpp"
#include "gateway/describe.hpp"
#include "log/log.hpp"

namespace butler::gateway {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t letters_shown = 200;
constexpr std::size_t longest_request_excerpt = 200;

json::Object polling_state(const PollHealth& polling) {
  const auto now = steady_clock::now();
  const std::string trouble = polling.trouble(now);
  json::Object state{{"ok", trouble.empty()}, {"ageMs", polling.age(now).count()}};
  if (!trouble.empty()) state["trouble"] = trouble;
  return state;
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
  const json::Object polling = polling_state(gateway.updates.health());
  const bool hears = polling.at("ok").as_bool();
  return {{"ok", hears && !gateway.orchestrator_away},
          {"bot", json::Object{{"id", gateway.bot.id}, {"username", gateway.bot.username}}},
          {"polling", polling},
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

/// Counters that follow counts of ours.
class CountMetrics {
 public:
  explicit CountMetrics(metrics::Registry& registry)
      : sent_(registry.counter({"butler_telegram_messages_sent_total", "Messages that Telegram took."})),
        retries_(registry.counter({"butler_telegram_retries_total", "Sends that are tried again."})),
        floods_(registry.counter({"butler_telegram_flood_refusals_total", "Answers 429."})),
        uncertain_(registry.counter(
            {"butler_telegram_uncertain_total", "Sends of which nobody knows whether they arrived."})),
        entities_(registry.counter(
            {"butler_telegram_entities_refused_total", "Messages that went out as plain text instead."})),
        texts_(registry.counter(
            {"butler_telegram_texts_refused_total", "Messages that went out as a file instead."})),
        topics_(registry.counter(
            {"butler_telegram_topics_gone_total", "Messages that went out beside their deleted topic."})),
        dead_(registry.counter({"butler_telegram_dead_total", "Messages that Telegram will never take."})) {}

  void follow(const DeliveryCounts& counts) {
    const auto to = [](metrics::Counter& counter, std::int64_t value) {
      counter.add(static_cast<double>(value) - counter.value());
    };
    to(sent_, counts.sent);
    to(retries_, counts.retries);
    to(floods_, counts.flood_refusals);
    to(uncertain_, counts.uncertain);
    to(entities_, counts.entities_refused);
    to(texts_, counts.texts_refused);
    to(topics_, counts.topics_gone);
    to(dead_, counts.dead);
  }

 private:
  metrics::Counter& sent_;
  metrics::Counter& retries_;
  metrics::Counter& floods_;
  metrics::Counter& uncertain_;
  metrics::Counter& entities_;
  metrics::Counter& texts_;
  metrics::Counter& topics_;
  metrics::Counter& dead_;
};

/// Gauges that are read before each text.
class StateMetrics {
 public:
  explicit StateMetrics(metrics::Registry& registry)
      : poll_age_(registry.gauge({"butler_poll_age_seconds", "Since the last completed getUpdates."})),
        hears_(registry.gauge({"butler_polling_ok", "1 while updates reach us."})),
        pending_(registry.gauge(
            {"butler_telegram_pending_updates", "Updates that waited at Telegram when polling began."})),
        inbox_(registry.gauge({"butler_inbox_depth", "Updates that are not dealt with."})),
        turns_(registry.gauges({"butler_turns", "Requests without an end, by state.", {"state"}})),
        outbox_(registry.gauge({"butler_outbox_depth", "Messages still to be sent."})),
        parked_(registry.gauge({"butler_parked_chats", "Chats that take nothing from us."})),
        dead_letters_(registry.gauge({"butler_dead_letters", "Messages that were given up."})) {}

  void read(const Administered& gateway) {
    const auto now = steady_clock::now();
    const PollHealth& polling = gateway.updates.health();
    const StoreDepths depths = gateway.store.depths();
    poll_age_.set(std::chrono::duration<double>(polling.age(now)).count());
    hears_.set(polling.trouble(now).empty() ? 1 : 0);
    pending_.set(static_cast<double>(gateway.updates.pending_at_start()));
    inbox_.set(static_cast<double>(depths.inbox));
    turns_.with({"stored"}).set(static_cast<double>(depths.stored_turns));
    turns_.with({"open"}).set(static_cast<double>(depths.open_turns));
    outbox_.set(static_cast<double>(depths.outbox));
    parked_.set(static_cast<double>(depths.parked_chats));
    dead_letters_.set(static_cast<double>(depths.dead_letters));
  }

 private:
  metrics::Gauge& poll_age_;
  metrics::Gauge& hears_;
  metrics::Gauge& pending_;
  metrics::Gauge& inbox_;
  metrics::Family<metrics::Gauge>& turns_;
  metrics::Gauge& outbox_;
  metrics::Gauge& parked_;
  metrics::Gauge& dead_letters_;
};

void add_metrics(metrics::Registry& registry, const FindAdministered& find) {
  registry.before_text([find, counts = CountMetrics(registry), state = StateMetrics(registry)]() mutable {
    const auto gateway = find();
    if (!gateway) return;
    counts.follow(gateway->outbox.counts());
    state.read(*gateway);
  });
}

}  // namespace

http::Response not_started() {
  return admin::error_response(503, "starting", "Telegram has not told yet which bot this is");
}

void add_admin_routes(admin::AdminSocket& socket, metrics::Registry& registry, FindAdministered find) {
  socket.add(admin::health_route("gateway", [find] {
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
