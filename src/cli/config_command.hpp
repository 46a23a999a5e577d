#pragma once

#include <iosfwd>
#include <optional>

#include "config/load.hpp"

namespace butler::cli {

enum class Format : std::uint8_t { text, json };

/// `butler config list`: every variable with its value (never a secret's), where that comes from, and what it
/// is for.
int list_config(const config::Loaded& loaded, Format format, std::ostream& out);

/// `butler config check`: what is wrong and what is doubtful, for one role or for all three as `butler up`
/// starts them. exit_ok, or exit_config.
int check_config(const config::Loaded& loaded, std::optional<config::Role> role, Format format,
                 std::ostream& out);

}  // namespace butler::cli
