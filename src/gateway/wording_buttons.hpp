#pragma once

#include <string>
#include <string_view>

#include "api/types.hpp"
#include "domain/job.hpp"
#include "gateway/language.hpp"
#include "telegram/update.hpp"

/// What stands on buttons, what they turn into, and what somebody who presses one is shown for a moment.
/// Plain text; labels are short enough for a phone, toasts below 200 characters. Pure.
namespace butler::gateway::wording {

/// Somebody as a button names them: no more than what they call themselves.
std::string button_person(const telegram::Person& person);
/// The same from a longer name, such as person_name() makes it.
std::string button_person(std::string_view name);

// What keyboards turn into. `who` is "" when nobody knows.
std::string approved_outcome(Language language, std::string_view who);
std::string denied_outcome(Language language, std::string_view who);
/// Of a tool call, that is not pending any more.
std::string tool_outcome_label(Language language, const api::Approval& approval, std::string_view who);
std::string let_in_outcome(Language language, std::string_view who);
std::string refused_outcome(Language language, std::string_view who);

/// A toast. `outcome`: what the keyboard has become, "" when that says nothing.
std::string button_is_over(Language language, std::string_view outcome);
/// A toast. `who` has just pressed.
std::string button_is_busy(Language language, std::string_view who);

}  // namespace butler::gateway::wording
