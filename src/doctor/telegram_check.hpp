#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "doctor/finding.hpp"
#include "telegram/bot_api.hpp"

/// The checks `telegram`, `webhook` and `pollers`: their judgements. Pure.
namespace butler::doctor {

struct TokenFacts {
  std::string root = {};                         ///< where the Bot API is
  std::optional<telegram::Bot> bot = {};         ///< who Telegram says we are
  std::optional<telegram::ApiError> error = {};  ///< why it says nothing
};

Finding judge_token(const TokenFacts& facts);

struct WebhookFacts {
  std::string url = {};  ///< "" for none
  std::int64_t pending_updates = 0;
  std::optional<telegram::ApiError> error = {};
  std::string wanted = {};         ///< TG_WEBHOOK_URL; "" when Butler polls
  std::string last_error = {};     ///< Telegram's words; "" when it is old, or there was none
  std::optional<int> answer = {};  ///< the status that the address gives to a stranger, if it was asked
  std::string unreachable = {};    ///< why there was none
};

/// What is wrong has no fix of its own yet.
Finding judge_webhook(const WebhookFacts& facts);

struct PollerFacts {
  bool gateway_runs = false;  ///< our own: a second poll would disturb it
  bool webhook = false;
  std::optional<telegram::ApiError> error = {};  ///< of a short poll
};

Finding judge_pollers(const PollerFacts& facts);

}  // namespace butler::doctor
