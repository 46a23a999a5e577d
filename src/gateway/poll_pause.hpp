#pragma once

#include <chrono>
#include <string>

#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What to do after a getUpdates that failed.
struct PollPause {
  bool stop = false;  ///< the token or the address is wrong: no poll will do better
  std::chrono::milliseconds wait{0};

  bool operator==(const PollPause&) const = default;
};

/// @param failures  how many polls in a row have failed, this one included
/// @param lasted    how long this one took: a long one that was cut is simply repeated
/// @param jitter    a random number in [0, 1)
PollPause pause_after(const telegram::ApiError& error, int failures, std::chrono::milliseconds lasted,
                      double jitter);

/// The operator's sentence about a failed poll: for a 409, who else has our updates and what to do.
std::string explain_poll_error(const telegram::ApiError& error);

}  // namespace butler::gateway
