#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "gateway/gateway_store.hpp"
#include "gateway/intake.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// Long-polls for updates. A batch is committed to the inbox before the next call confirms it.
class UpdateLoop {
 public:
  UpdateLoop(telegram::BotApi& api, GatewayStore& store, Intake& intake,
             std::chrono::seconds poll_timeout = std::chrono::seconds{50})
      : api_(api), store_(store), intake_(intake), poll_timeout_(poll_timeout) {}

  /// Runs until cancelled, or until Telegram refuses the token: the sentence about that is the result.
  boost::asio::awaitable<std::string> run();

 private:
  /// True when the batch is on disk.
  bool keep(const telegram::UpdateBatch& batch);

  telegram::BotApi& api_;
  GatewayStore& store_;
  Intake& intake_;
  std::chrono::seconds poll_timeout_;
};

}  // namespace butler::gateway
