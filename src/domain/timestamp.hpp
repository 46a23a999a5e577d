#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace butler::domain {

/// A moment on the wall clock, in milliseconds: what the wire and the databases hold.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// "2026-11-22T09:54:39.123Z": ISO-8601 in UTC, always with milliseconds.
std::string to_iso8601(Timestamp time);

/// Reads exactly what to_iso8601 writes; nullopt for anything else.
std::optional<Timestamp> from_iso8601(std::string_view text);

/// Since 1970, negative before: how the databases hold a moment.
inline std::int64_t to_milliseconds(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp to_timestamp(std::int64_t milliseconds) {
  return Timestamp{std::chrono::milliseconds{milliseconds}};
}

/// The wall clock now, cut to milliseconds. Loops call it and hand the value on; decisions take `now`.
Timestamp wall_clock_now();

}  // namespace butler::domain
