#pragma once

#include <string>
#include <string_view>

#include "gateway/language.hpp"
#include "gateway/turn_parts.hpp"

/// What Butler says about messages that people change. Plain text. Pure.
namespace butler::gateway::wording {

std::string edit_taken(Language language);
std::string edit_too_late(Language language, std::string_view short_id);
std::string edit_over(Language language);
std::string edit_refused(Language language, EditRefusal why);

}  // namespace butler::gateway::wording
