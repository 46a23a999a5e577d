#pragma once

#include <cstdint>

namespace butler::domain {

/// Bytes of a MiB, the unit of every size that a person sets.
inline constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

}  // namespace butler::domain
