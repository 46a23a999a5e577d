#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/variables.hpp"

/// From a variable's text to its value. Pure.
namespace butler::config {

/// Decimal digits only, with a minus sign in front if at all; nullopt when it is not a number or does not
/// fit.
std::optional<std::int64_t> parse_whole(std::string_view text);

/// true, yes, on, 1 and false, no, off, 0, in any case.
std::optional<bool> parse_flag(std::string_view text);

/// An IPv4 or IPv6 address in numbers.
bool is_numeric_address(std::string_view text);

/// Whether only this machine reaches the address: localhost, ::1 and 127.0.0.0/8.
bool is_loopback(std::string_view host);

/// Positive numbers, comma separated; blanks around them and empty places are allowed. nullopt when one is no
/// number.
std::optional<std::vector<std::int64_t>> parse_ids(std::string_view text);

/// Comma separated, blanks around them dropped, empty places left out.
std::vector<std::string> split_list(std::string_view text);

/// Words as a shell splits them: blanks, 'single' and "double" quotes, backslashes; nothing is expanded. The
/// error is a sentence.
std::expected<std::vector<std::string>, std::string> split_command_line(std::string_view text);

/// Why a text will not do as a secret, without showing it; nullopt when it will.
std::optional<std::string> find_secret_fault(std::string_view text);

/// Why a text is no value of this variable (never for an empty one), as "expected …, got …"; secrets are not
/// shown.
std::optional<std::string> find_fault(const Variable& variable, std::string_view text);

}  // namespace butler::config
