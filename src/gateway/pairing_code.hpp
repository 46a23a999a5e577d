#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace butler::gateway {

/// A pairing code from 40 random bits: "K7QM-2XWP", eight of 32 digits and letters. Crockford's base 32: the
/// letters I, L, O and U, which are misread, are not among them. Pure.
std::string pairing_code(const std::array<std::uint8_t, 5>& random);

/// What somebody typed, as pairing_code() would have written it: in any case, with or without the dash, O
/// read as 0, I and L as 1. nullopt when it cannot be a code.
std::optional<std::string> read_pairing_code(std::string_view typed);

}  // namespace butler::gateway
