#include "gateway/poll_pause.hpp"

#include "domain/backoff.hpp"

namespace butler::gateway {

namespace {

using std::chrono::seconds;

constexpr domain::Backoff ordinary{seconds{1}, 2.0, seconds{30}};
constexpr domain::Backoff conflict{seconds{6}, 2.0, seconds{60}};  // at least half of it: 3 s
constexpr std::chrono::milliseconds flood_slack{500};
constexpr seconds long_poll{10};

}  // namespace

PollPause pause_after(const telegram::ApiError& error, int failures, std::chrono::milliseconds lasted,
                      double jitter) {
  if (error.token_refused()) return {.stop = true};
  if (error.error_code == 429) return {.wait = error.retry_after.value_or(seconds{1}) + flood_slack};
  if (error.error_code == 409) return {.wait = domain::retry_delay(conflict, failures, jitter)};
  const bool cut = error.kind == telegram::ApiError::Kind::unknown && lasted >= long_poll;
  if (cut && failures == 1) return {};
  return {.wait = domain::retry_delay(ordinary, failures, jitter)};
}

std::string explain_poll_error(const telegram::ApiError& error) {
  if (error.error_code == 409) {
    const bool webhook = error.description.find("webhook") != std::string::npos;
    if (webhook) {
      return "a webhook is set for this bot, so Telegram gives its updates to that address and not to us. "
             "Delete it "
             "(deleteWebhook) if Butler shall have them. Nothing is lost meanwhile.";
    }
    return "another program is polling with the same bot token. Stop the other one, or give this Butler a "
           "bot of its "
           "own. Nothing is lost meanwhile.";
  }
  if (error.token_refused()) {
    return "Telegram refuses the bot token (" + error.describe() +
           "). Check TELEGRAM_BOT_TOKEN with @BotFather, and TELEGRAM_API_ROOT if you changed it.";
  }
  return error.describe();
}

}  // namespace butler::gateway
