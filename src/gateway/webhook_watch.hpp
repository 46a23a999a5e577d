#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "gateway/gateway_store.hpp"
#include "gateway/poll_health.hpp"
#include "gateway/poll_pause.hpp"
#include "gateway/webhook_listener.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Has Telegram deliver to our listener, and looks again and again whether it does.
class WebhookWatch {
 public:
  struct Options {
    std::chrono::milliseconds recheck{60'000};
    std::chrono::milliseconds silent_after{300'000};  ///< without an answer, nobody can say that we hear
    PollTiming timing = {};
  };

  /// `fact` is where the store remembers what we have set. `on_conflict` is called with what is
  /// different when somebody else keeps changing the webhook.
  WebhookWatch(telegram::BotApi& api, GatewayStore& store, const WebhookListener& listener,
               telegram::WebhookRequest wanted, std::string fact, Options options,
               std::function<void(const std::string&)> on_conflict)
      : api_(api),
        store_(store),
        listener_(listener),
        wanted_(std::move(wanted)),
        fact_(std::move(fact)),
        options_(options),
        on_conflict_(std::move(on_conflict)),
        health_(std::chrono::steady_clock::now(), options.silent_after) {}

  /// Runs until cancelled, or until Telegram refuses the token: the sentence about that is the result.
  boost::asio::awaitable<std::string> run();

  const PollHealth& health() const { return health_; }
  /// What Telegram said last; nullopt before the first time.
  const std::optional<telegram::WebhookState>& state() const { return state_; }

 private:
  /// How long to wait for the next look; nullopt when the token was refused.
  using Pause = std::optional<std::chrono::milliseconds>;

  boost::asio::awaitable<Pause> look();
  boost::asio::awaitable<Pause> set(std::string reason);
  Pause note_failure(const telegram::ApiError& error, const std::string& words);
  void judge(const telegram::WebhookState& state);

  telegram::BotApi& api_;
  GatewayStore& store_;
  const WebhookListener& listener_;
  telegram::WebhookRequest wanted_;
  std::string fact_;
  Options options_;
  std::function<void(const std::string&)> on_conflict_;
  PollHealth health_;
  std::optional<telegram::WebhookState> state_;
  std::string refusal_;
  std::string told_trouble_;
  int times_set_ = 0;  ///< in a row
};

}  // namespace butler::gateway
