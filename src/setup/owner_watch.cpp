#include "setup/owner_watch.hpp"

#include <algorithm>

#include "async/event.hpp"

namespace butler::setup {

namespace {

using std::chrono::steady_clock;

/// Of one getUpdates: Telegram's limit.
constexpr std::size_t largest_batch = 100;
/// A poll may be cut by a network that comes and goes; after so many in a row the person decides.
constexpr int failures_until_told = 3;

Trouble too_many_wait() {
  return {.kind = Trouble::Kind::refused,
          .text =
              "a hundred messages or more wait for this bot, so that a code behind them cannot be seen: type "
              "your id instead"};
}

std::optional<Owner> find_owner(const telegram::UpdateBatch& batch, OwnerCode& code, const Bot& bot) {
  for (const auto& raw : batch.updates) {
    const auto update = telegram::decode_update(raw.json);
    if (!update) continue;  // whatever it is, it is not the code; the gateway will say so in its log
    if (auto owner = code.present(*update, bot.username, domain::wall_clock_now())) return owner;
  }
  return std::nullopt;
}

json::Object welcome() {
  return telegram::message_payload(
      "You are my owner now. When Butler runs, write to me what you want done, or /help.", {}, std::nullopt);
}

}  // namespace

Trouble explain_failed_poll(const telegram::ApiError& error) {
  if (error.error_code == 409 && error.description.find("webhook") != std::string::npos) {
    return {.kind = Trouble::Kind::refused,
            .text =
                "a webhook is set for this bot, so that Telegram gives its messages to that address: delete "
                "it (deleteWebhook), or type your id instead"};
  }
  if (error.error_code == 409) {
    return {.kind = Trouble::Kind::refused,
            .text =
                "another program reads this bot's messages, perhaps a Butler that runs: stop it, or type "
                "your id instead"};
  }
  if (error.token_refused())
    return {.kind = Trouble::Kind::refused, .text = "Telegram refuses the bot's token: " + error.describe()};
  return {.text = "Telegram does not answer: " + error.describe()};
}

boost::asio::awaitable<Outcome<Owner>> watch_for_owner(telegram::BotApi& api, Bot bot, OwnerCode code,
                                                       OwnerWatchTiming timing) {
  const auto end = steady_clock::now() + timing.lifetime;
  int failures = 0;
  while (steady_clock::now() < end) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(end - steady_clock::now());
    const auto wait = std::min(timing.poll, left);
    const auto batch = co_await api.get_updates(0, wait, wait + timing.patience);
    if (!batch) {
      const auto trouble = explain_failed_poll(batch.error());
      if (trouble.kind == Trouble::Kind::refused || ++failures >= failures_until_told)
        co_return std::unexpected(trouble);
      co_await async::sleep_for(timing.pause);
      continue;
    }
    failures = 0;
    if (const auto owner = find_owner(*batch, code, bot)) {
      auto text = welcome();
      // Without this word they are the owner all the same.
      [[maybe_unused]] const auto told = co_await api.send(owner->id, std::nullopt, std::move(text));
      co_return *owner;
    }
    if (batch->updates.size() >= largest_batch) co_return std::unexpected(too_many_wait());
    if (!batch->updates.empty() || batch->unreadable > 0) co_await async::sleep_for(timing.pause);
  }
  co_return std::unexpected(Trouble{.text = "the code was not sent in time"});
}

}  // namespace butler::setup
