#pragma once

#include <string_view>

#include "api/types.hpp"

namespace butler::api {

/// A text in what an event brings, by its name ("toolName", "delta"…); "" when it has none of that name. It
/// lives as long as the event. Pure.
inline std::string_view event_member(const Event& event, std::string_view name) {
  return event.data ? json::find_string(*event.data, name) : std::string_view{};
}

}  // namespace butler::api
