#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "worker/provider_endpoints.hpp"

namespace butler::worker {

/// A key or header as pi's models.json and auth.json write it: text in which $NAME and ${NAME} stand for
/// variables, $$ for a dollar and $! for an exclamation mark. The error is a sentence: a variable is not set,
/// or it is a "!command", which only pi itself could run. Pure.
std::expected<std::string, std::string> resolve_value(std::string_view text, const VariableOf& variable);

}  // namespace butler::worker
