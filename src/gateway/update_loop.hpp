#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "gateway/flood_control.hpp"
#include "gateway/gateway_store.hpp"
#include "gateway/intake.hpp"
#include "gateway/poll_health.hpp"
#include "gateway/poll_pause.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Long-polls for updates. A batch is committed to the inbox before the next call confirms it. A webhook that
/// this gateway has set itself, in an earlier start, is taken away; while another one is set it does not
/// poll, and waits for that one to go.
class UpdateLoop {
 public:
  struct Options {
    std::chrono::seconds poll_timeout{50};
    std::chrono::milliseconds patience{15'000};     ///< the connection may be slower than Telegram's timeout
    std::chrono::milliseconds deaf_after{120'000};  ///< without a completed poll the connection is made anew
    std::chrono::milliseconds webhook_recheck{60'000};
    PollTiming timing = {};
    std::string webhook_fact = {};  ///< where the store remembers the webhook that we have set ourselves
  };

  /// `on_conflict` is called when somebody else keeps polling with our token.
  UpdateLoop(telegram::BotApi& api, GatewayStore& store, Intake& intake, FloodControl& flood, Options options,
             std::function<void(const telegram::ApiError&)> on_conflict)
      : api_(api),
        store_(store),
        intake_(intake),
        flood_(flood),
        options_(options),
        on_conflict_(std::move(on_conflict)),
        health_(std::chrono::steady_clock::now(), options.deaf_after) {}

  /// Runs until cancelled, or until Telegram refuses the token: the sentence about that is the result.
  boost::asio::awaitable<std::string> run();

  const PollHealth& health() const { return health_; }
  /// How many updates waited at Telegram when polling began.
  std::int64_t pending_at_start() const { return pending_at_start_; }

 private:
  boost::asio::awaitable<void> wait_for_webhook_to_go();
  boost::asio::awaitable<void> take_webhook_away();
  bool is_ours(const telegram::WebhookState& webhook);
  std::chrono::seconds poll_timeout() const;
  std::chrono::milliseconds patience(std::chrono::seconds timeout, PollHealth::Time now) const;
  void hear(const telegram::UpdateBatch& batch);
  void note_failure(const telegram::ApiError& error, const PollPause& pause);
  /// True when the batch is on disk.
  bool keep(const telegram::UpdateBatch& batch);

  telegram::BotApi& api_;
  GatewayStore& store_;
  Intake& intake_;
  FloodControl& flood_;
  Options options_;
  std::function<void(const telegram::ApiError&)> on_conflict_;
  PollHealth health_;
  std::int64_t pending_at_start_ = 0;
  bool said_deaf_ = false;
  int conflicts_ = 0;  ///< in a row
};

}  // namespace butler::gateway
