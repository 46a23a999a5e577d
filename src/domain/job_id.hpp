#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/timestamp.hpp"

namespace butler::domain {

/// Makes UUIDv7 strings (RFC 9562 § 5.7) that sort in the order of their making, within one process also
/// inside a millisecond and when the clock steps back.
class JobIdSequence {
 public:
  /// `random` comes from the system's CSPRNG, fresh for each call.
  std::string next(Timestamp now, std::array<std::uint8_t, 10> random);

  /// From now on every id sorts behind this one, which another process has made, or this one before it was
  /// started anew: its clock may have been ahead. Text that is no UUIDv7 changes nothing.
  void go_on_after(std::string_view id);

 private:
  std::uint64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;  ///< 12 bits, in the place that the RFC calls rand_a
};

/// The form of a UUID in lower case: 8-4-4-4-12 hexadecimal digits.
bool is_uuid(std::string_view text);

/// The end of a job id that people see and type: six digits of its random part.
std::string short_job_id(std::string_view id);

/// True when `typed` (1 or more characters, any case) is the begin of the id's random part, or of the whole
/// id.
bool matches_short_job_id(std::string_view id, std::string_view typed);

}  // namespace butler::domain
