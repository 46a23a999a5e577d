#include "doctor/telegram_check.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <utility>

#include "doctor/checks.hpp"
#include "domain/timestamp.hpp"
#include "http/client.hpp"

namespace butler::doctor {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds poll_wait{6};
constexpr std::chrono::seconds poll_patience{12};
constexpr int conflict = 409;
constexpr int unauthorized = 401;
constexpr std::chrono::seconds address_patience{8};
/// Telegram keeps the last error for ever.
constexpr std::chrono::minutes error_counts{5};

std::optional<http::Url> telegram_root(const config::GatewaySettings& settings) {
  return http::Url::parse(settings.telegram_root);
}

std::string reach_command(const std::string& root) {
  return "curl -sS -o /dev/null -w '%{http_code}\\n' " + shell_word(root + "/");
}

/// Host and path may tell a secret of somebody's; the host alone says whose it is.
std::string host_of(const std::string& url) {
  const auto parsed = http::Url::parse(url);
  return parsed ? parsed->host : "an address that is none";
}

/// In a context of its own: a fix runs when the checks are over.
std::expected<std::string, std::string> remove_webhook(const http::Url& root, const config::Secret& token) {
  asio::io_context io{1};
  telegram::BotApi api(io.get_executor(), root, token);
  auto done = asio::co_spawn(io, api.delete_webhook(), asio::use_future);
  // The timers of idle connections must not hold it up.
  while (done.wait_for(std::chrono::seconds{0}) != std::future_status::ready && io.run_one() > 0) {
  }
  const auto result = done.get();
  if (!result) return std::unexpected("the webhook stays: " + result.error().describe());
  return "The webhook is taken away; the updates that wait there are kept.";
}

/// The command shows what a stranger gets: 401 is right.
std::string look_command(const std::string& url) {
  return "curl -sS -X POST -o /dev/null -w '%{http_code}\\n' " + shell_word(url);
}

/// With TG_WEBHOOK_URL: Telegram shall deliver there, and it shall be ours.
Finding judge_our_webhook(const WebhookFacts& facts) {
  const std::string host = host_of(facts.wanted);
  const std::string waiting = std::to_string(facts.pending_updates) + " wait";
  if (facts.url.empty()) {
    return doubtful("No webhook is set, and TG_WEBHOOK_URL names one at " + host + ".",
                    "The gateway sets it as soon as it runs.", "butler logs gateway");
  }
  if (!telegram::same_webhook_url(facts.url, facts.wanted)) {
    return wrong("A webhook at " + host_of(facts.url) + " takes the bot's updates (" + waiting +
                     "), and TG_WEBHOOK_URL is another, at " + host + ".",
                 "The gateway sets its own as soon as it runs; whatever set the other one is stopped.",
                 "butler logs gateway");
  }
  if (facts.answer && *facts.answer != unauthorized) {
    return wrong("The webhook's address at " + host + " answers a stranger with " +
                     std::to_string(*facts.answer) + " instead of 401: it does not lead to Butler.",
                 "Its proxy passes TG_WEBHOOK_URL on to TG_WEBHOOK_HOST and TG_WEBHOOK_PORT, path included.",
                 look_command(facts.wanted));
  }
  if (!facts.last_error.empty() && facts.pending_updates > 0) {
    return wrong(
        "Telegram cannot deliver updates to " + host + " (" + waiting + "): " + as_sentence(facts.last_error),
        "Telegram reaches the address, and its certificate is one that Telegram trusts.",
        look_command(facts.wanted));
  }
  if (!facts.unreachable.empty()) {
    return doubtful("The webhook's address at " + host +
                        " cannot be reached from here: " + as_sentence(facts.unreachable),
                    "It is reached from everywhere; Telegram has no complaint.", look_command(facts.wanted));
  }
  return all_well("Telegram delivers updates to " + host + " (" + waiting + ").");
}

}  // namespace

Finding judge_token(const TokenFacts& facts) {
  if (facts.bot) {
    return all_well("Telegram takes the token: it is @" + facts.bot->username + " (" +
                    std::to_string(facts.bot->id) + ").");
  }
  const std::string why = facts.error ? facts.error->describe() : "no answer";
  if (facts.error && facts.error->token_refused()) {
    return wrong("Telegram refuses the bot's token: " + why + ".",
                 "TELEGRAM_BOT_TOKEN is the one that @BotFather shows with /token.", "butler setup");
  }
  return wrong("Telegram cannot be asked at " + facts.root + ": " + why + ".", "This machine reaches it.",
               reach_command(facts.root));
}

Finding judge_webhook(const WebhookFacts& facts) {
  if (facts.error) return left_out("Telegram gives no answer: " + facts.error->describe() + ".");
  if (!facts.wanted.empty()) return judge_our_webhook(facts);
  if (facts.url.empty()) return all_well("No webhook is set: updates come by polling.");
  return wrong("A webhook at " + host_of(facts.url) + " takes the bot's updates (" +
                   std::to_string(facts.pending_updates) + " wait): Butler hears nothing.",
               "No webhook is set. Whoever serves that address loses the bot with it.",
               "butler doctor --only webhook --fix");
}

Finding judge_pollers(const PollerFacts& facts) {
  if (facts.gateway_runs)
    return left_out("Our own gateway polls; it says itself when somebody else does, too (check roles).");
  if (facts.webhook) return left_out("A webhook is set: nobody can poll (check webhook).");
  if (!facts.error) return all_well("Nobody else polls for this bot.");
  if (facts.error->error_code == conflict) {
    return wrong("Somebody else polls for this bot: " + facts.error->describe() + ".",
                 "One program has the bot's token. Stop the other one, on whichever machine it runs, or take "
                 "the token away from it: @BotFather, /revoke.",
                 "ps -eo pid,user,args | grep -i '[b]utler gateway\\|[t]elegram'");
  }
  return left_out("Telegram gives no answer: " + facts.error->describe() + ".");
}

asio::awaitable<Findings> check_telegram(const Context& context) {
  if (!context.gateway) co_return Findings{left_out("The gateway's configuration is wrong.")};
  const auto root = telegram_root(*context.gateway);
  if (!root) co_return Findings{left_out("TELEGRAM_API_ROOT is no address.")};
  telegram::BotApi api(context.executor, *root, context.gateway->bot_token);
  TokenFacts facts{.root = context.gateway->telegram_root};
  auto bot = co_await api.get_me();
  if (bot) {
    facts.bot = std::move(*bot);
  } else {
    facts.error = std::move(bot.error());
  }
  co_return Findings{judge_token(facts)};
}

/// As a stranger, while our gateway runs. Not where the certificate is our own: it need not be one that this
/// machine trusts.
asio::awaitable<void> ask_address(const Context& context, WebhookFacts& facts) {
  const auto url = http::Url::parse(facts.wanted);
  if (!url || !context.gateway->webhook.certificate.empty()) co_return;
  const auto health = co_await health_of(context, "gateway");
  if (!health.listens()) co_return;
  http::Client client(context.executor, http::Url{.tls = url->tls, .host = url->host, .port = url->port});
  http::Request request{.head = {.method = "POST", .target = url->path.empty() ? "/" : url->path}};
  const auto answer = co_await client.send(std::move(request), address_patience);
  if (answer) {
    facts.answer = answer->status;
  } else {
    facts.unreachable = answer.error().message;
  }
}

asio::awaitable<Findings> check_webhook(const Context& context) {
  if (!context.gateway) co_return Findings{left_out("The gateway's configuration is wrong.")};
  const auto root = telegram_root(*context.gateway);
  if (!root) co_return Findings{left_out("TELEGRAM_API_ROOT is no address.")};
  telegram::BotApi api(context.executor, *root, context.gateway->bot_token);
  WebhookFacts facts;
  const auto state = co_await api.get_webhook_info();
  if (state) {
    facts.url = state->url;
    facts.pending_updates = state->pending_updates;
    const domain::Timestamp failed{std::chrono::seconds{state->last_error_at}};
    if (domain::wall_clock_now() - failed < error_counts) facts.last_error = state->last_error;
  } else {
    facts.error = state.error();
  }
  facts.wanted = context.gateway->webhook.url;
  if (!facts.wanted.empty()) {
    co_await ask_address(context, facts);
    co_return Findings{judge_webhook(facts)};
  }
  auto finding = judge_webhook(facts);
  if (!facts.url.empty()) {
    finding.fix = [root = *root, token = context.gateway->bot_token] { return remove_webhook(root, token); };
    finding.fix_when = FixWhen::named;
  }
  Findings findings;
  findings.push_back(std::move(finding));
  co_return findings;
}

asio::awaitable<Findings> check_pollers(const Context& context) {
  if (!context.gateway) co_return Findings{left_out("The gateway's configuration is wrong.")};
  const auto root = telegram_root(*context.gateway);
  if (!root) co_return Findings{left_out("TELEGRAM_API_ROOT is no address.")};
  PollerFacts facts;
  const auto health = co_await health_of(context, "gateway");
  facts.gateway_runs = health.listens();
  if (facts.gateway_runs) co_return Findings{judge_pollers(facts)};
  telegram::BotApi api(context.executor, *root, context.gateway->bot_token);
  const auto state = co_await api.get_webhook_info();
  facts.webhook = state && !state->url.empty();
  if (!facts.webhook) {
    // Offset 0 confirms nothing: the updates stay for the gateway. Another program that polls is disturbed
    // for a moment and polls again, which ends our poll with a 409.
    const auto batch = co_await api.get_updates(0, poll_wait, poll_patience);
    if (!batch) facts.error = batch.error();
  }
  co_return Findings{judge_pollers(facts)};
}

}  // namespace butler::doctor
