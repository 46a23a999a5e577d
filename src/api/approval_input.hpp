#pragma once

#include <string>

#include "api/types.hpp"

namespace butler::api {

/// What a tool call is asked for, whole, in the order that tells most: a command first; a connection as
/// "host:port"; a single member without its name. Exactly as it came: make it visible before somebody decides
/// about it. Pure.
std::string input_text(const Approval& approval);

}  // namespace butler::api
