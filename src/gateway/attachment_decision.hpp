#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "domain/backoff.hpp"
#include "telegram/file_download.hpp"

namespace butler::gateway {

/// Why a person's file does not reach its job, as far as a person has to know.
enum class MissingReason : std::uint8_t {
  too_big,         ///< more than Telegram hands out to bots
  unavailable,     ///< Telegram does not have it any more
  unreachable,     ///< Telegram did not hand it over for too long
  on_server_disk,  ///< a local Bot API server's folder is not told to us: the operator can mend that
  no_room,         ///< here or at the orchestrator
};

/// How long what is tried.
struct FetchTiming {
  domain::Backoff backoff{std::chrono::milliseconds{500}, 2.0, std::chrono::seconds{30}};
  std::chrono::milliseconds flood_slack{500};  ///< added to Telegram's own retry_after
  int unavailable_tries = 4;
  int other_tries = 10;
  /// In all. The orchestrator gives up a job whose attachments do not come in ten minutes: it has to be told
  /// before that they will not.
  std::chrono::milliseconds whole = std::chrono::minutes{7};
};

/// How often a file could not be fetched so far, the latest failure included.
struct FetchFailures {
  int unavailable = 0;
  int other = 0;  ///< floods are not counted
  std::chrono::milliseconds since_first_try{0};
};

struct FetchDecision {
  enum class Action : std::uint8_t {
    retry,    ///< after `wait`
    missing,  ///< give up, and say why
    leave,    ///< the gateway is about to end: its next process goes on
  };
  Action action = Action::retry;
  std::chrono::milliseconds wait{0};
  MissingReason reason = MissingReason::unreachable;

  bool operator==(const FetchDecision&) const = default;
};

/// What the agent reads in a file's place. English: it is said to the model.
std::string missing_text(const std::string& file_name, MissingReason reason, std::int64_t most);

/// What to do about a file that did not come. Pure; `jitter` is a random number in [0, 1).
FetchDecision fetch_decision(const telegram::FileError& error, const FetchFailures& failures,
                             const FetchTiming& timing, double jitter);

/// Counts a failure.
FetchFailures with(FetchFailures failures, const telegram::FileError& error);

}  // namespace butler::gateway
