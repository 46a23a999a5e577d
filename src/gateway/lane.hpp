#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace butler::gateway {

/// Where a conversation goes on: a chat, or a topic in it.
struct Lane {
  std::int64_t chat_id = 0;
  std::optional<std::int64_t> thread_id = {};

  auto operator<=>(const Lane&) const = default;
};

}  // namespace butler::gateway
