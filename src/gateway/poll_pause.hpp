#pragma once

#include <chrono>
#include <string>

#include "domain/backoff.hpp"
#include "gateway/language.hpp"
#include "telegram/bot_api.hpp"

namespace butler::gateway {

/// What to do after a getUpdates that failed.
struct PollPause {
  bool stop = false;  ///< the token or the address is wrong: no poll will do better
  std::chrono::milliseconds wait{0};

  bool operator==(const PollPause&) const = default;
};

/// How long polls that fail are paused.
struct PollTiming {
  domain::Backoff ordinary{std::chrono::seconds{1}, 2.0, std::chrono::seconds{30}};
  domain::Backoff conflict{std::chrono::seconds{6}, 2.0, std::chrono::seconds{60}};  ///< at least half: 3 s
  std::chrono::milliseconds flood_slack{500};
};

/// @param failures  how many polls in a row have failed, this one included
/// @param lasted    how long this one took: a long one that was cut is simply repeated
/// @param jitter    a random number in [0, 1)
PollPause pause_after(const telegram::ApiError& error, int failures, std::chrono::milliseconds lasted,
                      const PollTiming& timing, double jitter);

/// The operator's sentence about a failed poll: for a 409, who else has our updates and what to do.
std::string explain_poll_error(const telegram::ApiError& error);

/// Who takes the updates instead of us, for the chat of an owner: of an error 409. Pure.
std::string explain_conflict(wording::Language language, const telegram::ApiError& error);

/// True for the 409 that says that a webhook is set.
bool is_about_webhook(const telegram::ApiError& error);

/// The operator's sentence about a webhook.
std::string explain_webhook();

}  // namespace butler::gateway
