#pragma once

#include <string>
#include <vector>

#include "api/types.hpp"
#include "gateway/language.hpp"

namespace butler::gateway {

/// Which tools these events say were started, each once, with how often: "bash ×3, read". "" for none. Names
/// only: what a tool was given may hold secrets. Pure.
std::string tool_summary(wording::Language language, const std::vector<api::Event>& events);

}  // namespace butler::gateway
