#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "setup/outside.hpp"
#include "setup/owner_code.hpp"
#include "telegram/bot_api.hpp"

namespace butler::setup {

struct OwnerWatchTiming {
  std::chrono::steady_clock::duration lifetime = std::chrono::minutes{10};
  std::chrono::seconds poll = std::chrono::seconds{20};
  std::chrono::milliseconds patience = std::chrono::seconds{15};  ///< beyond the poll
  /// Between polls that come back at once, because updates wait that are not ours to take.
  std::chrono::milliseconds pause = std::chrono::seconds{1};
};

/// What a failed poll means for the person; a part of a sentence.
Trouble explain_failed_poll(const telegram::ApiError& error);

/// Polls the bot until the code comes or its time is over, and tells its sender that they are the owner.
/// Never confirms an update, not even the code's: the gateway gets them all when it starts (to the code it
/// says hello). So a poll returns at once while others wait, and when a hundred do, a code behind them cannot
/// be seen: that is trouble, too.
boost::asio::awaitable<Outcome<Owner>> watch_for_owner(telegram::BotApi& api, Bot bot, OwnerCode code,
                                                       OwnerWatchTiming timing = {});

}  // namespace butler::setup
