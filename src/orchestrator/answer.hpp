#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "http/types.hpp"
#include "orchestrator/topics.hpp"

namespace butler::orchestrator {

/// Why a parked request is asked again.
enum class Waking : std::uint8_t { touched, deadline };

/// A request that has nothing to say yet. `again` runs inside a later batch, when one of the topics was
/// touched or the deadline came; at the deadline it must answer.
struct Park {
  std::vector<Topic> topics;
  std::chrono::steady_clock::time_point deadline;
  std::function<std::optional<http::Response>(Waking)> again;
};

/// What a handler returns: it is synchronous, runs inside the batch's transaction, and nobody is answered
/// before the batch is committed.
using Answer = std::variant<http::Response, Park>;

}  // namespace butler::orchestrator
