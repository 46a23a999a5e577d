#pragma once

#include "wording/language.hpp"
#include "wording/say.hpp"

/// The gateway's sentences stand in a namespace of the same name: here it gets what the module `wording`
/// offers.
namespace butler::gateway::wording {

using butler::wording::code_of;
using butler::wording::Language;
using butler::wording::language_of;
using butler::wording::say;

}  // namespace butler::gateway::wording
