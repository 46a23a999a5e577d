#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/language.hpp"
#include "gateway/live_records.hpp"

/// What Butler says of a job while it runs. Plain text. Pure.
namespace butler::gateway::wording {

/// The tool and what it is to do.
std::string live_tool(std::string_view name, std::string_view argument);

/// What it does, for how long it has worked, and what that has taken so far; without what is nothing.
std::string live_line(Language language, std::string_view doing, std::chrono::seconds running,
                      std::int64_t tokens, double cost_usd);

/// What is set for a chat about this, and how that is changed.
std::string live_settings(Language language, LiveMode mode);
std::string live_mode_set(Language language, LiveMode mode);
std::string live_mode_unknown(Language language, std::string_view typed);

}  // namespace butler::gateway::wording
