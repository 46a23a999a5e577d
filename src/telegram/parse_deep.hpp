#pragma once

#include <string>

#include "json/value.hpp"

namespace butler::telegram {

/// Messages nest (a reply in a reply, blocks in blocks): deeper than what we accept elsewhere. Null for what
/// is not JSON.
json::Value parse_deep(const std::string& body);

}  // namespace butler::telegram
