#pragma once

#include <cstdint>
#include <optional>

#include "domain/job.hpp"

namespace butler::gateway {

/// Which of the jobs that came from chats a search looks at; a member that is unset does not narrow it.
struct JobScope {
  std::optional<std::int64_t> chat_id = {};
  std::optional<std::int64_t> requester_id = {};
  std::optional<domain::JobKind> kind = {};

  bool operator==(const JobScope&) const = default;
};

}  // namespace butler::gateway
