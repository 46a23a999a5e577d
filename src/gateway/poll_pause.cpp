#include "gateway/poll_pause.hpp"

namespace butler::gateway {

namespace {

using std::chrono::seconds;

constexpr seconds long_poll{10};

}  // namespace

PollPause pause_after(const telegram::ApiError& error, int failures, std::chrono::milliseconds lasted,
                      const PollTiming& timing, double jitter) {
  if (error.token_refused()) return {.stop = true};
  if (error.error_code == 429) return {.wait = error.retry_after.value_or(seconds{1}) + timing.flood_slack};
  if (error.error_code == 409) return {.wait = domain::retry_delay(timing.conflict, failures, jitter)};
  const bool cut = error.kind == telegram::ApiError::Kind::unknown && lasted >= long_poll;
  if (cut && failures == 1) return {};
  return {.wait = domain::retry_delay(timing.ordinary, failures, jitter)};
}

bool is_about_webhook(const telegram::ApiError& error) {
  return error.error_code == 409 && error.description.find("webhook") != std::string::npos;
}

std::string explain_webhook() { return wording::say(wording::Language::en, "polling.webhook_is_set"); }

std::string explain_conflict(wording::Language language, const telegram::ApiError& error) {
  return wording::say(language, is_about_webhook(error) ? "polling.webhook_is_set" : "polling.other_program");
}

std::string explain_poll_error(const telegram::ApiError& error) {
  if (error.error_code == 409) return explain_conflict(wording::Language::en, error);
  if (error.token_refused()) {
    return "Telegram refuses the bot token (" + error.describe() +
           "). Check TELEGRAM_BOT_TOKEN with @BotFather, and TELEGRAM_API_ROOT if you changed it.";
  }
  return error.describe();
}

}  // namespace butler::gateway
